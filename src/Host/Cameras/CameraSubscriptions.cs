using System.Runtime.CompilerServices;
using System.Security.Claims;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Cameras;
using Events.GraphQL;
using Events.Host.GraphQL;
using Events.Host.Security;

namespace Events.Host.Cameras;

/// <summary>A camera changed.</summary>
/// <param name="Position">Of the newest fact about it. Give it as after to go on behind it.</param>
/// <param name="Type">The stored name of that fact, e.g. camera_connected.</param>
/// <param name="Camera">As it is now.</param>
internal sealed record CameraChange(string Position, string Type, CameraNode Camera) : IGraphQLEvent;

[SubscriptionType]
[Authorize(Policy = nameof(Right.ReadCatalogue))]
internal static class CameraSubscriptions
{
    /// <summary>Cameras that change, each as it is then. A reader that is slow is told of the newest change of each.</summary>
    [Subscribe(With = nameof(FollowCamerasAsync))]
    public static CameraChange CameraChanged([EventMessage] CameraChange change) => change;

    /// <param name="id">One camera; null for all.</param>
    /// <param name="after">A position: what changed since comes first. Null: from now on.</param>
    public static async Task<IAsyncEnumerable<CameraChange>> FollowCamerasAsync(
        LogFollower follower, IReadModels views, ClaimsPrincipal user, CancellationToken cancellationToken,
        [ID] Guid? id = null, string? after = null)
    {
        long start = await follower.StartAsync(after, cancellationToken);
        return ShowAsync(follower, views, GraphQLCallers.AccessOf(user), id?.ToString("d"), start, cancellationToken);
    }

    private static async IAsyncEnumerable<CameraChange> ShowAsync(
        LogFollower follower, IReadModels views, AccessIdentity access, string? only, long start,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? KeyOf(StoredFact stored) =>
            stored.Fact is CameraEvent fact && access.MaySee(fact.CameraId)
            && fact.CameraId.ToString() is var key && (only is null || only == key) ? key : null;
        await foreach (StoredFact stored in follower.NewestAsync(start, KeyOf, cancellationToken))
        {
            CameraView? view = await views.FindAsync(CameraViewProjection.View, KeyOf(stored)!, cancellationToken);
            if (view is not null)
            {
                yield return new CameraChange(Moments.Write(stored.Position), stored.Type, CameraNode.Of(view));
            }
        }
    }
}
