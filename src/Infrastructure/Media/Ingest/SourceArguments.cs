using System.Globalization;
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

    /// <summary>What a network source may lead to: never to a file of this machine.</summary>
    private const string NetworkProtocols = "pipe,rtsp,rtsps,rtp,srtp,tcp,udp,tls,http,https,httpproxy,crypto";

    private static readonly string[] Output =
    [
        "-f", "mp4", "-movflags", "empty_moov+default_base_moof+frag_every_frame", "-flush_packets", "1", "pipe:1",
    ];

    private static readonly string[] Copy = ["-map", "0:v:0", "-c", "copy"];

    /// <param name="shown">May be masked; the address to open is then among the credentials.</param>
    /// <param name="probesWell">
    /// Look longer at the source before it is taken in. Costs a second or two; needed for cameras that say little of themselves.
    /// </param>
    /// <exception cref="ArgumentException">The source cannot be taken in. The message is for people.</exception>
    public static IngestCommand For(SourceUrl shown, SourceCredentials? credentials, bool probesWell)
    {
        SourceUrl source = credentials?.Address is { } address
            ? SourceUrl.TryParse(address) ?? throw new ArgumentException("The address that is kept for this source is none.")
            : shown;
        return source.Scheme switch
        {
            "rtsp" or "rtsps" or "http" or "https" => Network(source, credentials, probesWell),
            "file" => Local(
                ["-re", "-stream_loop", "-1", "-protocol_whitelist", "file", "-i", "file:" + source.Uri.LocalPath], Copy),
            "v4l2" => Local(["-f", "v4l2", "-i", DeviceOf(source)], Encode(30)),
            "test" => Pattern(source),
            _ => throw new ArgumentException($"Sources of the scheme {source.Scheme} are not known."),
        };
    }

    private static IngestCommand Network(SourceUrl source, SourceCredentials? credentials, bool probesWell)
    {
        string probeBytes = probesWell ? "5000000" : "32768";
        string probeUs = probesWell ? "5000000" : "0";
        var script = new List<string> { "ffconcat version 1.0", $"file '{WithCredentials(source, credentials)}'" };
        if (source.Scheme is "rtsp" or "rtsps")
        {
            // TCP first; when the camera refuses it (461), ffmpeg goes on with UDP by itself.
            script.Add("option rtsp_flags prefer_tcp");
        }

        else
        {
            // Where it leads to was looked at; where that would send us on to was not.
            script.Add("option max_redirects 0");
        }

        script.AddRange(["option fflags nobuffer", $"option probesize {probeBytes}", $"option analyzeduration {probeUs}"]);
        string[] input =
        [
            "-f", "concat", "-safe", "0", "-auto_convert", "0", "-protocol_whitelist", NetworkProtocols,
            "-fflags", "nobuffer", "-probesize", probeBytes, "-analyzeduration", probeUs, "-i", "pipe:0",
        ];
        return new IngestCommand([.. Common(), .. input, .. Copy, .. Output], string.Join('\n', script) + "\n");
    }

    private static IngestCommand Local(string[] input, string[] codec) =>
        new([.. Common(), "-nostdin", .. input, .. codec, .. Output], null);

    private static string[] Common() => ["-hide_banner", "-nostats", "-loglevel", "warning"];

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

    private static string WithCredentials(SourceUrl source, SourceCredentials? credentials)
    {
        string address = source.Uri.AbsoluteUri;
        if (credentials is { HasUserInfo: true })
        {
            string userInfo = Escape(credentials.UserName) + ":" + Escape(credentials.Password) + "@";
            address = address.Insert(source.Scheme.Length + "://".Length, userInfo);
        }

        // AbsoluteUri has neither spaces nor control characters; the quote is all that the script's syntax leaves to escape.
        return address.Replace("'", "%27", StringComparison.Ordinal);
    }

    private static string Escape(string text) => Uri.EscapeDataString(text).Replace("'", "%27", StringComparison.Ordinal);

    [GeneratedRegex(@"[?&]size=([0-9]{1,5})x([0-9]{1,5})(?:&|\z)")]
    private static partial Regex PatternSize();

    [GeneratedRegex(@"[?&]fps=([0-9]{1,4})(?:&|\z)")]
    private static partial Regex PatternRate();

    [GeneratedRegex(@"^/dev/(video[0-9]{1,3}|v4l/by-(id|path)/[A-Za-z0-9._:-]{1,200})\z")]
    private static partial Regex Device();
}
