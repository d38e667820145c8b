using Events.Application.Contracts;
using Events.Domain.Kernel;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class A_recording
{
    private const string Pattern = "test:pattern?size=320x240&fps=25";

    [Fact]
    public async Task loses_and_doubles_no_frame_where_files_are_cut()
    {
        await using var studio = new Studio();
        CameraTarget camera = await studio.WatchAsync(Pattern);
        RecordingId recording = await studio.RecordAsync(camera, "gate-1");
        await studio.Listener.WaitAsync("segment 3");
        DateTimeOffset? end = await studio.Engine.StopAsync(recording, Studio.Cancel);

        IReadOnlyList<SegmentFile> segments = studio.Listener.Segments;
        var packets = await Program.PacketsAsync(await studio.JoinAsync("gate-1"));
        Assert.Equal(Enumerable.Range(1, segments.Count), segments.Select(segment => segment.Number));
        Assert.Equal(segments.Sum(segment => segment.FrameCount), packets.Count);
        Assert.All(packets.Zip(packets.Skip(1)), pair => Assert.Equal(0.04, pair.Second.Dts - pair.First.Dts, 3));
        Assert.True(packets[0].IsKey);
        Assert.Equal(packets.Count * 40, segments.Sum(segment => segment.DurationMs));
        Assert.True(end >= segments[^1].StartedAt);
    }

    [Fact]
    public async Task begins_with_the_key_frame_before_it()
    {
        await using RtspCamera rtsp = await RtspCamera.StartAsync();
        await using var studio = new Studio();
        CameraTarget camera = await studio.WatchAsync(rtsp.Address);
        long inBefore = studio.Engine.SignalOf(camera.CameraId)!.FramesIn;
        await Until.TrueAsync(() => studio.Engine.SignalOf(camera.CameraId)!.FramesIn > inBefore + 10, TimeSpan.FromSeconds(5));
        DateTimeOffset asked = TimeProvider.System.GetUtcNow();
        var target = new RecordingTarget(RecordingId.New(), camera.CameraId, "roll", 1, TimeSpan.Zero);
        var running = Assert.IsType<MediaStart.Running>(await studio.Engine.StartAsync(target, Studio.Cancel));
        Assert.Equal(running, await studio.Engine.StartAsync(target, Studio.Cancel));
        Assert.Equal(target.RecordingId, studio.Engine.SignalOf(camera.CameraId)!.Recording);
        await studio.Engine.StopAsync(target.RecordingId, Studio.Cancel);

        Assert.True(running.FirstFrameAt < asked);
        Assert.Equal(running.FirstFrameAt, studio.Listener.Segments.Single().StartedAt);
        Assert.True((await Program.PacketsAsync(await studio.JoinAsync("roll")))[0].IsKey);
        Assert.Null(await studio.Engine.StopAsync(target.RecordingId, Studio.Cancel));
    }

    [Fact]
    public async Task goes_on_after_a_restart_where_it_ended()
    {
        await using var studio = new Studio();
        CameraTarget camera = await studio.WatchAsync(Pattern);
        RecordingId recording = await studio.RecordAsync(camera, "on");
        await studio.Listener.WaitAsync("segment 2");
        await studio.Engine.StopAsync(recording, Studio.Cancel);
        SegmentFile[] before = [.. studio.Listener.Segments];
        var offset = TimeSpan.FromMilliseconds(before.Sum(segment => segment.DurationMs));
        var target = new RecordingTarget(recording, camera.CameraId, "on", before.Length + 1, offset);
        await studio.Engine.StartAsync(target, Studio.Cancel);
        await Until.TrueAsync(() => studio.Engine.SignalOf(camera.CameraId)!.Recording is not null, TimeSpan.FromSeconds(5));
        await studio.Engine.StopAsync(recording, Studio.Cancel);

        var packets = await Program.PacketsAsync(await studio.JoinAsync("on"));
        Assert.True(studio.Listener.Segments.Count > before.Length);
        Assert.All(packets.Zip(packets.Skip(1)), pair => Assert.Equal(0.04, pair.Second.Dts - pair.First.Dts, 3));
    }

    [Fact]
    public async Task is_told_of_in_order_to_a_listener_that_is_away_for_a_while()
    {
        await using var studio = new Studio();
        CameraTarget camera = await studio.WatchAsync(Pattern);
        RecordingId recording = await studio.RecordAsync(camera, "away");
        studio.Listener.RefuseNext(4);
        await studio.Listener.WaitAsync("segment 2");
        await studio.Engine.StopAsync(recording, Studio.Cancel);

        Assert.Equal(
            Enumerable.Range(1, studio.Listener.Segments.Count), studio.Listener.Segments.Select(segment => segment.Number));
        Assert.False(studio.Listener.WasCalledTwiceAtOnce);
        Assert.Contains("was not taken", studio.Log.Text);
    }

    [Fact]
    public async Task is_closed_and_told_of_when_the_host_stops()
    {
        await using var studio = new Studio(options => options with { SegmentDuration = TimeSpan.FromMinutes(1) });
        CameraTarget camera = await studio.WatchAsync(Pattern);
        await studio.RecordAsync(camera, "drain");
        await studio.Engine.DrainAsync(Studio.Cancel);

        Assert.Equal(
            ["connected", "segment 1", "interrupted host_stopped", "disconnected The host stops."],
            studio.Listener.All.Select(told => told.What));
        Assert.All(studio.Processes.Started, started => Assert.False(Directory.Exists($"/proc/{started.Id}")));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => studio.Engine.WatchAsync(camera, Studio.Cancel));
    }

    [Fact]
    public async Task is_readable_from_any_place()
    {
        await using var studio = new Studio();
        CameraTarget camera = await studio.WatchAsync(Pattern);
        RecordingId recording = await studio.RecordAsync(camera, "seek");
        await studio.Listener.WaitAsync("segment 2");
        await studio.Engine.StopAsync(recording, Studio.Cancel);
        byte[] whole = await File.ReadAllBytesAsync(await studio.JoinAsync("seek"), Studio.Cancel);
        SegmentSpan[] spans = [.. studio.Listener.Segments.Select(s => new SegmentSpan(s.Number, s.SizeBytes, s.HeaderBytes))];
        await using Stream stream = studio.Footage.OpenRecording("seek", spans, Container.Mp4)!;

        Assert.Equal(whole.Length, stream.Length);
        byte[] part = new byte[1000];
        foreach (long at in (long[])[0, spans[0].SizeBytes - 500, whole.Length - 1000])
        {
            stream.Seek(at, SeekOrigin.Begin);
            await stream.ReadExactlyAsync(part, Studio.Cancel);
            Assert.Equal(whole[(int)at..((int)at + 1000)], part);
        }

        Assert.Equal(0, await stream.ReadAsync(part, Studio.Cancel));
        Assert.Null(studio.Footage.OpenRecording("seek", [.. spans, new SegmentSpan(99, 1, 0)], Container.Mp4));
    }

    [Fact]
    public async Task of_a_file_in_a_loop_never_goes_back_in_time()
    {
        await using var studio = new Studio();
        CameraTarget camera = await studio.WatchAsync("file://" + await Clips.FragmentedAsync());
        RecordingId recording = await studio.RecordAsync(camera, "loop");
        await Until.TrueAsync(() => studio.Engine.SignalOf(camera.CameraId)!.FramesIn > 200, TimeSpan.FromSeconds(20));
        await studio.Engine.StopAsync(recording, Studio.Cancel);

        var packets = await Program.PacketsAsync(await studio.JoinAsync("loop"));
        Assert.Equal(studio.Listener.Segments.Sum(segment => segment.FrameCount), packets.Count);
        Assert.All(packets.Zip(packets.Skip(1)), pair => Assert.InRange(pair.Second.Dts - pair.First.Dts, 0.001, 0.2));
    }
}
