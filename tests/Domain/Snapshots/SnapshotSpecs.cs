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

    private static readonly SnapshotTaken Encrypted = Taken with { StoredSha256 = new string('a', 64) };
    private static readonly SnapshotFailed Failed = new(Shot, Gate, Number, "gate.jpg", "No picture yet", Now);
    private static readonly SnapshotDeleted Deleted = new(Shot, "Old", Now);
    private static readonly SnapshotShredded Shredded = new(Shot, "Asked for", Now.AddSeconds(-1));
    private static readonly ShredSnapshot Shred = new(Shot, "Asked for");

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
    public void is_shredded_and_deleted_at_once() =>
        Story.Given(Encrypted)
            .When(Shred)
            .Then(new SnapshotShredded(Shot, "Asked for", Now), new SnapshotDeleted(Shot, "Asked for", Now));

    [Fact]
    public void is_shredded_also_when_its_file_is_gone_since_copies_may_not_be() =>
        Story.Given(Encrypted, Deleted).When(Shred).Then(new SnapshotShredded(Shot, "Asked for", Now));

    [Fact]
    public void is_shredded_once() =>
        Story.Given(Encrypted, Shredded, Deleted).When(new ShredSnapshot(Shot, "Another reason")).ThenNothing();

    [Fact]
    public void is_not_shredded_when_it_is_not_encrypted()
    {
        Story.Given(Taken).When(Shred).ThenRefused(SnapshotRefusals.NotEncrypted);
        Story.Given(Taken, Deleted).When(Shred).ThenRefused(SnapshotRefusals.NotEncrypted);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" Asked for")]
    [InlineData("Asked\nfor")]
    public void is_not_shredded_for_a_reason_that_is_not_one_line(string reason) =>
        Story.Given(Encrypted).When(new ShredSnapshot(Shot, reason)).ThenRefused(SnapshotRefusals.BadShredReason);

    [Fact]
    public void is_not_shredded_for_a_reason_beyond_its_bound() =>
        Story.Given(Encrypted)
            .When(new ShredSnapshot(Shot, new string('x', Snapshot.ShredReasonLengthMax + 1)))
            .ThenRefused(SnapshotRefusals.BadShredReason);

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<Snapshot, SnapshotCommand, SnapshotEvent>(Snapshot.Decider)
            .State("Unknown")
            .State("Taken", Taken)
            .State("Failed", Failed)
            .State("Deleted", Taken, Deleted)
            .State("Taken (encrypted)", Encrypted)
            .State("Deleted (encrypted)", Encrypted, Deleted)
            .State("Deleted (shredded)", Encrypted, Shredded, Deleted)
            .Command(new RecordSnapshot(Shot, Gate, Number, Picture))
            .Command(new ReportSnapshotFailure(Shot, Gate, Number, "gate.jpg", "No picture yet"))
            .Command(new DeleteSnapshot(Shot, "Old"))
            .Command(Shred)
            .Holds(
                """
                                      | Unknown            | Taken                  | Failed             | Deleted
                RecordSnapshot        | SnapshotTaken      | nothing                | nothing            | nothing
                ReportSnapshotFailure | SnapshotFailed     | nothing                | nothing            | nothing
                DeleteSnapshot        | snapshot.not_found | SnapshotDeleted        | snapshot.not_found | nothing
                ShredSnapshot         | snapshot.not_found | snapshot.not_encrypted | snapshot.not_found | snapshot.not_encrypted
                """,
                """
                                      | Taken (encrypted)                  | Deleted (encrypted) | Deleted (shredded)
                RecordSnapshot        | nothing                            | nothing             | nothing
                ReportSnapshotFailure | nothing                            | nothing             | nothing
                DeleteSnapshot        | SnapshotDeleted                    | nothing             | nothing
                ShredSnapshot         | SnapshotShredded + SnapshotDeleted | SnapshotShredded    | nothing
                """);
}
