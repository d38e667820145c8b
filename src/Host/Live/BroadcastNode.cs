using Events.Application.Broadcasts;
using Events.Application.Contracts;
using Events.Domain.Broadcasts;
using Events.GraphQL;
using Events.GraphQL.DataLoaders;
using Events.Host.Cameras;
using Events.Host.GraphQL;

namespace Events.Host.Live;

/// <summary>The wish that a camera's live pictures be there for viewers. Without one they can be watched all the same.</summary>
/// <param name="CameraId">The camera's UUID.</param>
/// <param name="IsRunning">Whether it has not been stopped.</param>
/// <param name="StoppedAt">Null while it runs.</param>
/// <param name="StoppedFor">Null while it runs.</param>
/// <param name="Version">Facts about this camera's broadcasts so far.</param>
/// <param name="Stream">The name of its stream in the log.</param>
[GraphQLName("Broadcast")]
internal sealed record BroadcastNode(
    [property: ID] Guid CameraId,
    bool IsRunning,
    DateTimeOffset StartedAt,
    DateTimeOffset? StoppedAt,
    BroadcastEnd? StoppedFor,
    long Version,
    string Stream)
{
    public static Lookup<BroadcastNode> ById(Guid id) => Lookups.Of(BroadcastViewProjection.View, id, Of);

    public static BroadcastNode Of(BroadcastView view) =>
        new(
            view.CameraId.Value,
            view.IsRunning,
            view.StartedAt,
            view.StoppedAt,
            view.StoppedFor,
            view.Version,
            $"{Broadcast.Decider.Category}-{view.CameraId}");
}

[ExtendObjectType<CameraNode>]
internal static class BroadcastFields
{
    /// <summary>The newest broadcast; null when there never was one.</summary>
    /// <param name="asOf">As it was then; null for now, also of a camera as it was.</param>
    [Cost(5)]
    public static async Task<BroadcastNode?> GetBroadcastAsync(
        [Parent] CameraNode camera, IDataLoader<Guid, BroadcastNode> broadcastByCamera, IReadModels views, ViewLists lists,
        CancellationToken cancellationToken,
        AsOf? asOf = null)
    {
        if (asOf is null)
        {
            return await broadcastByCamera.LoadAsync(camera.Id, cancellationToken);
        }

        BroadcastView? then = await lists.FindAsync(
            BroadcastViewProjection.View, Broadcast.Decider.Category, camera.Id.ToString("d"), asOf, views, cancellationToken);
        return then is null ? null : BroadcastNode.Of(then);
    }

    [DataLoader]
    public static async Task<IReadOnlyDictionary<Guid, BroadcastNode>> GetBroadcastByCameraAsync(
        IReadOnlyList<Guid> keys, IViewPages pages, CancellationToken cancellationToken) =>
        (await pages.OfAsync(BroadcastViewProjection.View, "key", keys, null, cancellationToken))
        .Select(BroadcastNode.Of).ToDictionary(row => row.CameraId);
}
