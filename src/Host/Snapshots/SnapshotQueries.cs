using System.Security.Claims;
using Events.Application.Contracts;
using Events.Application.Snapshots;
using Events.GraphQL;
using Events.GraphQL.DataLoaders;
using Events.Host.Cameras;
using Events.Host.Files;
using Events.Host.GraphQL;
using Events.Host.Security;

namespace Events.Host.Snapshots;

[QueryType]
[Authorize(Policy = nameof(Right.ReadCatalogue))]
internal static class SnapshotQueries
{
    /// <summary>Snapshots, newest first unless another order is asked for. Failed and deleted ones are among them.</summary>
    /// <param name="asOf">The list as it was then; null for now.</param>
    [UsePaging(IncludeTotalCount = true, DefaultPageSize = 50, MaxPageSize = 100)]
    [UseFiltering(Type = typeof(SnapshotColumns))]
    [UseSorting(Type = typeof(SnapshotColumns))]
    public static Task<Connection<SnapshotNode>> GetSnapshotsAsync(
        PagingArguments paging, Filter? where, SortOrder order, ViewLists lists, ClaimsPrincipal user,
        CancellationToken cancellationToken,
        AsOf? asOf = null) =>
        lists.ListAsync(
            SnapshotViewProjection.View,
            new ListCall(paging, where, order, asOf),
            new RowOrder("at", true),
            CameraFilters.On("camera_id", GraphQLCallers.AccessOf(user).Cameras),
            SnapshotNode.Of,
            cancellationToken);

    /// <summary>One snapshot. Null when there is, or was, none.</summary>
    /// <param name="id">As answers carry it, or the UUID alone.</param>
    /// <param name="asOf">The snapshot as it was then; null for now.</param>
    public static async Task<SnapshotNode?> GetSnapshotAsync(
        [ID] Guid id, IReadModels views, ViewLists lists, ClaimsPrincipal user, CancellationToken cancellationToken,
        AsOf? asOf = null) =>
        SnapshotFields.ShowTo(user, await lists.FindAsync(
            SnapshotViewProjection.View, "snapshot", id.ToString("d"), asOf, views, cancellationToken));
}

[ExtendObjectType<SnapshotNode>]
internal static class SnapshotFields
{
    [NodeResolver]
    [Authorize(Policy = nameof(Right.ReadCatalogue))]
    public static async Task<SnapshotNode?> FindAsync(
        [ID] Guid id, IReadModels views, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        ShowTo(user, await views.FindAsync(SnapshotViewProjection.View, id.ToString("d"), cancellationToken));

    internal static SnapshotNode? ShowTo(ClaimsPrincipal user, SnapshotView? view) =>
        view is not null && GraphQLCallers.MaySee(user, view.CameraId) ? SnapshotNode.Of(view) : null;

    /// <summary>As it is now.</summary>
    public static async Task<CameraNode?> GetCameraAsync(
        [Parent] SnapshotNode snapshot, IDataLoader<Guid, CameraNode> cameraByKey, CancellationToken cancellationToken) =>
        await cameraByKey.LoadAsync(snapshot.CameraId, cancellationToken);

    /// <summary>
    /// Where the picture can be fetched for an hour, without a token; null when there is none, or none any more,
    /// and for who may see no pictures.
    /// </summary>
    public static string? GetDownloadUrl([Parent] SnapshotNode snapshot, FileLinks links, ClaimsPrincipal user) =>
        snapshot.Status is SnapshotStatus.Taken && GraphQLCallers.MayDo(user, Right.SeePictures)
            ? links.ForSnapshot(snapshot.FileName, LinkOwner.Of(GraphQLCallers.AccessOf(user), null))
            : null;
}
