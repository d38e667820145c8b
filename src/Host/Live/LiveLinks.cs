using Events.Domain.Kernel;
using Events.Host.Security;

namespace Events.Host.Live;

/// <summary>Addresses of live pictures. Players send no token, so the address carries the right to look, for a day.</summary>
/// <param name="fallback">Scheme, host and port to use when neither a public address is configured nor the client's is
/// known.</param>
internal sealed class LiveLinks(SignedLinks links, string? publicUrl, string fallback)
{
    private static readonly TimeSpan _lifetime = TimeSpan.FromHours(24);

    /// <summary>What a signature for a camera's live pictures covers.</summary>
    public static string ScopeOf(CameraNumber number) => $"/live/{number}/";

    /// <param name="host">The client's <c>Host</c> header; null when it is not known.</param>
    public string HlsOf(CameraNumber number, string? host) =>
        $"{BaseOf(host)}/hls/{number}.m3u8{links.QueryFor(ScopeOf(number), _lifetime)}";

    public string JpegOf(CameraNumber number, string? host) =>
        $"{BaseOf(host)}/live/{number}.jpg{links.QueryFor(ScopeOf(number), _lifetime)}";

    private string BaseOf(string? host) =>
        publicUrl?.TrimEnd('/') ?? (string.IsNullOrEmpty(host) ? fallback : $"http://{host}");
}
