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
}
