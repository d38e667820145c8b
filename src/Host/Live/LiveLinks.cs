using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Host.Security;

namespace Events.Host.Live;

/// <summary>Addresses of live pictures. Players send no token, so the address carries the right to look, for a day.</summary>
/// <param name="fallback">Scheme, host and port to use when neither a public address is configured nor the client's is
/// known.</param>
internal sealed class LiveLinks(SignedLinks links, string? publicUrl, string fallback, IRtspOutput rtsp)
{
    private static readonly TimeSpan _lifetime = TimeSpan.FromHours(24);

    /// <summary>What a signature for a camera's live pictures covers.</summary>
    public static string ScopeOf(CameraNumber number) => $"/live/{number}/";

    /// <param name="host">The client's <c>Host</c> header; null when it is not known.</param>
    public string HlsOf(CameraNumber number, string? host) => $"{BaseOf(host)}/hls/{number}.m3u8{QueryOf(number)}";

    public string JpegOf(CameraNumber number, string? host) => $"{BaseOf(host)}/live/{number}.jpg{QueryOf(number)}";

    /// <summary>A page that plays the camera in a browser.</summary>
    public string PageOf(CameraNumber number, string? host) => $"{BaseOf(host)}/live/{number}{QueryOf(number)}";

    /// <summary>The host is the one that the client knows; the port is always the RTSP server's own.</summary>
    public string RtspOf(CameraNumber number, string? host)
    {
        string name = new Uri(Uri.IsWellFormedUriString(BaseOf(host), UriKind.Absolute) ? BaseOf(host) : fallback).Host;
        return string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"rtsp://{name}:{rtsp.Port}/{number}{QueryOf(number)}");
    }

    private string QueryOf(CameraNumber number) => links.QueryFor(ScopeOf(number), _lifetime);

    private string BaseOf(string? host) =>
        publicUrl?.TrimEnd('/') ?? (string.IsNullOrEmpty(host) ? fallback : $"http://{host}");
}
