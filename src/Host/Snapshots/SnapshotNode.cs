using Events.Application.Snapshots;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Snapshots;

/// <summary>One picture of a camera, kept as a JPEG.</summary>
/// <param name="Id">Of the snapshot in the whole schema.</param>
/// <param name="CameraId">The camera's UUID.</param>
/// <param name="CameraNumber">0, 1, ...</param>
/// <param name="Status">What became of it.</param>
/// <param name="SizeBytes">0 when it failed, as are width and height.</param>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="At">When the frame that it shows arrived, or when it failed.</param>
/// <param name="Failure">Null unless it failed.</param>
/// <param name="IsEncrypted">Whether its file is encrypted on disk.</param>
/// <param name="ShreddedAt">When its key was destroyed, and all copies of its file with it; null when it was not.</param>
/// <param name="Version">Facts of this snapshot so far.</param>
/// <param name="Stream">The name of its stream in the log.</param>
[GraphQLName("Snapshot")]
internal sealed record SnapshotNode(
    [property: ID] Guid Id,
    [property: ID] Guid CameraId,
    int CameraNumber,
    string FileName,
    SnapshotStatus Status,
    long SizeBytes,
    int Width,
    int Height,
    DateTimeOffset At,
    string? Failure,
    bool IsEncrypted,
    DateTimeOffset? ShreddedAt,
    long Version,
    string Stream)
{
    public static Lookup<SnapshotNode> ById(Guid id) => Lookups.Of(SnapshotViewProjection.View, id, Of);

    public static SnapshotNode Of(SnapshotView view) =>
        new(
            view.Id.Value,
            view.CameraId.Value,
            view.CameraNumber.Value,
            view.FileName,
            view.Status,
            view.SizeBytes,
            view.Width,
            view.Height,
            view.At,
            view.Failure,
            view.IsEncrypted,
            view.ShreddedAt,
            view.Version,
            $"snapshot-{view.Id}");
}

/// <summary>What snapshots can be filtered and sorted by.</summary>
[GraphQLName("Snapshot")]
internal sealed record SnapshotColumns(string FileName, [property: ID] Guid CameraId, SnapshotStatus Status, DateTimeOffset At);
