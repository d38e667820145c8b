using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Xml;
using Events.Application.Contracts;

namespace Events.Media.Discovery;

/// <param name="Service">Where the device speaks ONVIF; always at <paramref name="Address"/>.</param>
/// <param name="Model">Null when it did not say.</param>
internal sealed record OnvifDevice(IPAddress Address, Uri Service, string? Model);

/// <summary>
/// Finds ONVIF cameras with WS-Discovery (ONVIF Core Specification, section 7): one probe to the local networks by multicast and
/// one to each configured address, since routers pass no multicast on. Answers count only from configured addresses, and only
/// with a service at the very address that answered: a stranger must not send us elsewhere.
/// </summary>
internal static class OnvifProbe
{
    private const int Port = 3702;
    private const int AnswerBytesMax = 64 * 1024;

    /// <summary>A network of good size; more is a flood.</summary>
    private const int AnswerCountMax = 4_096;

    /// <summary>WS-Discovery lets a device wait half a second before it answers.</summary>
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(2);

    private static readonly IPAddress _group = IPAddress.Parse("239.255.255.250");

    public static async Task<IReadOnlyList<OnvifDevice>> AskAsync(
        IReadOnlyList<AddressRange> ranges, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        byte[] probe = Encoding.UTF8.GetBytes(Text(Guid.NewGuid()));
        IPAddress[] targets =
            [_group, .. ranges.SelectMany(range => range.All).Where(one => one.AddressFamily == AddressFamily.InterNetwork)];
        foreach (IPAddress target in targets)
        {
            await TrySendAsync(socket, probe, new IPEndPoint(target, Port), cancellationToken);
        }

        Dictionary<IPAddress, OnvifDevice> found = [];
        byte[] buffer = new byte[AnswerBytesMax];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerTimeMax);
        for (int i = 0; i < AnswerCountMax; i++)
        {
            try
            {
                var answer = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), limit.Token);
                IPAddress from = ((IPEndPoint)answer.RemoteEndPoint).Address;
                if (ranges.Any(range => range.Contains(from))
                    && Read(from, buffer.AsMemory(0, answer.ReceivedBytes)) is { } device)
                {
                    found.TryAdd(from, device);
                }
            }
            catch (SocketException)
            {
                // A closed port of one of them: the others may still answer.
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        return [.. found.Values];
    }

    private static async Task TrySendAsync(
        Socket socket, byte[] probe, IPEndPoint target, CancellationToken cancellationToken)
    {
        try
        {
            await socket.SendToAsync(probe, target, cancellationToken);
        }
        catch (SocketException)
        {
            // No route there, or no network that takes multicast.
        }
    }

    /// <returns>Null for anything but a probe match with a service at that address.</returns>
    internal static OnvifDevice? Read(IPAddress from, ReadOnlyMemory<byte> answer)
    {
        if (SoapText.Read(answer.ToArray()) is not { } texts)
        {
            return null;
        }

        Uri? service = texts.Where(text => text.Name == "XAddrs")
            .SelectMany(text => text.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(text => Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) ? uri : null)
            .FirstOrDefault(uri => SoapText.IsAt(uri, from));
        string? model = texts.Where(text => text.Name == "Scopes")
            .SelectMany(text => text.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(scope => scope.StartsWith("onvif://www.onvif.org/hardware/", StringComparison.OrdinalIgnoreCase))
            .Select(scope => Uri.UnescapeDataString(scope["onvif://www.onvif.org/hardware/".Length..]))
            .FirstOrDefault(text => text.Length is > 0 and <= 64 && !text.Any(char.IsControl));
        return service is null ? null : new OnvifDevice(from, service, model);
    }

    private static string Text(Guid id) =>
        $"""
        <?xml version="1.0" encoding="utf-8"?>
        <e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
          xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:n="http://www.onvif.org/ver10/network/wsdl">
        <e:Header><w:MessageID>uuid:{id}</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>
        <w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
        <e:Body><d:Probe><d:Types>n:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>
        """;
}

/// <summary>SOAP messages of strangers, read as a flat list of elements with text: names without their namespaces.</summary>
internal static class SoapText
{
    private const int ElementCountMax = 10_000;

    private static readonly XmlReaderSettings _settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = 1024 * 1024,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
    };

    /// <param name="Token">The attribute <c>token</c>; null when there is none.</param>
    internal sealed record Element(string Name, string Value, string? Token);

    /// <returns>Null when it is no XML.</returns>
    public static IReadOnlyList<Element>? Read(byte[] message)
    {
        List<Element> elements = [];
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(message), _settings);
            string name = string.Empty;
            while (reader.Read() && elements.Count < ElementCountMax)
            {
                if (reader.NodeType == XmlNodeType.Element)
                {
                    name = reader.LocalName;
                    if (reader.GetAttribute("token") is { } token)
                    {
                        elements.Add(new Element(name, string.Empty, token));
                    }
                }
                else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
                {
                    elements.Add(new Element(name, reader.Value.Trim(), null));
                }
            }

            return elements;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    public static bool IsAt(Uri? uri, IPAddress address) =>
        uri is { Scheme: "http" or "https" or "rtsp" }
        && uri.UserInfo.Length == 0
        && IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? host)
        && host.Equals(address);
}
