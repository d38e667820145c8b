using System.Diagnostics;
using System.Globalization;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media;
using Events.Media.Storage;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Events.Tests.Engines.Media;

/// <summary>An engine with its own folder, listener and log.</summary>
internal sealed class Studio : IAsyncDisposable
{
    private static int _numbers;

    public Studio(Func<MediaOptions, MediaOptions>? change = null, string? folder = null)
    {
        Folder = folder ?? Directory.CreateTempSubdirectory("events-media-").FullName;
        var options = new MediaOptions
        {
            StorageFolder = Folder,
            InstallationId = "test",
            SegmentDuration = TimeSpan.FromSeconds(2),
            StallTimeout = TimeSpan.FromSeconds(2),
            BackoffMin = TimeSpan.FromMilliseconds(200),
            BackoffMax = TimeSpan.FromSeconds(1),
        };
        Options = change?.Invoke(options) ?? options;
        Storage = StorageFolder.Open(Options);
        Engine = new MediaEngine(Options, Storage, Processes, () => Listener, TimeProvider.System, Log.For<MediaEngine>());
        Footage = new Footage(Storage, Log.For<Footage>());
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public string Folder { get; }

    public MediaOptions Options { get; }

    public StorageFolder Storage { get; }

    public NotedProcesses Processes { get; } = new();

    public ListenerLog Listener { get; } = new();

    public LogLines Log { get; } = new();

    public MediaEngine Engine { get; }

    public Footage Footage { get; }

    public static CameraTarget Camera(string source, SourceCredentials? credentials = null) =>
        new(CameraId.New(), new CameraNumber(Interlocked.Increment(ref _numbers)), SourceUrl.TryParse(source)!, credentials);

    public async Task<CameraTarget> WatchAsync(string source, SourceCredentials? credentials = null)
    {
        CameraTarget target = Camera(source, credentials);
        await Engine.WatchAsync(target, Cancel);
        await Listener.WaitAsync("connected");
        return target;
    }

    public async Task<RecordingId> RecordAsync(CameraTarget camera, string name, FootageKey? key = null)
    {
        var target = new RecordingTarget(
            key is null ? RecordingId.New() : new RecordingId(key.Owner), camera.CameraId, name, 1, TimeSpan.Zero, key);
        Assert.IsType<MediaStart.Running>(await Engine.StartAsync(target, Cancel));
        return target.RecordingId;
    }

    public SegmentSpan[] Spans() =>
        [.. Listener.Segments.OrderBy(s => s.Number).Select(s =>
            new SegmentSpan(s.Number, s.SizeBytes, s.HeaderBytes, s.StoredSha256 is not null))];

    public async Task<string> JoinAsync(string name, Container container = Container.Mp4, FootageKey? key = null)
    {
        await using Stream whole = Footage.OpenRecording(name, Spans(), container, key)!;
        string path = Path.Combine(Folder, $"{name}-joined.{container.ToString().ToLowerInvariant()}");
        await using FileStream file = File.Create(path);
        await whole.CopyToAsync(file, Cancel);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>Runs a program to its end and gives back what it printed.</summary>
internal static class Program
{
    public static async Task<(int Code, string Output, string Errors)> RunAsync(string file, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
            string output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, output, await errors);
        }
        finally
        {
            process.Kill();
        }
    }

    /// <summary>Time stamps of all packets, in seconds, as ffprobe reads them; whether each is a key frame.</summary>
    public static async Task<IReadOnlyList<(double Dts, double Duration, bool IsKey)>> PacketsAsync(string path)
    {
        (int code, string output, string errors) = await RunAsync(
            "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=dts_time,duration_time,flags",
            "-of", "csv=p=0", path);
        Assert.Equal((0, string.Empty), (code, errors));
        return
        [
            .. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(',')).Select(fields => (
                double.Parse(fields[0], CultureInfo.InvariantCulture),
                double.Parse(fields[1], CultureInfo.InvariantCulture),
                fields[2].StartsWith('K'))),
        ];
    }
}

/// <summary>Every line that was logged, exceptions included.</summary>
internal sealed class LogLines
{
    private readonly List<string> _lines = [];

    public string Text
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public ILogger<T> For<T>() => new Writer<T>(this);

    private sealed class Writer<T>(LogLines lines) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines._lines)
            {
                lines._lines.Add($"{logLevel} {formatter(state, exception)} {exception}");
            }
        }
    }
}
