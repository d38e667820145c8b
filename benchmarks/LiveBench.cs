using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Events.Benchmarks;

/// <summary>
/// Live output of the real host: how old a picture is when a browser shows it and when an RTSP player has it, and what sixteen
/// viewers cost. Each picture of the camera carries the moment it was made, in black and white blocks.
/// </summary>
internal static class LiveBench
{
    private const string Camera = "camera0";
    private const int Fps = 25;
    private const int Viewers = 16;
    private const double BrowserMsMax = 192;

    /// <summary>In pixels: a white block, a black one, and the bits of a number of milliseconds, highest first.</summary>
    private const int SyncWidth = 32;
    private const int BitWidth = 12;
    private const int BitCount = 44;
    private const int ClockWidth = SyncWidth + (BitCount * BitWidth);
    private const int ClockHeight = 16;

    private static readonly TimeSpan CameraTimeMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Run = TimeSpan.FromSeconds(30);

    /// <summary>Draws each shown picture's clock and gives the ages in milliseconds.</summary>
    private static readonly string Watch = $$"""
        new Promise(done => {
          const video = document.querySelector('video');
          const canvas = new OffscreenCanvas({{ClockWidth}}, 1);
          const context = canvas.getContext('2d', { willReadFrequently: true });
          const ages = [];
          const until = performance.now() + {{Run.TotalMilliseconds}};
          const look = () => {
            const now = Date.now();
            context.drawImage(video, 0, {{ClockHeight / 2}}, {{ClockWidth}}, 1, 0, 0, {{ClockWidth}}, 1);
            const line = context.getImageData(0, 0, {{ClockWidth}}, 1).data;
            let made = 0;
            for (let bit = 0; bit < {{BitCount}}; bit++) {
              made = made * 2 + (line[4 * ({{SyncWidth}} + {{BitWidth}} * bit + {{BitWidth / 2}})] > 128 ? 1 : 0);
            }
            if (line[4 * 8] > 128 && line[4 * 24] < 128) ages.push(now - made);
            if (performance.now() < until) video.requestVideoFrameCallback(look);
            else done({ ages, dropped: video.getVideoPlaybackQuality().droppedVideoFrames });
          };
          video.requestVideoFrameCallback(look);
          setTimeout(() => done({ ages, dropped: -1 }), {{2 * Run.TotalMilliseconds}});
        })
        """;

    /// <param name="args"><c>--host DLL</c>: another build than the one beside this program. <c>--screen PNG</c>: where to keep
    /// what the browser showed.</param>
    public static async Task RunAsync(BenchContext context, string[] args)
    {
        string dll = Value(args, "--host") ?? Environment.GetEnvironmentVariable("BENCH_HOST")
            ?? Path.Combine(AppContext.BaseDirectory, "Events.Host.dll");
        string folder = Directory.CreateTempSubdirectory("events-bench-").FullName;
        using Process clock = StartCamera(out int clockPort, "--mode", "clock");
        using Process recorded = StartCamera(out int recordedPort, "--mode", "file", "--file", await ClipAsync(folder));
        try
        {
            await using HostUnderTest host = await HostUnderTest.StartAsync(Path.GetFullPath(dll));
            string rtsp = await AddCameraAsync(host, Camera, $"rtsp://127.0.0.1:{clockPort}/cam0");
            context.Say(
                $"One camera of 1280x720 at {Fps} pictures per second over RTSP, encoded by x264 for low delay. Ages are from the "
                + "moment at which the picture was drawn to the moment at which a program can read it back: encoding, the way to "
                + "the host, the host, the way out and decoding, all on the same machine.");
            await BrowserAsync(context, host, Value(args, "--screen"));
            await PlayerAsync(context, rtsp);
            clock.Kill();
            await CrowdAsync(context, host, await AddCameraAsync(host, "camera1", $"rtsp://127.0.0.1:{recordedPort}/cam0"));
        }
        finally
        {
            clock.Kill();
            recorded.Kill();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task BrowserAsync(BenchContext context, HostUnderTest host, string? screen)
    {
        string token = await host.CliAsync("token", "--role", "viewer");
        await using Browser browser = await Browser.OpenAsync($"http://127.0.0.1:{host.Port}/live/{Camera}?access_token={token}");
        await Task.Delay(Settle);
        JsonElement seen = await browser.RunAsync(Watch);
        double[] ages = [.. seen.GetProperty("ages").EnumerateArray().Select(age => age.GetDouble())];
        if (screen is not null)
        {
            await browser.SaveScreenAsync(screen);
        }

        Add(context, "age in a browser, WebSocket and MSE", ages, BrowserMsMax,
            $"{ages.Length} pictures shown in {Run.TotalSeconds:0} s by headless Chromium, {seen.GetProperty("dropped")} dropped");
    }

    /// <summary>A player that decodes at once and keeps nothing.</summary>
    private static async Task PlayerAsync(BenchContext context, string rtsp)
    {
        string seconds = Run.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        string[] words =
        [
            "-v", "error", "-nostdin", "-fflags", "nobuffer", "-flags", "low_delay", "-probesize", "32768", "-analyzeduration", "0",
            "-rtsp_transport", "tcp", "-i", rtsp, "-t", seconds, "-vf", $"crop={ClockWidth}:{ClockHeight}:0:0", "-vsync", "0",
            "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1",
        ];
        using Process player = Process.Start(new ProcessStartInfo("ffmpeg", words) { RedirectStandardOutput = true })!;
        byte[] picture = new byte[ClockWidth * ClockHeight];
        var ages = new List<double>();
        long began = Stopwatch.GetTimestamp();
        while (await player.StandardOutput.BaseStream.ReadAtLeastAsync(picture, picture.Length, false) == picture.Length)
        {
            long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            if (Stopwatch.GetElapsedTime(began) > Settle)
            {
                ages.Add(now - ClockIn(picture));
            }
        }

        await player.WaitForExitAsync();
        Add(context, "age in an RTSP player, over TCP", [.. ages], null, $"{ages.Count} pictures decoded by ffmpeg without buffers");
    }

    private static async Task CrowdAsync(BenchContext context, HostUnderTest host, string rtsp)
    {
        double alone = await HostCpuAsync(host, Run);
        double before = host.Memory().ResidentMb;
        string seconds = Run.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        Process[] players =
        [
            .. Enumerable.Range(0, Viewers).Select(i => Process.Start(new ProcessStartInfo(
                "ffmpeg",
                [
                    "-v", "error", "-nostdin", "-rtsp_transport", i % 2 == 0 ? "tcp" : "udp", "-i", rtsp, "-t", seconds, "-c", "copy",
                    "-f", "null", "-progress", "pipe:1", "-",
                ])
            {
                RedirectStandardOutput = true,
            })!),
        ];
        double together = await HostCpuAsync(host, Run - Settle);
        double after = host.Memory().ResidentMb;
        int[] frames = await Task.WhenAll(players.Select(FramesAsync));
        context.Add(new BenchFigure(
            $"CPU for {Viewers} RTSP viewers", "% of one core", together - alone, null, null, null,
            $"2 Mbit/s each, half over TCP, half over UDP; the host with its camera and no viewer takes {alone:0.0} %"));
        context.Add(new BenchFigure(
            $"memory for {Viewers} RTSP viewers", "MB", after - before, null, null, null, $"resident {before:0.0} before"));
        context.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{Viewers} viewers for {Run.TotalSeconds:0} s: {Run.TotalSeconds * Fps:0} pictures were made in that time; over TCP each got "
            + $"{Range(frames.Where((_, i) => i % 2 == 0))}, over UDP {Range(frames.Where((_, i) => i % 2 == 1))}."));
    }

    private static string Range(IEnumerable<int> counts) => $"{counts.Min()} to {counts.Max()}";

    private static async Task<double> HostCpuAsync(HostUnderTest host, TimeSpan span)
    {
        double before = host.CpuMicroseconds();
        long began = Stopwatch.GetTimestamp();
        await Task.Delay(span);
        return 100 * (host.CpuMicroseconds() - before) / Stopwatch.GetElapsedTime(began).TotalMicroseconds;
    }

    private static async Task<int> FramesAsync(Process player)
    {
        using (player)
        {
            string output = await player.StandardOutput.ReadToEndAsync();
            await player.WaitForExitAsync();
            return int.Parse(output.Split("frame=")[^1].Split('\n')[0], CultureInfo.InvariantCulture);
        }
    }

    private static long ClockIn(byte[] picture)
    {
        long made = 0;
        int line = ClockWidth * (ClockHeight / 2);
        for (int bit = 0; bit < BitCount; bit++)
        {
            made = (made << 1) | (picture[line + SyncWidth + (BitWidth * bit) + (BitWidth / 2)] > 128 ? 1L : 0L);
        }

        return made;
    }

    private static void Add(BenchContext context, string what, double[] ages, double? most, string note)
    {
        Array.Sort(ages);
        double At(double share) => ages.Length == 0 ? double.NaN : ages[(int)(share * (ages.Length - 1))];
        context.Add(new BenchFigure(what, "ms", At(0.5), At(0.95), At(0.99), most, note));
    }

    /// <returns>A signed RTSP address of the camera.</returns>
    private static async Task<string> AddCameraAsync(HostUnderTest host, string device, string source)
    {
        await host.CliAsync("camera", "add", "--name", "Bench", "--source", source);
        using HostSocket client = await HostSocket.ConnectAsync(host.Port, await host.CliAsync("token", "--role", "viewer"));
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < CameraTimeMax;)
        {
            JsonElement stream = await client.CallAsync("get_stream_url", new { device });
            if (stream.GetProperty("available").GetBoolean())
            {
                return stream.GetProperty("stream_url").GetString()!;
            }

            await Task.Delay(100);
        }

        throw new TimeoutException("The camera did not connect.");
    }

    /// <summary>Ten seconds, ready encoded: a camera that repeats them costs next to nothing and leaves no picture out.</summary>
    private static async Task<string> ClipAsync(string folder)
    {
        string clip = Path.Combine(folder, "clip.h264");
        string encoding = string.Create(CultureInfo.InvariantCulture, $"aud=1:keyint={Fps}:min-keyint={Fps}:scenecut=0:bframes=0");
        using Process maker = Process.Start(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", $"testsrc2=size=1280x720:rate={Fps}", "-t", "10", "-c:v", "libx264",
                "-preset", "veryfast", "-b:v", "2M", "-x264-params", encoding, clip,
            ]);
        await maker.WaitForExitAsync();
        return clip;
    }

    private static Process StartCamera(out int port, params string[] words)
    {
        string script = Path.Combine(RepositoryOf(AppContext.BaseDirectory), "tests", "tools", "rtsp-camera.py");
        string fps = Fps.ToString(CultureInfo.InvariantCulture);
        Process process = Process.Start(new ProcessStartInfo(
            "/usr/bin/python3", [script, "--port", "0", "--size", "1280x720", "--fps", fps, "--gop", fps, .. words])
        {
            RedirectStandardOutput = true,
        })!;
        string ready = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The camera did not start.");
        port = int.Parse(ready.Split(' ')[1], CultureInfo.InvariantCulture);
        return process;
    }

    private static string? Value(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

    private static string RepositoryOf(string folder) =>
        File.Exists(Path.Combine(folder, "Events.sln")) ? folder : RepositoryOf(Path.GetDirectoryName(folder)!);
}
