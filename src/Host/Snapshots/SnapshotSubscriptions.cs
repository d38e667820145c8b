using System.Runtime.CompilerServices;
using System.Security.Claims;
using Events.Application.Contracts;
using Events.Application.Snapshots;
using Events.Domain.Snapshots;
using Events.GraphQL;
using Events.Host.GraphQL;
using Events.Host.Security;

namespace Events.Host.Snapshots;

/// <summary>A snapshot was taken.</summary>
/// <param name="Position">Of that fact. Give it as after to go on behind it.</param>
/// <param name="Snapshot">As it is now.</param>
[GraphQLName("TakenSnapshot")]
internal sealed record SnapshotNews(string Position, SnapshotNode Snapshot) : IGraphQLEvent;

[SubscriptionType]
[Authorize(Policy = nameof(Right.ReadCatalogue))]
internal static class SnapshotSubscriptions
{
    /// <summary>Every snapshot that is taken. None is left out; a reader that is far too slow is ended and can resume.</summary>
    [Subscribe(With = nameof(FollowSnapshotsAsync))]
    public static SnapshotNews SnapshotTaken([EventMessage] SnapshotNews news) => news;

    /// <param name="cameraId">Snapshots of one camera; null for all.</param>
    /// <param name="after">A position: what was taken since comes first. Null: from now on.</param>
    public static async Task<IAsyncEnumerable<SnapshotNews>> FollowSnapshotsAsync(
        LogFollower follower, SharedRows rows, ClaimsPrincipal user, CancellationToken cancellationToken,
        [ID] Guid? cameraId = null, string? after = null)
    {
        long start = await follower.StartAsync(after, cancellationToken);
        return ShowAsync(follower, rows, GraphQLCallers.AccessOf(user), cameraId, start, cancellationToken);
    }

    private static async IAsyncEnumerable<SnapshotNews> ShowAsync(
        LogFollower follower, SharedRows rows, AccessIdentity access, Guid? cameraId, long start,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        bool IsWanted(StoredFact stored) =>
            stored.Fact is SnapshotTaken fact && access.MaySee(fact.CameraId)
            && (cameraId is null || fact.CameraId.Value == cameraId);
        await foreach (StoredFact stored in follower.EachAsync(start, IsWanted, cancellationToken))
        {
            string key = ((SnapshotTaken)stored.Fact!).SnapshotId.ToString();
            if (await rows.FindAsync(SnapshotViewProjection.View, key, stored.Position, cancellationToken) is { } view)
            {
                yield return new SnapshotNews(Moments.Write(stored.Position), SnapshotNode.Of(view));
            }
        }
    }
}
