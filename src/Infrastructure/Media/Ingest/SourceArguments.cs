using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Media.Ingest;

/// <summary>How one ffmpeg is started.</summary>
/// <param name="Script">
/// Written to its standard input: where the source is and how to get in. It is not an argument, because every account on the
/// machine can read those. Null when there is nothing to hide.
/// </param>
internal sealed record IngestCommand(IReadOnlyList<string> Arguments, string? Script)
{
    public override string ToString() => "ffmpeg " + string.Join(' ', Arguments);
}

/// <summary>Translates a source into ffmpeg's words. Nothing of the source is ever read by a shell or as an option.</summary>
internal static partial class SourceArguments
{
    private const int PatternFpsMax = 60;
    private const int PatternSideMax = 3_840;

    /// <summary>
    /// What a camera sends over HTTP. No playlist (hls, dash, sdp, concat): what such a one names would be fetched without having
    /// been looked at.
    /// </summary>
    private const string HttpFormats = "mpegts,mov,matroska,flv,mpeg,h264,hevc,mpjpeg,mjpeg";

    private static readonly string[] Output =
    [
        "-f", "mp4", "-movflags", "empty_moov+default_base_moof+frag_every_frame", "-flush_packets", "1", "pipe:1",
    ];

    private static readonly string[] Copy = ["-map", "0:v:0", "-c", "copy"];

    /// <param name="shown">May be masked; the address to open is then among the credentials.</param>
    /// <exception cref="ArgumentException">What is kept is no address. The message is for people.</exception>
    public static SourceUrl Opened(SourceUrl shown, SourceCredentials? credentials) =>
        credentials?.Address is { } address
            ? SourceUrl.TryParse(address) ?? throw new ArgumentException("The address that is kept for this source is none.")
            : shown;

    /// <param name="source">As it is opened, see <see cref="Opened"/>.</param>
    /// <param name="at">
    /// Where to connect in place of the name, so that what was looked at is what is connected to; null to leave the name. A name
    /// that TLS has to say stays.
    /// </param>
    /// <param name="probesWell">
    /// Look longer at the source before it is taken in. Costs a second or two; needed for cameras that say little of themselves.
    /// </param>
    /// <exception cref="ArgumentException">The source cannot be taken in. The message is for people.</exception>
    public static IngestCommand For(SourceUrl source, SourceCredentials? credentials, IPAddress? at, bool probesWell) =>
        source.Scheme switch
        {
            "rtsp" or "rtsps" or "http" or "https" => Network(source, credentials, at, probesWell),
            "file" => Local(
                ["-re", "-stream_loop", "-1", "-protocol_whitelist", "file", "-i", "file:" + source.Uri.LocalPath], Copy),
            "v4l2" => Local(["-f", "v4l2", "-i", DeviceOf(source)], Encode(30)),
            "test" => Pattern(source),
            _ => throw new ArgumentException($"Sources of the scheme {source.Scheme} are not known."),
        };

    private static IngestCommand Network(SourceUrl source, SourceCredentials? credentials, IPAddress? at, bool probesWell)
    {
        bool isRtsp = source.Scheme is "rtsp" or "rtsps";
        string probeBytes = probesWell ? "5000000" : "32768";
        string probeUs = probesWell ? "5000000" : "0";
        var script = new List<string> { "ffconcat version 1.0", $"file '{AddressOf(source, credentials, at)}'" };
        if (isRtsp)
        {
            // TCP first; when the camera refuses it (461), ffmpeg goes on with UDP by itself.
            script.AddRange(["option rtsp_flags prefer_tcp", "option format_whitelist rtsp"]);
        }
        else
        {
            // Where it leads to was looked at; where that would send us on to was not.
            script.AddRange(["option max_redirects 0", $"option format_whitelist {HttpFormats}"]);
            if (at is not null && source.Scheme == "http" && source.Uri.HostNameType is UriHostNameType.Dns)
            {
                script.Add($"option headers 'Host: {source.Uri.IdnHost}{PortOf(source)}'");
            }
        }

        script.AddRange(["option fflags nobuffer", $"option probesize {probeBytes}", $"option analyzeduration {probeUs}"]);
        string[] input =
        [
            "-f", "concat", "-safe", "0", "-auto_convert", "0", "-protocol_whitelist", ProtocolsOf(source),
            "-fflags", "nobuffer", "-probesize", probeBytes, "-analyzeduration", probeUs, "-i", "pipe:0",
        ];
        // That a camera sends us on is said by ffmpeg below its warnings.
        return new IngestCommand(
            [.. Common(isRtsp ? "level+info" : "warning"), .. input, .. Copy, .. Output], string.Join('\n', script) + "\n");
    }

    /// <summary>What ffmpeg may open for it: never a file of this machine, nor another protocol than the source's own.</summary>
    private static string ProtocolsOf(SourceUrl source) =>
        source.Scheme switch
        {
            "rtsp" => "pipe,tcp,rtp,udp",
            "rtsps" => "pipe,tls,tcp",
            "http" => "pipe,http,tcp",
            _ => "pipe,https,tls,tcp",
        };

    private static IngestCommand Local(string[] input, string[] codec) =>
        new([.. Common("warning"), "-nostdin", .. input, .. codec, .. Output], null);

    private static string[] Common(string logLevel) => ["-hide_banner", "-nostats", "-loglevel", logLevel];

    private static IngestCommand Pattern(SourceUrl source)
    {
        Match size = PatternSize().Match(source.Uri.Query);
        Match rate = PatternRate().Match(source.Uri.Query);
        int width = size.Success ? Side(size.Groups[1]) : 1280;
        int height = size.Success ? Side(size.Groups[2]) : 720;
        int fps = rate.Success
            ? Math.Clamp(int.Parse(rate.Groups[1].ValueSpan, CultureInfo.InvariantCulture), 1, PatternFpsMax)
            : 30;
        string picture = string.Create(CultureInfo.InvariantCulture, $"testsrc2=size={width}x{height}:rate={fps}");
        return Local(["-re", "-f", "lavfi", "-i", picture], Encode(fps));
    }

    private static string[] Encode(int fps) =>
        [
            "-map", "0:v:0", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p",
            "-x264-params", string.Create(CultureInfo.InvariantCulture, $"sliced-threads=0:threads=1:scenecut=0:keyint={fps}"),
            "-crf", "28", "-maxrate", "4M", "-bufsize", "2M",
        ];

    private static int Side(Group digits) =>
        Math.Clamp(int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture) & ~1, 64, PatternSideMax);

    private static string DeviceOf(SourceUrl source) =>
        Device().IsMatch(source.Uri.AbsolutePath)
            ? source.Uri.AbsolutePath
            : throw new ArgumentException(
                "A camera on this machine is named by its device: v4l2: and its path, or that under v4l/by-id.");

    private static string AddressOf(SourceUrl source, SourceCredentials? credentials, IPAddress? at)
    {
        string address = source.Uri.AbsoluteUri;
        int host = source.Scheme.Length + "://".Length;
        if (at is not null && source.Scheme is "rtsp" or "http")
        {
            int path = address.IndexOfAny(['/', '?', '#'], host);
            string literal = at.AddressFamily is AddressFamily.InterNetworkV6 ? $"[{at}]" : at.ToString();
            address = address[..host] + literal + PortOf(source) + (path < 0 ? string.Empty : address[path..]);
        }

        if (credentials is { HasUserInfo: true })
        {
            string userInfo = Escape(credentials.UserName) + ":" + Escape(credentials.Password) + "@";
            address = address.Insert(host, userInfo);
        }

        // AbsoluteUri has neither spaces nor control characters; the quote is all that the script's syntax leaves to escape.
        return address.Replace("'", "%27", StringComparison.Ordinal);
    }

    private static string PortOf(SourceUrl source) =>
        source.Uri.IsDefaultPort ? string.Empty : string.Create(CultureInfo.InvariantCulture, $":{source.Uri.Port}");

    private static string Escape(string text) => Uri.EscapeDataString(text).Replace("'", "%27", StringComparison.Ordinal);

    [GeneratedRegex(@"[?&]size=([0-9]{1,5})x([0-9]{1,5})(?:&|\z)")]
    private static partial Regex PatternSize();

    [GeneratedRegex(@"[?&]fps=([0-9]{1,4})(?:&|\z)")]
    private static partial Regex PatternRate();

    [GeneratedRegex(@"^/dev/(video[0-9]{1,3}|v4l/by-(id|path)/[A-Za-z0-9._:-]{1,200})\z")]
    private static partial Regex Device();
}
