using System.Globalization;
using Events.Application;
using Events.Application.Recordings;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Xunit;

namespace Events.Tests.Domain.Recordings;

/// <summary>Minutes are counted from noon, the beginning of most ranges; now is an hour later.</summary>
public sealed class TimelineSpecs : IAsyncDisposable
{
    private readonly World _world = new();
    private readonly Timelines _timelines;

    public TimelineSpecs()
    {
        _timelines = new Timelines(_world.Views, _world.Streams, _world.Streams, _world.Clock);
        _world.Clock.Advance(TimeSpan.FromHours(1));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task shows_a_camera_that_was_never_recorded()
    {
        Assert.Equal("0-30 not_recorded", await TellAsync(0, 30));
    }

    [Fact]
    public async Task joins_segments_that_follow_each_other()
    {
        Record(5, Segment(1, 5, 5), Segment(2, 10, 5), Stop(15));

        Assert.Equal("0-5 not_recorded, 5-15 safe, 15-30 not_recorded", await TellAsync(0, 30));
    }

    [Fact]
    public async Task tells_footage_that_a_range_cuts()
    {
        Record(0, Segment(1, 0, 60), Stop(60));

        Assert.Equal("10-20 safe", await TellAsync(10, 20));
    }

    [Theory]
    [InlineData("camera_lost")]
    [InlineData("storage_failed")]
    [InlineData("host_stopped")]
    public async Task says_why_footage_is_missing(string why)
    {
        Record(
            0, Segment(1, 0, 10), new RecordingInterrupted(Samples.Take, why, At(10)),
            new RecordingRecovered(Samples.Take, At(20), At(20)), Segment(2, 20, 10), Stop(30));

        Assert.Equal($"0-10 safe, 10-20 {why}, 20-30 safe", await TellAsync(0, 30));
    }

    [Fact]
    public async Task does_not_take_one_interruption_s_reason_for_another_s()
    {
        Record(
            0, Segment(1, 0, 5), new RecordingInterrupted(Samples.Take, "camera_lost", At(5)),
            new RecordingRecovered(Samples.Take, At(10), At(10)), Segment(2, 10, 5),
            new RecordingInterrupted(Samples.Take, "storage_failed", At(15)),
            new RecordingRecovered(Samples.Take, At(20), At(20)), Segment(3, 20, 5), Stop(25));

        Assert.Equal("0-5 safe, 5-10 camera_lost, 10-15 safe, 15-20 storage_failed, 20-25 safe", await TellAsync(0, 25));
    }

    [Fact]
    public async Task cuts_a_gap_where_its_reason_changes()
    {
        Record(0, Segment(1, 0, 10), Stop(10), new RecordingDeleted(Samples.Take, "age", At(50)));
        Record(20, new RecordingFailed(Samples.Take, "No answer in 10 s", At(22)));

        Assert.Equal("0-10 deleted, 10-20 not_recorded, 20-22 failed, 22-30 not_recorded", await TellAsync(0, 30));
    }

    [Fact]
    public async Task ends_now_with_what_is_being_written()
    {
        Record(30, Segment(1, 30, 10));

        Assert.Equal("0-30 not_recorded, 30-40 safe, 40-60 unsafe", await TellAsync(0, 90));
    }

    [Fact]
    public async Task is_empty_in_the_future()
    {
        Assert.Equal("", await TellAsync(120, 180));
    }

    [Theory]
    [InlineData(0, 5, "0-5 not_recorded")]
    [InlineData(2, 5, "0-5 unsafe")]
    [InlineData(3, 12, "0-10 safe, 10-12 unsafe")]
    [InlineData(4, 15, "0-10 safe, 10-15 camera_lost")]
    [InlineData(6, 30, "0-10 safe, 10-20 camera_lost, 20-30 safe")]
    [InlineData(8, 50, "0-10 safe, 10-20 camera_lost, 20-30 safe, 30-50 not_recorded")]
    [InlineData(9, 50, "0-30 deleted, 30-50 not_recorded")]
    public async Task shows_what_was_known_as_of_a_fact(int position, int minute, string told)
    {
        Record(
            0, Segment(1, 0, 10), new RecordingInterrupted(Samples.Take, "camera_lost", At(10)),
            new RecordingRecovered(Samples.Take, At(20), At(20)), Segment(2, 20, 10), Stop(30),
            new LegalHoldReleased(Samples.Take, "Closed", At(31)), new RecordingDeleted(Samples.Take, "age", At(50)));
        Record(45, Segment(1, 45, 5));

        Assert.Equal(told, await TellAsync(0, 90, new PastMoment(position, At(minute))));
    }

    [Fact]
    public async Task does_not_mix_cameras()
    {
        Record(0, Segment(1, 0, 30), Stop(30));
        Timeline other = (await _timelines.OfAsync(CameraId.New(), At(0), At(30), null, World.Token))!;

        Assert.Equal("not_recorded", Assert.Single(other.Gaps).Why);
    }

    private static DateTimeOffset At(double minute) => Spec.Now.AddMinutes(minute);

    private static RecordingSegmentCommitted Segment(int number, double from, double minutes) =>
        new(Samples.Take, number, 5_000, 800, Samples.Hash, At(from), (long)(minutes * 60_000), 100, At(from + minutes));

    private static RecordingStopped Stop(double at) => new(Samples.Take, StopReason.Requested, At(at), At(at));

    private void Record(double from, params RecordingEvent[] later)
    {
        RecordingId id = RecordingId.New();
        _world.Streams.Seed(
            $"recording-{id}",
            [
                new RecordingRequested(id, Samples.Gate, Samples.Number, $"r{from}", null, At(from)),
                .. later is [RecordingFailed, ..] ? Array.Empty<object>() : [new RecordingStarted(id, At(from), At(from))],
                .. later.Select(fact => fact with { RecordingId = id }),
            ]);
    }

    /// <summary>Footage and gaps in one line, in order.</summary>
    private async Task<string> TellAsync(double from, double to, PastMoment? asOf = null)
    {
        Timeline found = (await _timelines.OfAsync(Samples.Gate, At(from), At(to), asOf, World.Token))!;
        IEnumerable<(DateTimeOffset From, DateTimeOffset To, string What)> parts =
        [
            .. found.Recorded.Select(one => (one.From, one.To, one.IsSafe ? "safe" : "unsafe")),
            .. found.Gaps.Select(gap => (gap.From, gap.To, gap.Why)),
        ];
        return string.Join(", ", parts.OrderBy(part => part.From).Select(part => $"{Minute(part.From)}-{Minute(part.To)} {part.What}"));
    }

    private static string Minute(DateTimeOffset at) => (at - Spec.Now).TotalMinutes.ToString("0.#", CultureInfo.InvariantCulture);
}
