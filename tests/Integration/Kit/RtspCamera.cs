using System.Diagnostics;

namespace Events.Tests.Integration.Kit;

/// <summary>A real RTSP camera: GStreamer's server in a process of its own.</summary>
internal sealed class RtspCamera : IAsyncDisposable
{
    private readonly string[] _words;
    private Process? _process;

    private RtspCamera(int port, string[] words)
    {
        Port = port;
        _words = words;
    }

    public int Port { get; }

    public string Url => UrlOf("/cam0");

    public string UrlOf(string path, string userInfo = "") => $"rtsp://{userInfo}127.0.0.1:{Port}{path}";

    public static async Task<RtspCamera> StartAsync(params string[] words)
    {
        var camera = new RtspCamera(RunningHost.FreePort(), words);
        await camera.StartAgainAsync();
        return camera;
    }

    public async Task StartAgainAsync()
    {
        string script = Path.Combine(Repository.Root, "tests", "tools", "rtsp-camera.py");
        _process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [script, "--port", $"{Port}", .. _words])
        {
            RedirectStandardOutput = true,
        })!;
        string? line = await _process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
        if (line?.StartsWith("READY", StringComparison.Ordinal) != true)
        {
            throw new InvalidOperationException($"The camera did not start: {line}");
        }
    }

    /// <summary>Its process stands still: the session stays open and no frame comes.</summary>
    public Task FreezeAsync() => SignalAsync("-STOP");

    public Task ThawAsync() => SignalAsync("-CONT");

    public async Task GoAwayAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await GoAwayAsync();
        }
    }

    private async Task SignalAsync(string name)
    {
        using Process kill = Process.Start("kill", [name, $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
    }
}

internal static class Repository
{
    /// <summary>The folder that holds <c>Events.sln</c>.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "Events.sln"))
            ? folder
            : Find(Path.GetDirectoryName(folder.TrimEnd('/')) ?? throw new InvalidOperationException("No Events.sln above the tests."));
}
