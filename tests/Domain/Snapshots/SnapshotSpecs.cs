using Events.Domain.Kernel;
using Events.Domain.Snapshots;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Snapshots;

public sealed class A_snapshot
{
    private static readonly SnapshotId Shot = SnapshotId.New();
    private static readonly CameraId Gate = CameraId.New();
    private static readonly CameraNumber Number = new(0);
    private static readonly Picture Picture = new("gate.jpg", 20_480, Samples.Hash, 1280, 720, Now.AddMilliseconds(-40));
    private static readonly SnapshotTaken Taken =
        new(Shot, Gate, Number, "gate.jpg", 20_480, Samples.Hash, 1280, 720, Now.AddMilliseconds(-40), Now);

    private static readonly SnapshotFailed Failed = new(Shot, Gate, Number, "gate.jpg", "No picture yet", Now);
    private static readonly SnapshotDeleted Deleted = new(Shot, "Old", Now);

    private static Spec.Stage<Snapshot, SnapshotCommand, SnapshotEvent> Story => For(Snapshot.Decider);

    [Fact]
    public void is_a_picture_that_is_safe_on_disk() =>
        Story.When(new RecordSnapshot(Shot, Gate, Number, Picture)).Then(Taken);

    [Fact]
    public void says_why_there_is_none() =>
        Story.When(new ReportSnapshotFailure(Shot, Gate, Number, "gate.jpg", "No picture yet")).Then(Failed);

    [Fact]
    public void is_deleted_once() => Story.Given(Taken).When(new DeleteSnapshot(Shot, "Old")).Then(Deleted);

    [Fact]
    public void that_was_never_taken_cannot_be_deleted() =>
        Story.When(new DeleteSnapshot(Shot, "Old")).ThenRefused(SnapshotRefusals.NotFound);

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<Snapshot, SnapshotCommand, SnapshotEvent>(Snapshot.Decider)
            .State("Unknown")
            .State("Taken", Taken)
            .State("Failed", Failed)
            .State("Deleted", Taken, Deleted)
            .Command(new RecordSnapshot(Shot, Gate, Number, Picture))
            .Command(new ReportSnapshotFailure(Shot, Gate, Number, "gate.jpg", "No picture yet"))
            .Command(new DeleteSnapshot(Shot, "Old"))
            .Holds("""
                                      | Unknown            | Taken           | Failed             | Deleted
                RecordSnapshot        | SnapshotTaken      | nothing         | nothing            | nothing
                ReportSnapshotFailure | SnapshotFailed     | nothing         | nothing            | nothing
                DeleteSnapshot        | snapshot.not_found | SnapshotDeleted | snapshot.not_found | nothing
                """);
}
