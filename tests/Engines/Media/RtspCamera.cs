using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Events.Tests.Engines.Media;

/// <summary>
/// A real RTSP camera: GStreamer's server in a process of its own, which can be frozen, killed and started again.
/// </summary>
internal sealed class RtspCamera : IAsyncDisposable
{
    private const int Freeze = 10;
    private const int GoOn = 12;

    private readonly string[] _arguments;
    private Process? _process;

    private RtspCamera(string[] arguments) => _arguments = arguments;

    public int Port { get; } = FreePort();

    public string Address => $"rtsp://127.0.0.1:{Port}/cam0";

    private static string Script =>
        Path.Combine(Root(AppContext.BaseDirectory), "tests", "tools", "rtsp-camera.py");

    /// <summary>640x360 at 30 per second, a key frame every second, out of a file that is made once.</summary>
    public static async Task<RtspCamera> StartAsync(params string[] more)
    {
        RtspCamera camera = await MakeAsync("h264", more);
        await camera.StartAgainAsync();
        return camera;
    }

    public static async Task<RtspCamera> MakeAsync(string codec, params string[] more)
    {
        string clip = await Clips.AnnexBAsync(codec);
        return new RtspCamera(["--mode", "file", "--file", clip, "--codec", codec, "--size", "640x360", "--fps", "30", .. more]);
    }

    public async Task StartAgainAsync()
    {
        string port = Port.ToString(CultureInfo.InvariantCulture);
        _process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Script, "--port", port, .. _arguments])
        {
            RedirectStandardOutput = true,
        })!;
        string? line = await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("READY", line);
    }

    public void StandStill() => _ = NotedProcesses.Kill(_process!.Id, Freeze);

    public void MoveAgain() => _ = NotedProcesses.Kill(_process!.Id, GoOn);

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        _process?.Kill();
        _process?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Root(string folder) =>
        File.Exists(Path.Combine(folder, "Events.sln")) ? folder : Root(Path.GetDirectoryName(folder)!);
}

/// <summary>Clips made by ffmpeg, each once per test run.</summary>
internal static class Clips
{
    private static readonly Dictionary<string, Task<string>> Made = [];

    public static Task<string> AnnexBAsync(string codec) => OnceAsync(
        $"clip.{codec}",
        codec == "h264"
            ? ["-c:v", "libx264", "-x264-params", "aud=1:keyint=30:min-keyint=30:scenecut=0:bframes=0", "-f", "h264"]
            : ["-c:v", "libx265", "-x265-params", "aud=1:keyint=30:min-keyint=30:bframes=0:log-level=error", "-f", "hevc"]);

    /// <summary>Fragmented as an ingest is, 3 s at 25 per second, with B-frames.</summary>
    public static Task<string> FragmentedAsync(string codec = "h264") => OnceAsync(
        $"fragmented-{codec}.mp4",
        [
            "-t", "3", .. codec == "h264" ? (string[])["-c:v", "libx264"] : ["-c:v", "libx265", "-x265-params", "log-level=error"],
            "-g", "25", "-bf", "2",
            "-movflags", "empty_moov+default_base_moof+frag_every_frame", "-f", "mp4",
        ]);

    private static Task<string> OnceAsync(string name, string[] output)
    {
        lock (Made)
        {
            if (!Made.TryGetValue(name, out Task<string>? making))
            {
                Made[name] = making = MakeAsync(name, output);
            }

            return making;
        }
    }

    private static async Task<string> MakeAsync(string name, string[] output)
    {
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "clips")).FullName, name);
        string[] input =
            ["-y", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-t", "10", "-preset", "ultrafast"];
        (int code, _, string errors) = await Program.RunAsync("ffmpeg", [.. input, .. output, path]);
        Assert.Equal((0, string.Empty), (code, errors));
        return path;
    }
}
