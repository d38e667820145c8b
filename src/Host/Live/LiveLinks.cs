using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Host.Security;

namespace Events.Host.Live;

/// <summary>Addresses of live pictures. Players send no token, so the address carries the right to look, for a day.</summary>
/// <param name="fallback">Scheme, host and port to use when neither a public address is configured nor the client's is
/// known.</param>
/// <param name="isRtspEncrypted">Whether clients elsewhere reach RTSP within TLS alone.</param>
internal sealed class LiveLinks(
    SignedLinks links, string? publicUrl, string fallback, IRtspOutput rtsp, bool isRtspEncrypted)
{
    private static readonly TimeSpan _lifetime = TimeSpan.FromHours(24);

    /// <summary>What a signature for a camera's live pictures covers.</summary>
    public static string ScopeOf(CameraNumber number) => $"/live/{number}/";

    public string HlsOf(CameraNumber number, LinkOwner owner) =>
        $"{BaseOf(owner.Origin)}/hls/{number}.m3u8{QueryOf(number, owner)}";

    public string JpegOf(CameraNumber number, LinkOwner owner) =>
        $"{BaseOf(owner.Origin)}/live/{number}.jpg{QueryOf(number, owner)}";

    /// <summary>A page that plays the camera in a browser.</summary>
    public string PageOf(CameraNumber number, LinkOwner owner) => $"{BaseOf(owner.Origin)}/live/{number}{QueryOf(number, owner)}";

    /// <summary>The host is the one that the client knows; the port is always the RTSP server's own.</summary>
    public string RtspOf(CameraNumber number, LinkOwner owner)
    {
        string name = new Uri(
            Uri.IsWellFormedUriString(BaseOf(owner.Origin), UriKind.Absolute) ? BaseOf(owner.Origin) : fallback).Host;
        (string scheme, int port) = isRtspEncrypted ? ("rtsps", rtsp.TlsPort) : ("rtsp", rtsp.Port);
        return string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{scheme}://{name}:{port}/{number}{QueryOf(number, owner)}");
    }

    private string QueryOf(CameraNumber number, LinkOwner owner) =>
        links.QueryFor(ScopeOf(number), _lifetime, owner);

    private string BaseOf(string? origin) => publicUrl?.TrimEnd('/') ?? origin ?? fallback;
}
