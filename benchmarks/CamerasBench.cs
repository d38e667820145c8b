using System.Diagnostics;
using System.Globalization;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Events.Benchmarks;

/// <summary>
/// Eight RTSP cameras of 1280x720 at 30 per second, all recorded for a minute: are all pictures there, and what does it cost?
/// </summary>
internal static class CamerasBench
{
    private const int Fps = 30;
    private const int SnapshotCount = 40;

    /// <param name="args">Number of cameras (8), seconds (60).</param>
    /// <returns>0 when no picture was lost.</returns>
    public static async Task<int> RunAsync(BenchContext context, string[] args)
    {
        int cameras = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 8;
        int seconds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 60;
        string folder = Directory.CreateTempSubdirectory("events-bench-").FullName;
        try
        {
            string clip = Path.Combine(folder, "clip.h264");
            await RunAsync(
                "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30", "-t", "10", "-c:v", "libx264",
                "-preset", "veryfast", "-b:v", "2M", "-x264-params", "aud=1:keyint=30:min-keyint=30:scenecut=0:bframes=0", clip);
            using Process simulator = StartCameras(clip, cameras, out int port);
            try
            {
                return await MeasureAsync(context, folder, port, cameras, seconds, simulator);
            }
            finally
            {
                simulator.Kill();
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> MeasureAsync(
        BenchContext context, string folder, int port, int cameras, int seconds, Process simulator)
    {
        var listener = new SegmentList();
        await using ServiceProvider services = new ServiceCollection()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.None))
            .AddSingleton<IChildProcesses, CountedProcesses>()
            .AddSingleton<IMediaListener>(listener)
            .AddMedia(new MediaOptions
            {
                StorageFolder = Path.Combine(folder, "storage"),
                InstallationId = "bench",
                SegmentDuration = TimeSpan.FromSeconds(10),
            })
            .BuildServiceProvider();
        var media = services.GetRequiredService<IMediaControl>();
        List<RecordingTarget> takes = await StartAsync(media, port, cameras);

        var processes = (CountedProcesses)services.GetRequiredService<IChildProcesses>();
        using Process host = Process.GetCurrentProcess();
        double hostBefore = CpuS(host);
        double childrenBefore = processes.CpuS();
        double simulatorBefore = CpuS(simulator);
        long began = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        double wallS = Stopwatch.GetElapsedTime(began).TotalSeconds;
        double hostPercent = 100 * (CpuS(host) - hostBefore) / wallS;
        double childrenPercent = 100 * (processes.CpuS() - childrenBefore) / wallS;
        double simulatorPercent = 100 * (CpuS(simulator) - simulatorBefore) / wallS;
        double memoryMb = host.WorkingSet64 / 1e6;
        foreach (RecordingTarget take in takes)
        {
            await media.StopAsync(take.RecordingId, CancellationToken.None);
        }

        int lost = await CountLossAsync(services.GetRequiredService<IFootage>(), listener, takes, folder);
        context.Say(string.Create(CultureInfo.InvariantCulture,
            $"{cameras} cameras 720p{Fps}, {wallS:F0} s: host {hostPercent:F1} %, ffmpeg {childrenPercent:F1} %, "
            + $"camera simulator {simulatorPercent:F1} % of one core; host {memoryMb:F0} MB RSS; {lost} pictures lost"));
        await SnapshotsAsync(context, media, takes[0].CameraId);
        await media.DrainAsync(CancellationToken.None);
        return lost == 0 ? 0 : 1;
    }

    private static async Task<List<RecordingTarget>> StartAsync(IMediaControl media, int port, int cameras)
    {
        var takes = new List<RecordingTarget>();
        for (int i = 0; i < cameras; i++)
        {
            var camera = CameraId.New();
            SourceUrl source = SourceUrl.TryParse($"rtsp://127.0.0.1:{port}/cam{i}")!;
            await media.WatchAsync(new CameraTarget(camera, new CameraNumber(i), source, null), CancellationToken.None);
            takes.Add(new RecordingTarget(RecordingId.New(), camera, $"take-{i}", 1, TimeSpan.Zero));
        }

        foreach (RecordingTarget take in takes)
        {
            if (await media.StartAsync(take, CancellationToken.None) is MediaStart.Unreachable lost)
            {
                throw new InvalidOperationException(lost.Why);
            }
        }

        return takes;
    }

    /// <summary>ffprobe's count against the time stamps' span and against what the segments say.</summary>
    private static async Task<int> CountLossAsync(
        IFootage footage, SegmentList listener, List<RecordingTarget> takes, string folder)
    {
        int lost = 0;
        foreach (RecordingTarget take in takes)
        {
            SegmentFile[] segments = listener.Of(take.RecordingId);
            string joined = Path.Combine(folder, take.Name + ".mp4");
            await using (Stream whole = footage.OpenRecording(
                take.Name, [.. segments.Select(s => new SegmentSpan(s.Number, s.SizeBytes, s.HeaderBytes))], Container.Mp4)!)
            await using (FileStream file = File.Create(joined))
            {
                await whole.CopyToAsync(file);
            }

            string counted = await RunAsync("ffprobe", "-v", "error", "-count_packets", "-select_streams", "v:0",
                "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", joined);
            int packets = int.Parse(counted.Trim(), CultureInfo.InvariantCulture);
            int expected = (int)Math.Round(segments.Sum(segment => segment.DurationMs) * Fps / 1000.0);
            lost += Math.Abs(expected - packets) + Math.Abs(segments.Sum(segment => segment.FrameCount) - packets);
            File.Delete(joined);
        }

        return lost;
    }

    private static async Task SnapshotsAsync(BenchContext context, IMediaControl media, CameraId camera)
    {
        var took = new List<double>();
        for (int i = 0; i < SnapshotCount; i++)
        {
            // The next group of pictures, so that none comes from the cache.
            await Task.Delay(TimeSpan.FromSeconds(1.05));
            long began = Stopwatch.GetTimestamp();
            if (await media.TakeSnapshotAsync(camera, "bench.jpg", null, CancellationToken.None) is not MediaSnapshot.Taken)
            {
                throw new InvalidOperationException("No snapshot.");
            }

            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        took.Sort();
        context.Say(string.Create(CultureInfo.InvariantCulture,
            $"snapshots: p50 {took[took.Count / 2]:F0} ms, p95 {took[took.Count * 95 / 100]:F0} ms"));
    }

    private static Process StartCameras(string clip, int cameras, out int port)
    {
        string script = Path.Combine(RepositoryOf(AppContext.BaseDirectory), "tests", "tools", "rtsp-camera.py");
        string count = cameras.ToString(CultureInfo.InvariantCulture);
        Process process = Process.Start(new ProcessStartInfo(
            "/usr/bin/python3", [script, "--port", "0", "--mode", "file", "--file", clip, "--cameras", count, "--fps", "30"])
        {
            RedirectStandardOutput = true,
        })!;
        string ready = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The camera did not start.");
        port = int.Parse(ready.Split(' ')[1], CultureInfo.InvariantCulture);
        return process;
    }

    private static string RepositoryOf(string folder) =>
        File.Exists(Path.Combine(folder, "Events.sln")) ? folder : RepositoryOf(Path.GetDirectoryName(folder)!);

    private static double CpuS(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime.TotalSeconds;
    }

    private static async Task<string> RunAsync(string file, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true })!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{file} ended with {process.ExitCode}.");
    }

    private sealed class SegmentList : IMediaListener
    {
        private readonly List<(RecordingId Recording, SegmentFile Segment)> _segments = [];

        public SegmentFile[] Of(RecordingId recording)
        {
            lock (_segments)
            {
                return [.. _segments.Where(told => told.Recording == recording).Select(told => told.Segment)];
            }
        }

        public Task CameraConnectedAsync(
            CameraId cameraId, VideoFormat format, DateTimeOffset at, CancellationToken cancellationToken) =>
            Task.CompletedTask;

        public Task CameraDisconnectedAsync(CameraId cameraId, string why, DateTimeOffset at, CancellationToken cancellationToken)
        {
            Console.WriteLine($"lost a camera: {why}");
            return Task.CompletedTask;
        }

        public Task SegmentClosedAsync(RecordingId recordingId, SegmentFile segment, CancellationToken cancellationToken)
        {
            lock (_segments)
            {
                _segments.Add((recordingId, segment));
            }

            return Task.CompletedTask;
        }

        public Task RecordingInterruptedAsync(
            RecordingId recordingId, string why, DateTimeOffset at, CancellationToken cancellationToken)
        {
            Console.WriteLine($"interrupted: {why}");
            return Task.CompletedTask;
        }

        public Task RecordingResumedAsync(
            RecordingId recordingId, DateTimeOffset firstFrameAt, CancellationToken cancellationToken) =>
            Task.CompletedTask;
    }
}
