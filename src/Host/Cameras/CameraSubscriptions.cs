using System.Security.Claims;
using Events.Application.Cameras;
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
        LogFollower follower, ClaimsPrincipal user, CancellationToken cancellationToken,
        [ID] Guid? id = null, string? after = null)
    {
        AccessIdentity access = GraphQLCallers.AccessOf(user);
        return follower.ChangesAsync(
            await follower.StartAsync(after, cancellationToken),
            CameraViewProjection.View,
            stored => stored.Fact is CameraEvent { CameraId: var camera } && access.MaySee(camera)
                && (id is null || id == camera.Value) ? camera.ToString() : null,
            (stored, row) => new CameraChange(Moments.Write(stored.Position), stored.Type, CameraNode.Of(row)),
            cancellationToken);
    }
}
