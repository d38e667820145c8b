using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Snapshots;

namespace Events.Application.Snapshots;

/// <summary>One row per snapshot, taken, failed or deleted.</summary>
/// <param name="IsEncrypted">On disk. The size is that of the picture all the same.</param>
/// <param name="Failure">Null unless <paramref name="Status"/> is <see cref="SnapshotStatus.Failed"/>.</param>
/// <param name="ShreddedAt">When its key was destroyed, UTC; null when it was not.</param>
public sealed record SnapshotView(
    SnapshotId Id,
    CameraId CameraId,
    CameraNumber CameraNumber,
    string FileName,
    SnapshotStatus Status,
    long SizeBytes,
    int Width,
    int Height,
    DateTimeOffset At,
    string? Failure,
    long Version,
    bool IsEncrypted = false,
    DateTimeOffset? ShreddedAt = null)
{
    /// <summary>
    /// The snapshot that has a file of this name, or had one. A name is given once; should two hosts have given it at the same
    /// moment, then the one that is still there.
    /// </summary>
    public static ViewQuery Named(string fileName) =>
        new(
            [
                new ViewFilter("file_name", ViewOperator.Equal, fileName),
                new ViewFilter("status", ViewOperator.NotEqual, nameof(SnapshotStatus.Failed)),
            ],
            OrderBy: "status",
            IsDescending: true,
            Limit: 1);
}

/// <summary>What became of a snapshot.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum SnapshotStatus
{
    Taken = 1,
    Failed = 2,
    Deleted = 3,
}

/// <summary>Folds a snapshot's facts into <see cref="SnapshotView"/>.</summary>
public static class SnapshotViewProjection
{
    public static View<SnapshotView> View { get; } = new(
        "SnapshotView",
        3,
        StoredJson.Default.SnapshotView,
        [
            new("file_name", ViewColumnType.Text, IsIndexed: true, row => row.FileName),
            new("camera_id", ViewColumnType.Text, IsIndexed: true, row => row.CameraId.ToString()),
            new("status", ViewColumnType.Text, IsIndexed: false, row => row.Status.ToString()),
            new("at", ViewColumnType.Instant, IsIndexed: true, row => row.At),
        ],
        new ViewFold<SnapshotView, SnapshotEvent>(fact => fact.SnapshotId.ToString(), Project));

    public static SnapshotView? Project(SnapshotView? row, Recorded<SnapshotEvent> recorded) =>
        (row, recorded.Fact) switch
        {
            (null, SnapshotTaken e) => new(
                e.SnapshotId, e.CameraId, e.CameraNumber, e.FileName, SnapshotStatus.Taken,
                e.SizeBytes, e.Width, e.Height, e.CapturedAt, null, recorded.Version, e.StoredSha256 is not null),
            (null, SnapshotFailed e) => new(
                e.SnapshotId, e.CameraId, e.CameraNumber, e.FileName, SnapshotStatus.Failed,
                0, 0, 0, e.At, e.Why, recorded.Version),
            (null, _) => null,
            ({ Version: var seen }, _) when recorded.Version <= seen => row,
            ({ }, SnapshotDeleted) => row with { Status = SnapshotStatus.Deleted, Version = recorded.Version },
            ({ }, SnapshotShredded e) => row with { ShreddedAt = e.At, Version = recorded.Version },
            _ => row,
        };
}
