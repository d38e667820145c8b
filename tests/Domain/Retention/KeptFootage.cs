using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;

namespace Events.Tests.Domain.Retention;

/// <summary>Footage of an earlier time, as facts and as files.</summary>
internal static class KeptFootage
{
    public const long RecordingBytes = 5_000;
    public const long SnapshotBytes = 200;

    /// <param name="daysOld">Since its last picture.</param>
    public static RecordingId Recording(this World world, string name, double daysOld, params RecordingEvent[] later)
    {
        RecordingId id = RecordingId.New();
        DateTimeOffset endedAt = Spec.Now.AddDays(-daysOld);
        world.Streams.Seed(
            $"recording-{id}",
            [
                new RecordingRequested(id, Samples.Gate, Samples.Number, name, null, endedAt.AddMinutes(-1)),
                new RecordingStarted(id, endedAt.AddMinutes(-1), endedAt.AddMinutes(-1)),
                new RecordingSegmentCommitted(id, 1, RecordingBytes, 800, Samples.Hash, endedAt.AddMinutes(-1), 60_000, 1_800, endedAt),
                new RecordingStopped(id, StopReason.Requested, endedAt, endedAt),
                .. later.Select(fact => fact with { RecordingId = id }),
            ]);
        world.Footage.Recordings.Add(name);
        return id;
    }

    public static RecordingId HeldRecording(this World world, string name, double daysOld) =>
        world.Recording(name, daysOld, new LegalHoldPlaced(Samples.Take, "Case 2026-17", Spec.Now));

    public static SnapshotId Snapshot(this World world, string fileName, double daysOld)
    {
        SnapshotId id = SnapshotId.New();
        DateTimeOffset at = Spec.Now.AddDays(-daysOld);
        world.Streams.Seed(
            $"snapshot-{id}",
            new SnapshotTaken(id, Samples.Gate, Samples.Number, fileName, SnapshotBytes, Samples.Hash, 1280, 720, at, at));
        world.Footage.Snapshots.Add(fileName);
        return id;
    }
}
