using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Recordings;

public sealed class A_recording
{
    private const string Name = "camera0_2026-03-01_11-00-00";

    private static readonly CameraId Gate = CameraId.New();
    private static readonly RecordingId Take = RecordingId.New();
    private static readonly CameraNumber Number = new(0);
    private static readonly DateTimeOffset FirstFrameAt = Now.AddMinutes(-59);
    private static readonly Segment FirstSegment = new(1, 5_000, 800, Samples.Hash, FirstFrameAt, 10_000, 300);
    private static readonly RequestRecording Request = new(Take, Gate, Number, Name, null);
    private static readonly RecordingRequested Requested = new(Take, Gate, Number, Name, null, Now.AddHours(-1));
    private static readonly RecordingStarted Started = new(Take, FirstFrameAt, Now.AddMinutes(-59));
    private static readonly RecordingInterrupted Interrupted = new(Take, "camera_lost", Now.AddMinutes(-30));
    private static readonly RecordingStopped Stopped = new(Take, StopReason.Requested, Now.AddMinutes(-1), Now.AddMinutes(-1));
    private static readonly RecordingFailed Failed = new(Take, "No answer in 10 s", Now.AddMinutes(-59));
    private static readonly RecordingDeleted Deleted = new(Take, "Old", Now.AddSeconds(-1));
    private static readonly RecordingSegmentCommitted Committed = Fact(FirstSegment, Now.AddMinutes(-58));

    private static Spec.Stage<Recording, RecordingCommand, RecordingEvent> Story => For(Recording.Decider);

    [Fact]
    public void is_asked_for_first() =>
        Story.When(Request).Then(new RecordingRequested(Take, Gate, Number, Name, null, Now));

    [Fact]
    public void begins_with_its_first_frame() =>
        Story.Given(Requested)
            .When(new ConfirmRecordingStarted(Take, FirstFrameAt))
            .Then(new RecordingStarted(Take, FirstFrameAt, Now));

    [Fact]
    public void is_settled_by_the_first_report() =>
        Story.Given(Requested, Started).When(new ConfirmRecordingStarted(Take, Now.AddSeconds(9))).ThenNothing();

    [Fact]
    public void takes_each_segment_once() =>
        Story.Given(Requested, Started).When(new CommitSegment(Take, FirstSegment)).Then(Fact(FirstSegment, Now));

    [Fact]
    public void takes_a_segment_that_is_reported_after_its_end() =>
        Story.Given(Requested, Started, Stopped).When(new CommitSegment(Take, FirstSegment)).Then(Fact(FirstSegment, Now));

    [Fact]
    public void ignores_a_segment_with_a_number_that_it_has_passed() =>
        Story.Given(Requested, Started, Committed)
            .When(new CommitSegment(Take, FirstSegment with { SizeBytes = 9 }))
            .ThenNothing();

    [Fact]
    public void adds_up_its_footage() =>
        Assert.Equal(
            (2, 25_000L),
            Story.Given(Requested, Started, Committed, Fact(FirstSegment with { Number = 2, DurationMs = 15_000 }, Now)).State
                is Recording.Running r ? (r.LastSegment, r.FootageMs) : default);

    [Fact]
    public void goes_on_after_an_interruption_and_keeps_its_start()
    {
        Story.Given(Requested, Started, Interrupted)
            .When(new ReportRecordingRecovered(Take, Now))
            .Then(new RecordingRecovered(Take, Now, Now));

        var running = (Recording.Running)Story.Given(
            Requested with { DurationMs = 60_000 }, Started, Interrupted, new RecordingRecovered(Take, Now, Now)).State;
        Assert.Equal(FirstFrameAt.AddMinutes(1), running.Take.EndsAt);
    }

    [Fact]
    public void has_no_end_before_it_has_a_start() =>
        Assert.Null(((Recording.Requested)Story.Given(Requested with { DurationMs = 60_000 }).State).Take.EndsAt);

    [Theory]
    [InlineData(StopReason.Requested)]
    [InlineData(StopReason.DurationReached)]
    [InlineData(StopReason.CameraRetired)]
    public void stops_for_a_reason(StopReason reason) =>
        Story.Given(Requested, Started)
            .When(new EndRecording(Take, reason, Now))
            .Then(new RecordingStopped(Take, reason, Now, Now));

    [Fact]
    public void is_stopped_for_the_first_reason_given() =>
        Story.Given(Requested, Started, Stopped).When(new EndRecording(Take, StopReason.CameraRetired, Now)).ThenNothing();

    [Fact]
    public void is_not_deleted_while_it_is_written() =>
        Story.Given(Requested, Started).When(new DeleteRecording(Take, "Old")).ThenRefused(RecordingRefusals.StillRunning);

    [Fact]
    public void is_deleted_once() =>
        Story.Given(Requested, Started, Stopped).When(new DeleteRecording(Take, "Old")).Then(new RecordingDeleted(Take, "Old", Now));

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<Recording, RecordingCommand, RecordingEvent>(Recording.Decider)
            .State("Unknown")
            .State("Requested", Requested)
            .State("Running", Requested, Started)
            .State("Interrupted", Requested, Started, Interrupted)
            .State("Ended", Requested, Started, Stopped)
            .State("Ended (failed)", Requested, Failed)
            .State("Deleted", Requested, Started, Stopped, Deleted)
            .Command(Request)
            .Command(new ConfirmRecordingStarted(Take, FirstFrameAt))
            .Command(new ReportRecordingFailure(Take, "No answer"))
            .Command(new CommitSegment(Take, FirstSegment))
            .Command(new ReportRecordingInterrupted(Take, "camera_lost"))
            .Command(new ReportRecordingRecovered(Take, Now))
            .Command(new EndRecording(Take, StopReason.Requested, Now))
            .Command(new DeleteRecording(Take, "Old"))
            .Holds(Table);

    private const string Table = """
                                   | Unknown             | Requested                 | Running                   | Interrupted               | Ended                     | Ended (failed)            | Deleted
        RequestRecording           | RecordingRequested  | nothing                   | nothing                   | nothing                   | nothing                   | nothing                   | nothing
        ConfirmRecordingStarted    | recording.not_found | RecordingStarted          | nothing                   | nothing                   | nothing                   | nothing                   | nothing
        ReportRecordingFailure     | recording.not_found | RecordingFailed           | RecordingFailed           | RecordingFailed           | nothing                   | nothing                   | nothing
        CommitSegment              | recording.not_found | RecordingSegmentCommitted | RecordingSegmentCommitted | RecordingSegmentCommitted | RecordingSegmentCommitted | RecordingSegmentCommitted | RecordingSegmentCommitted
        ReportRecordingInterrupted | recording.not_found | nothing                   | RecordingInterrupted      | nothing                   | nothing                   | nothing                   | nothing
        ReportRecordingRecovered   | recording.not_found | nothing                   | nothing                   | RecordingRecovered        | nothing                   | nothing                   | nothing
        EndRecording               | recording.not_found | RecordingStopped          | RecordingStopped          | RecordingStopped          | nothing                   | nothing                   | nothing
        DeleteRecording            | recording.not_found | recording.still_running   | recording.still_running   | recording.still_running   | RecordingDeleted          | RecordingDeleted          | nothing
        """;

    private static RecordingSegmentCommitted Fact(Segment s, DateTimeOffset at) =>
        new(Take, s.Number, s.SizeBytes, s.HeaderBytes, s.Sha256, s.StartedAt, s.DurationMs, s.FrameCount, at);
}
