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
    private static readonly LegalHoldPlaced Held = new(Take, "Case 2026-17", Now.AddSeconds(-30));
    private static readonly LegalHoldReleased Released = new(Take, "Closed", Now.AddSeconds(-10));
    private static readonly RecordingSegmentCommitted Committed = Fact(FirstSegment, Now.AddMinutes(-58));
    private static readonly Segment EncryptedSegment = FirstSegment with { StoredSha256 = new string('a', 64) };
    private static readonly RecordingSegmentCommitted Encrypted = Fact(EncryptedSegment, Now.AddMinutes(-58));
    private static readonly RecordingShredded Shredded = new(Take, "Asked for", Now.AddSeconds(-1));
    private static readonly ShredRecording Shred = new(Take, "Asked for");

    private static Spec.Stage<Recording, RecordingCommand, RecordingEvent> Story => For(Recording.Decider);

    [Fact]
    public void is_asked_for_first() =>
        Story.When(Request).Then(new RecordingRequested(Take, Gate, Number, Name, null, Now));

    [Fact]
    public void remembers_as_what_it_is_handed_out() =>
        Story.When(Request with { Format = RecordingFormat.Mp4 })
            .Then(new RecordingRequested(Take, Gate, Number, Name, null, Now, RecordingFormat.Mp4));

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
    public void keeps_how_a_segment_lies_on_disk() =>
        Story.Given(Requested, Started).When(new CommitSegment(Take, EncryptedSegment)).Then(Fact(EncryptedSegment, Now));

    [Fact]
    public void is_shredded_and_deleted_at_once() =>
        Story.Given(Requested, Started, Encrypted, Stopped)
            .When(Shred)
            .Then(new RecordingShredded(Take, "Asked for", Now), new RecordingDeleted(Take, "Asked for", Now));

    [Fact]
    public void is_shredded_also_when_its_files_are_gone_since_copies_may_not_be() =>
        Story.Given(Requested, Started, Encrypted, Stopped, Deleted)
            .When(Shred)
            .Then(new RecordingShredded(Take, "Asked for", Now));

    [Fact]
    public void is_shredded_once() =>
        Story.Given(Requested, Started, Encrypted, Stopped, Shredded, Deleted)
            .When(new ShredRecording(Take, "Another reason"))
            .ThenNothing();

    [Fact]
    public void is_not_shredded_under_legal_hold() =>
        Story.Given(Requested, Started, Encrypted, Stopped, Held).When(Shred).ThenRefused(RecordingRefusals.LegalHold);

    [Fact]
    public void is_shredded_when_its_hold_was_released() =>
        Story.Given(Requested, Started, Encrypted, Stopped, Held, Released)
            .When(Shred)
            .Then(new RecordingShredded(Take, "Asked for", Now), new RecordingDeleted(Take, "Asked for", Now));

    [Fact]
    public void is_not_shredded_when_a_part_of_it_is_not_encrypted()
    {
        Story.Given(Requested, Started, Committed, Stopped).When(Shred).ThenRefused(RecordingRefusals.NotEncrypted);
        Story.Given(Requested, Started, Committed, Fact(EncryptedSegment with { Number = 2 }, Now), Stopped)
            .When(Shred)
            .ThenRefused(RecordingRefusals.NotEncrypted);
        Story.Given(Requested, Failed).When(Shred).ThenRefused(RecordingRefusals.NotEncrypted);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" Case")]
    [InlineData("Case\n17")]
    public void is_not_shredded_for_a_reason_that_is_not_one_line(string reason) =>
        Story.Given(Requested, Started, Encrypted, Stopped)
            .When(new ShredRecording(Take, reason))
            .ThenRefused(RecordingRefusals.BadShredReason);

    [Fact]
    public void is_not_shredded_for_a_reason_beyond_its_bound() =>
        Story.Given(Requested, Started, Encrypted, Stopped)
            .When(new ShredRecording(Take, new string('x', Recording.ShredReasonLengthMax + 1)))
            .ThenRefused(RecordingRefusals.BadShredReason);

    [Fact]
    public void is_held_also_while_it_is_written() =>
        Story.Given(Requested, Started)
            .When(new PlaceLegalHold(Take, "Case 2026-17"))
            .Then(new LegalHoldPlaced(Take, "Case 2026-17", Now));

    [Fact]
    public void keeps_its_hold_over_everything_that_happens_to_it()
    {
        RecordingEvent[] life =
            [Requested, Held, Started, Committed, Interrupted, new RecordingRecovered(Take, Now, Now), Stopped];

        Story.Given(life).When(new DeleteRecording(Take, "age")).ThenRefused(RecordingRefusals.LegalHold);
        Story.Given(Requested, Held, Failed).When(new DeleteRecording(Take, "age")).ThenRefused(RecordingRefusals.LegalHold);
    }

    [Fact]
    public void may_be_deleted_when_its_hold_was_released() =>
        Story.Given(Requested, Started, Stopped, Held, Released)
            .When(new DeleteRecording(Take, "age"))
            .Then(new RecordingDeleted(Take, "age", Now));

    [Fact]
    public void keeps_the_first_hold_when_another_is_asked_for() =>
        Story.Given(Requested, Started, Stopped, Held)
            .When(new PlaceLegalHold(Take, "Case 2026-18"))
            .ThenRefused(RecordingRefusals.AlreadyHeld);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(" Case")]
    [InlineData("Case\n17")]
    [InlineData("Case \u202e17")]
    public void takes_no_reason_that_is_not_one_line(string reason)
    {
        Story.Given(Requested).When(new PlaceLegalHold(Take, reason)).ThenRefused(RecordingRefusals.BadHoldReason);
        Story.Given(Requested, Held).When(new ReleaseLegalHold(Take, reason)).ThenRefused(RecordingRefusals.BadHoldReason);
    }

    [Fact]
    public void takes_a_reason_up_to_its_bound()
    {
        string longest = new('x', Recording.HoldReasonLengthMax);

        Story.Given(Requested).When(new PlaceLegalHold(Take, longest)).Then(new LegalHoldPlaced(Take, longest, Now));
        Story.Given(Requested).When(new PlaceLegalHold(Take, longest + "x")).ThenRefused(RecordingRefusals.BadHoldReason);
    }

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<Recording, RecordingCommand, RecordingEvent>(Recording.Decider)
            .State("Unknown")
            .State("Requested", Requested)
            .State("Running", Requested, Started)
            .State("Interrupted", Requested, Started, Interrupted)
            .State("Ended", Requested, Started, Stopped)
            .State("Ended (failed)", Requested, Failed)
            .State("Ended (held)", Requested, Started, Stopped, Held)
            .State("Running (held)", Requested, Started, Held)
            .State("Deleted", Requested, Started, Stopped, Deleted)
            .State("Ended (encrypted)", Requested, Started, Encrypted, Stopped)
            .State("Ended (encrypted, held)", Requested, Started, Encrypted, Stopped, Held)
            .State("Deleted (encrypted)", Requested, Started, Encrypted, Stopped, Deleted)
            .State("Deleted (shredded)", Requested, Started, Encrypted, Stopped, Shredded, Deleted)
            .Command(Request)
            .Command(new ConfirmRecordingStarted(Take, FirstFrameAt))
            .Command(new ReportRecordingFailure(Take, "No answer"))
            .Command(new CommitSegment(Take, FirstSegment))
            .Command(new ReportRecordingInterrupted(Take, "camera_lost"))
            .Command(new ReportRecordingRecovered(Take, Now))
            .Command(new EndRecording(Take, StopReason.Requested, Now))
            .Command(new DeleteRecording(Take, "Old"))
            .Command(Shred)
            .Command(new PlaceLegalHold(Take, "Case 2026-17"))
            .Command(new PlaceLegalHold(Take, "Case 2026-18"), "another")
            .Command(new ReleaseLegalHold(Take, "Closed"))
            .Holds(Table, EncryptedTable);

    private const string Table = """
                                   | Unknown             | Requested                 | Running                   | Interrupted               | Ended                     | Ended (failed)            | Ended (held)              | Running (held)            | Deleted
        RequestRecording           | RecordingRequested  | nothing                   | nothing                   | nothing                   | nothing                   | nothing                   | nothing                   | nothing                   | nothing
        ConfirmRecordingStarted    | recording.not_found | RecordingStarted          | nothing                   | nothing                   | nothing                   | nothing                   | nothing                   | nothing                   | nothing
        ReportRecordingFailure     | recording.not_found | RecordingFailed           | RecordingFailed           | RecordingFailed           | nothing                   | nothing                   | nothing                   | RecordingFailed           | nothing
        CommitSegment              | recording.not_found | RecordingSegmentCommitted | RecordingSegmentCommitted | RecordingSegmentCommitted | RecordingSegmentCommitted | RecordingSegmentCommitted | RecordingSegmentCommitted | RecordingSegmentCommitted | RecordingSegmentCommitted
        ReportRecordingInterrupted | recording.not_found | nothing                   | RecordingInterrupted      | nothing                   | nothing                   | nothing                   | nothing                   | RecordingInterrupted      | nothing
        ReportRecordingRecovered   | recording.not_found | nothing                   | nothing                   | RecordingRecovered        | nothing                   | nothing                   | nothing                   | nothing                   | nothing
        EndRecording               | recording.not_found | RecordingStopped          | RecordingStopped          | RecordingStopped          | nothing                   | nothing                   | nothing                   | RecordingStopped          | nothing
        DeleteRecording            | recording.not_found | recording.still_running   | recording.still_running   | recording.still_running   | RecordingDeleted          | RecordingDeleted          | recording.legal_hold      | recording.still_running   | nothing
        ShredRecording             | recording.not_found | recording.still_running   | recording.still_running   | recording.still_running   | recording.not_encrypted   | recording.not_encrypted   | recording.legal_hold      | recording.still_running   | recording.not_encrypted
        PlaceLegalHold             | recording.not_found | LegalHoldPlaced           | LegalHoldPlaced           | LegalHoldPlaced           | LegalHoldPlaced           | LegalHoldPlaced           | nothing                   | nothing                   | recording.deleted
        PlaceLegalHold (another)   | recording.not_found | LegalHoldPlaced           | LegalHoldPlaced           | LegalHoldPlaced           | LegalHoldPlaced           | LegalHoldPlaced           | recording.already_held    | recording.already_held    | recording.deleted
        ReleaseLegalHold           | recording.not_found | nothing                   | nothing                   | nothing                   | nothing                   | nothing                   | LegalHoldReleased         | LegalHoldReleased         | nothing
        """;

    private const string EncryptedTable = """
                                   | Ended (encrypted)                    | Ended (encrypted, held) | Deleted (encrypted) | Deleted (shredded)
        RequestRecording           | nothing                              | nothing                 | nothing             | nothing
        ConfirmRecordingStarted    | nothing                              | nothing                 | nothing             | nothing
        ReportRecordingFailure     | nothing                              | nothing                 | nothing             | nothing
        CommitSegment              | nothing                              | nothing                 | nothing             | nothing
        ReportRecordingInterrupted | nothing                              | nothing                 | nothing             | nothing
        ReportRecordingRecovered   | nothing                              | nothing                 | nothing             | nothing
        EndRecording               | nothing                              | nothing                 | nothing             | nothing
        DeleteRecording            | RecordingDeleted                     | recording.legal_hold    | nothing             | nothing
        ShredRecording             | RecordingShredded + RecordingDeleted | recording.legal_hold    | RecordingShredded   | nothing
        PlaceLegalHold             | LegalHoldPlaced                      | nothing                 | recording.deleted   | recording.deleted
        PlaceLegalHold (another)   | LegalHoldPlaced                      | recording.already_held  | recording.deleted   | recording.deleted
        ReleaseLegalHold           | nothing                              | LegalHoldReleased       | nothing             | nothing
        """;

    private static RecordingSegmentCommitted Fact(Segment s, DateTimeOffset at) =>
        new(Take, s.Number, s.SizeBytes, s.HeaderBytes, s.Sha256, s.StartedAt, s.DurationMs, s.FrameCount, at, s.StoredSha256);
}
