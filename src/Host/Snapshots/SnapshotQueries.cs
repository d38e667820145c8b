using Events.Application.Contracts;
using Events.Application.Snapshots;
using Events.GraphQL;
using Events.GraphQL.DataLoaders;
using Events.Host.Cameras;
using Events.Host.Files;
using Events.Host.GraphQL;

namespace Events.Host.Snapshots;

[QueryType]
[Authorize(Roles = ["viewer"])]
internal static class SnapshotQueries
{
    /// <summary>Snapshots, newest first unless another order is asked for. Failed and deleted ones are among them.</summary>
    /// <param name="asOf">The list as it was then; null for now.</param>
    [UsePaging(IncludeTotalCount = true, DefaultPageSize = 50, MaxPageSize = 100)]
    [UseFiltering(Type = typeof(SnapshotColumns))]
    [UseSorting(Type = typeof(SnapshotColumns))]
    public static Task<Connection<SnapshotNode>> GetSnapshotsAsync(
        PagingArguments paging, Filter? where, SortOrder order, ViewLists lists, CancellationToken cancellationToken,
        AsOf? asOf = null) =>
        lists.ListAsync(
            SnapshotViewProjection.View,
            new ListCall(paging, where, order, asOf),
            new RowOrder("at", true),
            null,
            SnapshotNode.Of,
            cancellationToken);

    /// <summary>One snapshot. Null when there is, or was, none.</summary>
    /// <param name="id">As answers carry it, or the UUID alone.</param>
    /// <param name="asOf">The snapshot as it was then; null for now.</param>
    public static async Task<SnapshotNode?> GetSnapshotAsync(
        [ID] Guid id, IReadModels views, ViewLists lists, CancellationToken cancellationToken, AsOf? asOf = null) =>
        await lists.FindAsync(
            SnapshotViewProjection.View, "snapshot", id.ToString("d"), asOf, views, cancellationToken) is { } snapshot
            ? SnapshotNode.Of(snapshot)
            : null;
}

[ExtendObjectType<SnapshotNode>]
internal static class SnapshotFields
{
    [NodeResolver]
    [Authorize(Roles = ["viewer"])]
    public static async Task<SnapshotNode?> FindAsync([ID] Guid id, IReadModels views, CancellationToken cancellationToken) =>
        await views.FindAsync(SnapshotViewProjection.View, id.ToString("d"), cancellationToken) is { } snapshot
            ? SnapshotNode.Of(snapshot)
            : null;

    /// <summary>As it is now.</summary>
    public static async Task<CameraNode?> GetCameraAsync(
        [Parent] SnapshotNode snapshot, IDataLoader<Guid, CameraNode> cameraByKey, CancellationToken cancellationToken) =>
        await cameraByKey.LoadAsync(snapshot.CameraId, cancellationToken);

    /// <summary>
    /// Where the picture can be fetched for an hour, without a token; null when there is none, or none any more.
    /// </summary>
    public static string? GetDownloadUrl([Parent] SnapshotNode snapshot, FileLinks links) =>
        snapshot.Status is SnapshotStatus.Taken ? links.ForSnapshot(snapshot.FileName) : null;
}
