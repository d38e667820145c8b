using System.Security.Claims;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Kernel;
using Events.GraphQL;
using Events.GraphQL.DataLoaders;
using Events.Host.GraphQL;
using Events.Host.Live;
using Events.Host.Recordings;
using Events.Host.Security;

namespace Events.Host.Cameras;

[QueryType]
[Authorize(Policy = nameof(Right.ReadCatalogue))]
internal static class CameraQueries
{
    /// <summary>Cameras, by number unless another order is asked for. Retired ones are among them.</summary>
    /// <param name="asOf">The list as it was then; null for now.</param>
    [UsePaging(IncludeTotalCount = true, DefaultPageSize = 50, MaxPageSize = 100)]
    [UseFiltering(Type = typeof(CameraColumns))]
    [UseSorting(Type = typeof(CameraColumns))]
    public static Task<Connection<CameraNode>> GetCamerasAsync(
        PagingArguments paging, Filter? where, SortOrder order, ViewLists lists, ClaimsPrincipal user,
        CancellationToken cancellationToken,
        AsOf? asOf = null) =>
        lists.ListAsync(
            CameraViewProjection.View,
            new ListCall(paging, where, order, asOf),
            new RowOrder("number", false),
            CameraFilters.On("key", GraphQLCallers.AccessOf(user).Cameras),
            CameraNode.Of,
            cancellationToken);

    /// <summary>One camera, by its id or its number. Null when there is, or was, none.</summary>
    /// <param name="id">As answers carry it, or the UUID alone.</param>
    /// <param name="number">0, 1, ...</param>
    /// <param name="asOf">The camera as it was then; null for now.</param>
    public static async Task<CameraNode?> GetCameraAsync(
        IReadModels views, ViewLists lists, ClaimsPrincipal user, CancellationToken cancellationToken,
        [ID] Guid? id = null, int? number = null, AsOf? asOf = null)
    {
        if (id is null == number is null)
        {
            throw new GraphQLException(GraphQLDoor.Coded("Give either an id or a number.", "BAD_ARGUMENTS"));
        }

        if (id is null)
        {
            var found = await views.ListAsync(
                CameraViewProjection.View, ViewQuery.Where("number", (long)number!) with { Limit = 1 }, cancellationToken);
            id = found.Rows.Count == 0 ? null : found.Rows[0].Id.Value;
        }

        return id is { } key
            && await lists.FindAsync(
                CameraViewProjection.View, "camera", key.ToString("d"), asOf, views, cancellationToken) is { } camera
            && GraphQLCallers.MaySee(user, camera.Id)
                ? CameraNode.Of(camera)
                : null;
    }
}

[ExtendObjectType<CameraNode>]
internal static class CameraFields
{
    [NodeResolver]
    [Authorize(Policy = nameof(Right.ReadCatalogue))]
    public static async Task<CameraNode?> FindAsync(
        [ID] Guid id, IReadModels views, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        await views.FindAsync(CameraViewProjection.View, id.ToString("d"), cancellationToken) is { } camera
        && GraphQLCallers.MaySee(user, camera.Id)
            ? CameraNode.Of(camera)
            : null;

    /// <summary>Addresses of its live pictures; null for a retired camera, and for who may see no pictures.</summary>
    public static LiveStreams? GetStreams(
        [Parent] CameraNode camera, LiveLinks links, LiveViewers viewers, ILiveOutput live, IHttpContextAccessor http,
        ClaimsPrincipal user)
    {
        if (camera.Status is CameraStatus.Retired || !GraphQLCallers.MayDo(user, Right.SeePictures))
        {
            return null;
        }

        var number = new CameraNumber(camera.Number);
        var owner = LinkOwner.Of(GraphQLCallers.AccessOf(user), OriginOf(http.HttpContext?.Request));
        return new LiveStreams(
            links.RtspOf(number, owner),
            links.HlsOf(number, owner),
            links.JpegOf(number, owner),
            links.PageOf(number, owner),
            live.HasHls(new CameraId(camera.Id)),
            viewers.CountOf(number));
    }

    private static string? OriginOf(HttpRequest? request) =>
        request is { Host.HasValue: true } ? $"{request.Scheme}://{request.Host}" : null;

    /// <summary>The recording that has not come to its end; null when there is none.</summary>
    public static async Task<RecordingNode?> GetOpenRecordingAsync(
        [Parent] CameraNode camera,
        IDataLoader<Guid, RecordingNode> openRecordingByCamera,
        CancellationToken cancellationToken) =>
        await openRecordingByCamera.LoadAsync(camera.Id, cancellationToken);

    [DataLoader]
    public static async Task<IReadOnlyDictionary<Guid, RecordingNode>> GetOpenRecordingByCameraAsync(
        IReadOnlyList<Guid> keys, IViewPages pages, CancellationToken cancellationToken)
    {
        var isOpen = new RowCondition.Compare("is_open", RowOperator.Equal, true);
        var open = await pages.OfAsync(RecordingViewProjection.View, "camera_id", keys, isOpen, cancellationToken);
        return open.Select(RecordingNode.Of).GroupBy(row => row.CameraId)
            .ToDictionary(group => group.Key, group => group.First());
    }

    [DataLoader]
    public static async Task<IReadOnlyDictionary<Guid, CameraNode>> GetCameraByKeyAsync(
        IReadOnlyList<Guid> keys, IViewPages pages, CancellationToken cancellationToken) =>
        (await pages.OfAsync(CameraViewProjection.View, "key", keys, null, cancellationToken))
        .Select(CameraNode.Of).ToDictionary(row => row.Id);
}
