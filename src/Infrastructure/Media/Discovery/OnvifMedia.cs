using System.Net;
using System.Security;
using System.Text;

namespace Events.Media.Discovery;

/// <summary>
/// Asks an ONVIF device for the addresses of its streams (ONVIF Media Service Specification, GetProfiles and GetStreamUri),
/// without credentials. Most want a login for that; then its usual places are asked by RTSP as on any other machine.
/// </summary>
internal sealed class OnvifMedia : IDisposable
{
    private const int AnswerBytesMax = 256 * 1024;

    /// <summary>Main stream, sub stream, and a few more.</summary>
    private const int ProfileCountMax = 4;

    private const int TokenLengthMax = 64;

    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(3);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = AnswerTimeMax,
    })
    {
        Timeout = AnswerTimeMax,
        MaxResponseContentBufferSize = AnswerBytesMax,
    };

    public void Dispose() => _http.Dispose();

    /// <returns>RTSP addresses at the device itself; empty when it gives none.</returns>
    public async Task<IReadOnlyList<Uri>> StreamsOfAsync(OnvifDevice device, CancellationToken cancellationToken)
    {
        Uri media = await MediaServiceOfAsync(device, cancellationToken) ?? device.Service;
        var profiles = await AskAsync(
            media, "<m:GetProfiles xmlns:m=\"http://www.onvif.org/ver10/media/wsdl\"/>", cancellationToken);
        List<Uri> streams = [];
        string[] tokens =
        [
            .. profiles.Where(element => element is { Name: "Profiles", Token.Length: > 0 and <= TokenLengthMax })
                .Select(element => element.Token!)
                .Distinct(StringComparer.Ordinal)
                .Take(ProfileCountMax),
        ];
        foreach (string token in tokens)
        {
            string body = $"""
                <m:GetStreamUri xmlns:m="http://www.onvif.org/ver10/media/wsdl" xmlns:s="http://www.onvif.org/ver10/schema">
                <m:StreamSetup><s:Stream>RTP-Unicast</s:Stream><s:Transport><s:Protocol>RTSP</s:Protocol></s:Transport>
                </m:StreamSetup><m:ProfileToken>{SecurityElement.Escape(token)}</m:ProfileToken></m:GetStreamUri>
                """;
            var answer = await AskAsync(media, body, cancellationToken);
            string? text = answer.FirstOrDefault(element => element.Name == "Uri")?.Value;
            if (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme == "rtsp" && SoapText.IsAt(uri, device.Address))
            {
                streams.Add(uri);
            }
        }

        return streams;
    }

    /// <returns>Null when the device does not say.</returns>
    private async Task<Uri?> MediaServiceOfAsync(OnvifDevice device, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(
            device.Service,
            "<t:GetServices xmlns:t=\"http://www.onvif.org/ver10/device/wsdl\"><t:IncludeCapability>false</t:IncludeCapability>"
            + "</t:GetServices>",
            cancellationToken);
        bool isMedia = false;
        foreach (SoapText.Element element in answer)
        {
            if (element.Name == "Namespace")
            {
                isMedia = element.Value == "http://www.onvif.org/ver10/media/wsdl";
            }
            else if (isMedia && element.Name == "XAddr" && Uri.TryCreate(element.Value, UriKind.Absolute, out Uri? uri))
            {
                return SoapText.IsAt(uri, device.Address) && uri.Scheme is "http" or "https" ? uri : null;
            }
        }

        return null;
    }

    private async Task<IReadOnlyList<SoapText.Element>> AskAsync(Uri service, string body, CancellationToken cancellationToken)
    {
        string envelope = "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
            + $"<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body>{body}</e:Body></e:Envelope>";
        using var content = new StringContent(envelope, Encoding.UTF8, "application/soap+xml");
        try
        {
            using HttpResponseMessage answer = await _http.PostAsync(service, content, cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK
                ? SoapText.Read(await answer.Content.ReadAsByteArrayAsync(cancellationToken)) ?? []
                : [];
        }
        catch (Exception e) when (e is HttpRequestException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return [];
        }
    }
}
