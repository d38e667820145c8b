using System.Security.Claims;
using Events.Application.Recordings;
using Events.Domain.Recordings;
using Events.GraphQL;
using Events.Host.GraphQL;
using Events.Host.Security;

namespace Events.Host.Recordings;

/// <summary>A recording changed.</summary>
/// <param name="Position">Of the newest fact about it. Give it as after to go on behind it.</param>
/// <param name="Type">The stored name of that fact, e.g. recording_started.</param>
/// <param name="Recording">As it is now.</param>
internal sealed record RecordingChange(string Position, string Type, RecordingNode Recording) : IGraphQLEvent;

[SubscriptionType]
[Authorize(Policy = nameof(Right.ReadCatalogue))]
internal static class RecordingSubscriptions
{
    /// <summary>Recordings that change, each as it is then. A reader that is slow is told of the newest change of each.</summary>
    [Subscribe(With = nameof(FollowRecordingsAsync))]
    public static RecordingChange RecordingChanged([EventMessage] RecordingChange change) => change;

    /// <param name="cameraId">Recordings of one camera; null for all.</param>
    /// <param name="after">A position: what changed since comes first. Null: from now on.</param>
    public static async Task<IAsyncEnumerable<RecordingChange>> FollowRecordingsAsync(
        LogFollower follower, ClaimsPrincipal user, CancellationToken cancellationToken,
        [ID] Guid? cameraId = null, string? after = null)
    {
        AccessIdentity access = GraphQLCallers.AccessOf(user);
        return follower.ChangesAsync(
            await follower.StartAsync(after, cancellationToken),
            RecordingViewProjection.View,
            stored => stored.Fact is RecordingEvent fact ? fact.RecordingId.ToString() : null,
            (stored, row) => access.MaySee(row.CameraId) && (cameraId is null || row.CameraId.Value == cameraId)
                ? new RecordingChange(Moments.Write(stored.Position), stored.Type, RecordingNode.Of(row))
                : null,
            cancellationToken);
    }
}
