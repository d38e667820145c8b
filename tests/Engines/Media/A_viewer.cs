using Events.Media.Live;
using Events.Media.Mp4;
using Xunit;

namespace Events.Tests.Engines.Media;

/// <summary>What becomes of a viewer that takes its pictures as they come, and of one that does not.</summary>
public sealed class A_viewer
{
    private readonly SetClock _clock = new();
    private int _pictures;

    [Fact]
    public async Task gets_every_picture_in_order_from_a_key_frame_on()
    {
        StreamHeader header = await Pictures.HeaderAsync("h264");
        using var queue = new ViewerQueue(_clock);
        AccessUnit[] units = [.. new[] { false, true, false, false, true }.Select(isKey => Next(header, isKey))];
        Array.ForEach(units, queue.Offer);

        Assert.Equal(units[1..], TakeAll(queue));
        Assert.Null(queue.TryTake());
        Assert.Equal(0, queue.SkippedCount);
    }

    [Fact]
    public async Task begins_with_the_present_group_of_pictures_however_large()
    {
        StreamHeader header = await Pictures.HeaderAsync("h264");
        using var queue = new ViewerQueue(_clock);
        AccessUnit[] group = [.. Enumerable.Range(0, 5).Select(i => Next(header, i == 0, ViewerQueue.BytesMax / 4))];
        queue.Begin(group);

        Assert.Equal(group, TakeAll(queue));
    }

    [Fact]
    public async Task that_is_a_second_behind_goes_on_at_the_next_key_frame()
    {
        StreamHeader header = await Pictures.HeaderAsync("h264");
        using var queue = new ViewerQueue(_clock);
        queue.Offer(Next(header, isKey: true));
        _clock.Pass(ViewerQueue.LagMax / 2);
        queue.Offer(Next(header, isKey: true));
        _clock.Pass((ViewerQueue.LagMax / 2) + TimeSpan.FromMilliseconds(1));
        queue.Offer(Next(header, isKey: false));
        AccessUnit key = Next(header, isKey: true);
        queue.Offer(key);

        Assert.Equal([key], TakeAll(queue));
        Assert.Equal(3, queue.SkippedCount);
    }

    [Fact]
    public async Task that_is_far_behind_does_not_wait_for_a_key_frame_to_let_go()
    {
        StreamHeader header = await Pictures.HeaderAsync("h264");
        using var queue = new ViewerQueue(_clock);
        queue.Offer(Next(header, isKey: true));
        _clock.Pass(ViewerQueue.LagHardMax + TimeSpan.FromMilliseconds(1));
        queue.Offer(Next(header, isKey: false));
        Assert.Empty(TakeAll(queue));
        queue.Offer(Next(header, isKey: false));
        AccessUnit key = Next(header, isKey: true);
        queue.Offer(key);

        Assert.Equal([key], TakeAll(queue));
        Assert.Equal(3, queue.SkippedCount);
    }

    [Fact]
    public async Task never_holds_more_bytes_than_its_bound()
    {
        StreamHeader header = await Pictures.HeaderAsync("h264");
        using var queue = new ViewerQueue(_clock);
        const int third = ViewerQueue.BytesMax / 3;
        for (int i = 0; i < 4; i++)
        {
            queue.Offer(Next(header, isKey: i == 0, third));
        }

        Assert.Empty(TakeAll(queue)); // The fourth was one too many, and the group is of no use without it.
    }

    [Fact]
    public async Task wakes_for_a_picture_and_for_the_end()
    {
        StreamHeader header = await Pictures.HeaderAsync("h264");
        using var queue = new ViewerQueue(_clock);
        Task waiting = queue.WaitAsync(TimeSpan.FromSeconds(20), Studio.Cancel);
        Assert.False(waiting.IsCompleted);
        queue.Offer(Next(header, isKey: true));
        await waiting;
        queue.End();
        Assert.False(queue.IsEnded);
        Assert.Single(TakeAll(queue));
        Assert.True(queue.IsEnded);
        await queue.WaitAsync(TimeSpan.FromSeconds(20), Studio.Cancel);
    }

    /// <summary>Bytes go back to the pool only when the last viewer has let go of them.</summary>
    [Fact]
    public async Task keeps_its_pictures_while_it_has_them()
    {
        StreamHeader header = await Pictures.HeaderAsync("h264");
        using var queue = new ViewerQueue(_clock);
        Fragment fragment = Pictures.Fragment(header, true, Pictures.Join([[0x65, 1, 2, 3]]));
        queue.Offer(AccessUnit.Newest(fragment));
        fragment.Release();
        AccessUnit unit = queue.TryTake()!;
        byte[] bytes = new byte[unit.Length];
        unit.CopyTo(0, bytes);

        Assert.Equal([0, 0, 0, 4, 0x65, 1, 2, 3], bytes);
        unit.Fragment.Release();
        Assert.Throws<ArgumentOutOfRangeException>(() => fragment.PiecesAt(0, 8)); // Nothing is left to look at.
    }

    private AccessUnit Next(StreamHeader header, bool isKey, int bytes = 8) =>
        Pictures.Unit(header, isKey, new byte[bytes], 1, 3_000 * ++_pictures);

    private static List<AccessUnit> TakeAll(ViewerQueue queue)
    {
        List<AccessUnit> taken = [];
        while (queue.TryTake() is AccessUnit unit)
        {
            unit.Fragment.Release();
            taken.Add(unit);
        }

        return taken;
    }

    private sealed class SetClock : TimeProvider
    {
        private long _ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan span) => _ticks += span.Ticks;

        public override long GetTimestamp() => _ticks;
    }
}
