using System.Net;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class An_rtsp_camera
{
    private const string Password = "s3:cr@t'%";
    private static readonly SourceCredentials Credentials = new("admin", Password);

    [Theory]
    [InlineData("basic")]
    [InlineData("digest")]
    public async Task is_taken_in_with_a_password_that_nobody_sees(string way)
    {
        await using RtspCamera camera = await RtspCamera.StartAsync(
            ["--user", "admin", "--password", Password, .. way == "digest" ? ["--digest"] : Array.Empty<string>()]);
        await using var studio = new Studio();
        CameraTarget target = await studio.WatchAsync(camera.Address, Credentials);

        (ChildProcessSpec spec, int id) = studio.Processes.Started[0];
        string seenByAll = string.Join(' ', spec.Arguments)
            + await File.ReadAllTextAsync($"/proc/{id}/cmdline", Studio.Cancel)
            + await File.ReadAllTextAsync($"/proc/{id}/environ", Studio.Cancel)
            + studio.Log.Text + target + studio.Listener.Describe();
        Assert.DoesNotContain("s3", seenByAll);
        Assert.Equal(("h264", 640, 360), studio.Listener.All[0].Format is { } f ? (f.Codec, f.Width, f.Height) : default);
    }

    [Fact]
    public async Task that_refuses_the_password_is_reported_without_it()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync("--user", "admin", "--password", "other");
        await using var studio = new Studio();
        CameraTarget target = Studio.Camera(camera.Address, Credentials);
        await studio.Engine.WatchAsync(target, Studio.Cancel);
        var recording = new RecordingTarget(RecordingId.New(), target.CameraId, "never", 1, TimeSpan.Zero);
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(Studio.Cancel);

        var start = Assert.IsType<MediaStart.Unreachable>(await studio.Engine.StartAsync(recording, soon.Token));

        Assert.Contains("401", start.Why);
        Assert.DoesNotContain("s3", start.Why + studio.Log.Text);
        Assert.Empty(studio.Listener.All);
        Assert.Empty(studio.Footage.ListRecordings());
    }

    [Fact]
    public async Task that_refuses_tcp_is_taken_in_over_udp()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync("--udp-only");
        await using var studio = new Studio();
        await studio.WatchAsync(camera.Address);
    }

    [Fact]
    public async Task may_speak_h265()
    {
        await using RtspCamera camera = await RtspCamera.MakeAsync("h265");
        await camera.StartAgainAsync();
        await using var studio = new Studio();
        CameraTarget target = await studio.WatchAsync(camera.Address);
        RecordingId recording = await studio.RecordAsync(target, "hevc");
        await studio.Listener.WaitAsync("segment 1");
        await studio.Engine.StopAsync(recording, Studio.Cancel);

        Assert.Equal("h265", studio.Listener.All[0].Format!.Codec);
        int frames = studio.Listener.Segments.Sum(segment => segment.FrameCount);
        Assert.Equal(frames, (await Program.PacketsAsync(await studio.JoinAsync("hevc"))).Count);
        Assert.IsType<MediaSnapshot.Taken>(await studio.Engine.TakeSnapshotAsync(target.CameraId, "hevc.jpg", null, Studio.Cancel));
    }

    [Fact]
    public async Task that_goes_away_and_comes_back_is_recorded_on()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync();
        await using var studio = new Studio(options => options with { SegmentDuration = TimeSpan.FromMinutes(1) });
        CameraTarget target = await studio.WatchAsync(camera.Address);
        RecordingId recording = await studio.RecordAsync(target, "twice");
        await Until.TrueAsync(() => studio.Engine.SignalOf(target.CameraId)!.FramesIn > 60, TimeSpan.FromSeconds(10));

        await camera.KillAsync();
        await studio.Listener.WaitAsync("interrupted camera_lost");
        Assert.False(studio.Engine.SignalOf(target.CameraId)!.IsConnected);
        await camera.StartAgainAsync();
        await studio.Listener.WaitAsync("resumed");
        await Until.TrueAsync(() => studio.Engine.SignalOf(target.CameraId)!.FramesIn > 150, TimeSpan.FromSeconds(10));
        await studio.Engine.StopAsync(recording, Studio.Cancel);

        Assert.Equal(
            ["connected", "disconnected", "segment", "interrupted", "connected", "resumed", "segment"],
            studio.Listener.All.Select(told => told.What.Split(' ')[0]));
        SegmentFile[] segments = [.. studio.Listener.Segments];
        Assert.True(segments[1].StartedAt >= segments[0].StartedAt.AddMilliseconds(segments[0].DurationMs));
        var packets = await Program.PacketsAsync(await studio.JoinAsync("twice"));
        Assert.Equal(segments.Sum(segment => segment.FrameCount), packets.Count);
        Assert.All(packets.Zip(packets.Skip(1)), pair => Assert.InRange(pair.Second.Dts - pair.First.Dts, 0.0001, 0.2));
        Assert.True(packets[segments[0].FrameCount].IsKey);
    }

    [Fact]
    public async Task that_stands_still_is_noticed()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync();
        await using var studio = new Studio();
        await studio.WatchAsync(camera.Address);

        camera.StandStill();
        long began = TimeProvider.System.GetTimestamp();
        await studio.Listener.WaitAsync("disconnected The picture stands still");
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 1, 6);

        camera.MoveAgain();
        await Until.TrueAsync(
            () => studio.Listener.All.Count(told => told.What == "connected") == 2,
            TimeSpan.FromSeconds(15),
            studio.Listener.Describe);
        Assert.Equal(3, studio.Listener.All.Count);
    }

    [Fact]
    public async Task that_is_nowhere_is_tried_again_in_silence()
    {
        await using var studio = new Studio();
        CameraTarget target = Studio.Camera("rtsp://127.0.0.1:1/none");
        await studio.Engine.WatchAsync(target, Studio.Cancel);
        await Until.TrueAsync(() => studio.Processes.Started.Count > 2, TimeSpan.FromSeconds(15));

        Assert.Empty(studio.Listener.All);
        Assert.Equal(
            new CameraSignal(false, null, null, 0, 0, null), studio.Engine.SignalOf(target.CameraId)! with { Process = null });
    }

    [Fact]
    public async Task is_reached_at_the_addresses_that_were_looked_at_one_after_the_other()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync();
        await using var studio = new Studio(options => options with
        {
            Sources = An_http_camera.At(IPAddress.Parse("127.0.0.2"), IPAddress.Loopback),
        });
        await studio.WatchAsync($"rtsp://cam.example:{camera.Port}/cam0");
        Assert.Equal(3, studio.Processes.Started.Count);
    }

    [Fact]
    public async Task whose_name_cannot_be_looked_up_is_not_connected_to()
    {
        await using var studio = new Studio(options => options with { Sources = An_http_camera.At() });
        CameraTarget target = Studio.Camera("rtsp://localhost:1/none");
        await studio.Engine.WatchAsync(target, Studio.Cancel);
        await Until.TrueAsync(() => studio.Log.Text.Split("name is not known").Length > 2, TimeSpan.FromSeconds(15));

        Assert.Empty(studio.Processes.Started);
    }

    [Fact]
    public async Task connects_anew_to_another_source()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync();
        await using var studio = new Studio();
        CameraTarget target = await studio.WatchAsync("test:pattern?size=320x240&fps=10");
        await studio.Engine.WatchAsync(target, Studio.Cancel);
        Assert.Single(studio.Processes.Started);

        await studio.Engine.WatchAsync(target with { Source = SourceUrl.TryParse(camera.Address)! }, Studio.Cancel);
        await Until.TrueAsync(
            () => studio.Listener.All[^1].Format?.Width == 640, TimeSpan.FromSeconds(15), studio.Listener.Describe);

        await studio.Engine.ForgetAsync(target.CameraId, Studio.Cancel);
        Assert.Null(studio.Engine.SignalOf(target.CameraId));
        Assert.All(studio.Processes.Started, started => Assert.False(Directory.Exists($"/proc/{started.Id}")));
    }
}
