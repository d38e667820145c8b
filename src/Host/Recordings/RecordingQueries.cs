using System.Security.Claims;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.GraphQL;
using Events.GraphQL.DataLoaders;
using Events.Host.Cameras;
using Events.Host.Files;
using Events.Host.GraphQL;
using Events.Host.Security;

namespace Events.Host.Recordings;

[QueryType]
[Authorize(Policy = nameof(Right.ReadCatalogue))]
internal static class RecordingQueries
{
    /// <summary>Recordings, newest first unless another order is asked for. Failed and deleted ones are among them.</summary>
    /// <param name="asOf">The list as it was then; null for now.</param>
    [UsePaging(IncludeTotalCount = true, DefaultPageSize = 50, MaxPageSize = 100)]
    [UseFiltering(Type = typeof(RecordingColumns))]
    [UseSorting(Type = typeof(RecordingColumns))]
    public static Task<Connection<RecordingNode>> GetRecordingsAsync(
        PagingArguments paging, Filter? where, SortOrder order, ViewLists lists, ClaimsPrincipal user,
        CancellationToken cancellationToken,
        AsOf? asOf = null) =>
        lists.ListAsync(
            RecordingViewProjection.View,
            new ListCall(paging, where, order, asOf),
            new RowOrder("requested_at", true),
            CameraFilters.On("camera_id", GraphQLCallers.AccessOf(user).Cameras),
            RecordingNode.Of,
            cancellationToken);

    /// <summary>One recording. Null when there is, or was, none.</summary>
    /// <param name="id">As answers carry it, or the UUID alone.</param>
    /// <param name="asOf">The recording as it was then; null for now.</param>
    public static async Task<RecordingNode?> GetRecordingAsync(
        [ID] Guid id, IReadModels views, ViewLists lists, ClaimsPrincipal user, CancellationToken cancellationToken,
        AsOf? asOf = null) =>
        RecordingFields.ShowTo(user, await lists.FindAsync(
            RecordingViewProjection.View, "recording", id.ToString("d"), asOf, views, cancellationToken));
}

[ExtendObjectType<RecordingNode>]
internal static class RecordingFields
{
    [NodeResolver]
    [Authorize(Policy = nameof(Right.ReadCatalogue))]
    public static async Task<RecordingNode?> FindAsync(
        [ID] Guid id, IReadModels views, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        ShowTo(user, await views.FindAsync(RecordingViewProjection.View, id.ToString("d"), cancellationToken));

    internal static RecordingNode? ShowTo(ClaimsPrincipal user, RecordingView? view) =>
        view is not null && GraphQLCallers.MaySee(user, view.CameraId) ? RecordingNode.Of(view) : null;

    /// <summary>As it is now.</summary>
    public static async Task<CameraNode?> GetCameraAsync(
        [Parent] RecordingNode recording, IDataLoader<Guid, CameraNode> cameraByKey, CancellationToken cancellationToken) =>
        await cameraByKey.LoadAsync(recording.CameraId, cancellationToken);

    /// <summary>
    /// Where the footage can be fetched for an hour, without a token; null while there is none, or none any more,
    /// and for who may see no pictures.
    /// </summary>
    public static string? GetDownloadUrl([Parent] RecordingNode recording, FileLinks links, ClaimsPrincipal user) =>
        recording.SegmentCount > 0 && recording.Status is not RecordingStatus.Deleted
        && GraphQLCallers.MayDo(user, Right.SeePictures)
            ? links.ForRecording(recording.Name, recording.Format, LinkOwner.Of(GraphQLCallers.AccessOf(user), null))
            : null;
}
