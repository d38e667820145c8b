using System.Diagnostics;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Xunit;

namespace Events.Tests.Engines.Media;

/// <summary>
/// A camera of this machine that is plugged in and pulled out: the kernel's notices are real, the device is a file that a test
/// makes, and behind its name stands a picture that ffmpeg makes.
/// </summary>
public sealed class A_pluggable_camera : IAsyncLifetime
{
    /// <summary>What it may take until a change is seen. The best of several rounds counts: the machine has other work.</summary>
    private static readonly TimeSpan SeenWithin = TimeSpan.FromMilliseconds(200);

    private readonly string _folder = Directory.CreateTempSubdirectory("events-devices-").FullName;

    private string Device => Path.Combine(_folder, "video77");

    public async ValueTask InitializeAsync()
    {
        string stand = Path.Combine(_folder, "camera.sh");
        await File.WriteAllTextAsync(
            stand,
            """
            #!/bin/sh
            exec ffmpeg -hide_banner -nostats -loglevel error -nostdin -re -f lavfi -i testsrc2=size=160x90:rate=10 -c:v libx264 \
                -preset ultrafast -tune zerolatency -g 10 -f mp4 -movflags empty_moov+default_base_moof+frag_every_frame \
                -flush_packets 1 pipe:1

            """);
        File.SetUnixFileMode(stand, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task is_seen_at_once_when_it_comes_and_when_it_goes_and_its_recording_goes_on()
    {
        await using Studio studio = NewStudio();
        CameraTarget camera = Studio.Camera("v4l2:/dev/video77");
        await studio.Engine.WatchAsync(camera, Studio.Cancel);
        await Until.TrueAsync(
            () => studio.Log.Text.Contains("not plugged in", StringComparison.Ordinal), TimeSpan.FromSeconds(10), () => studio.Log.Text);
        Assert.Empty(studio.Processes.Started);

        List<TimeSpan> plugged = [];
        List<TimeSpan> pulled = [];
        List<int> segments = [0];
        RecordingId? recording = null;
        for (int round = 1; round <= 3; round++)
        {
            plugged.Add(await TimeAsync(() => File.Create(Device).Dispose(), () => studio.Processes.Started.Count == round));
            await Until.TrueAsync(() => Count(studio, "connected") == round, TimeSpan.FromSeconds(20), studio.Listener.Describe);
            recording ??= await studio.RecordAsync(camera, "camera0_2026-03-01_12-00-00");
            await Until.TrueAsync(
                () => Count(studio, "resumed") == round - 1, TimeSpan.FromSeconds(20), studio.Listener.Describe);
            pulled.Add(await TimeAsync(() => File.Delete(Device), () => Count(studio, "disconnected The device was unplugged") == round));
            await Until.TrueAsync(
                () => Count(studio, "interrupted camera_lost") == round, TimeSpan.FromSeconds(20), studio.Listener.Describe);
            segments.Add(studio.Listener.Segments.Count);
        }

        Assert.True(plugged.Min() < SeenWithin, $"Plugged in, it was seen after {string.Join(", ", plugged)}.");
        Assert.True(pulled.Min() < SeenWithin, $"Pulled out, it was seen after {string.Join(", ", pulled)}.");
        Assert.All(segments.Zip(segments.Skip(1)), round => Assert.True(round.Second > round.First, string.Join(", ", segments)));
    }

    [Fact]
    public async Task is_not_disturbed_by_another_that_comes_and_goes()
    {
        await using Studio studio = NewStudio();
        await File.WriteAllTextAsync(Device, string.Empty, Studio.Cancel);
        CameraTarget camera = await studio.WatchAsync("v4l2:/dev/video77");
        for (int i = 0; i < 20; i++)
        {
            string other = Path.Combine(_folder, $"video{i}");
            File.Create(other).Dispose();
            File.Delete(other);
        }

        long frames = Frames(studio);
        await Until.TrueAsync(() => Frames(studio) > frames + 10, TimeSpan.FromSeconds(20));
        Assert.Equal("connected", studio.Listener.Describe());
        Assert.Single(studio.Processes.Started);

        long Frames(Studio of) => of.Engine.SignalOf(camera.CameraId)!.FramesIn;
    }

    private Studio NewStudio() => new(options => options with
    {
        DeviceFolder = _folder,
        Ffmpeg = Path.Combine(_folder, "camera.sh"),

        // Only a notice brings it back in time.
        BackoffMin = TimeSpan.FromMinutes(5),
        BackoffMax = TimeSpan.FromMinutes(5),
    });

    private static int Count(Studio studio, string what) =>
        studio.Listener.All.Count(told => told.What.StartsWith(what, StringComparison.Ordinal));

    private static async Task<TimeSpan> TimeAsync(Action act, Func<bool> isSeen)
    {
        act();
        long start = Stopwatch.GetTimestamp();
        while (!isSeen())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20), "It was not seen.");
            await Task.Delay(1, Studio.Cancel);
        }

        return Stopwatch.GetElapsedTime(start);
    }
}
