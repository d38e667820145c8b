using System.Security.Claims;
using Events.Application;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Kernel;
using Events.GraphQL;
using Events.GraphQL.DataLoaders;
using Events.Host.GraphQL;

namespace Events.Host.Recordings;

/// <summary>What there is of a camera between two moments.</summary>
/// <param name="To">As asked for, or now when that is earlier.</param>
/// <param name="Recorded">Footage, in order.</param>
/// <param name="Gaps">Times without footage, in order, and why.</param>
[GraphQLName("Timeline")]
internal sealed record TimelineNode(
    DateTimeOffset From, DateTimeOffset To, IReadOnlyList<IntervalNode> Recorded, IReadOnlyList<GapNode> Gaps);

/// <summary>Footage without a break.</summary>
/// <param name="IsSafe">False for what is being written now; a crash could lose the last group of pictures of it.</param>
[GraphQLName("RecordedInterval")]
internal sealed record IntervalNode(
    DateTimeOffset From, DateTimeOffset To, [property: ID] Guid RecordingId, bool IsSafe);

/// <summary>A time without footage.</summary>
/// <param name="Why">
/// not_recorded, deleted, failed, or why the recording was interrupted: camera_lost, storage_failed, host_stopped,
/// not_written.
/// </param>
/// <param name="RecordingId">The recording that should have filled it; null when there was none.</param>
[GraphQLName("RecordingGap")]
internal sealed record GapNode(DateTimeOffset From, DateTimeOffset To, string Why, [property: ID] Guid? RecordingId);

[QueryType]
[Authorize(Policy = nameof(Right.ReadCatalogue))]
internal static class TimelineQueries
{
    /// <summary>When a camera was recorded, when not, and why not.</summary>
    /// <param name="from">At most 31 days before to.</param>
    /// <param name="to">Null for now, or for the moment of asOf.</param>
    /// <param name="asOf">What was known then, and no longer than until then; null for now.</param>
    [Cost(20)]
    public static async Task<TimelineNode> GetTimelineAsync(
        [ID] Guid cameraId, DateTimeOffset from, Timelines timelines, IReadModels views, Moments moments, TimeProvider time,
        ClaimsPrincipal user, CancellationToken cancellationToken,
        DateTimeOffset? to = null, AsOf? asOf = null)
    {
        PastMoment? moment = asOf is null
            ? null
            : new PastMoment(
                await moments.PositionOfAsync(asOf, cancellationToken), await moments.TimeOfAsync(asOf, cancellationToken));
        DateTimeOffset end = to ?? moment?.At ?? time.GetUtcNow();
        if (end < from || end - from > Timelines.RangeMax)
        {
            throw new GraphQLException(GraphQLDoor.Coded(
                $"A time line goes from an earlier to a later moment, at most {Timelines.RangeMax.Days} days.", "BAD_RANGE"));
        }

        CameraView? camera = await views.FindAsync(CameraViewProjection.View, cameraId.ToString("d"), cancellationToken);
        if (camera is null || !GraphQLCallers.MaySee(user, camera.Id))
        {
            // One of others is as one that is not there.
            cameraId = Guid.Empty;
        }

        Timeline found = await timelines.OfAsync(new CameraId(cameraId), from, end, moment, cancellationToken)
            ?? throw new GraphQLException(moment is null
                ? GraphQLDoor.Coded(
                    $"There are more than {Timelines.PartsMax} segments in this range. Ask for a shorter one.", "BAD_RANGE")
                : GraphQLDoor.Coded(
                    $"The recordings of this range have more than {PastViews.FactsMax} facts up to there, or more than "
                    + $"{Timelines.PartsMax} segments. Ask for a shorter one.",
                    "AS_OF_TOO_LARGE"));
        return new TimelineNode(
            found.From,
            found.To,
            [.. found.Recorded.Select(one => new IntervalNode(one.From, one.To, one.RecordingId.Value, one.IsSafe))],
            [.. found.Gaps.Select(gap => new GapNode(gap.From, gap.To, gap.Why, gap.RecordingId?.Value))]);
    }

    [DataLoader]
    public static async Task<IReadOnlyDictionary<Guid, RecordingNode>> GetRecordingByKeyAsync(
        IReadOnlyList<Guid> keys, IViewPages pages, CancellationToken cancellationToken) =>
        (await pages.OfAsync(RecordingViewProjection.View, "key", keys, null, cancellationToken))
        .Select(RecordingNode.Of).ToDictionary(row => row.Id);
}

[ExtendObjectType<IntervalNode>]
internal static class IntervalFields
{
    /// <summary>The recording whose footage it is, as it is now.</summary>
    public static async Task<RecordingNode?> GetRecordingAsync(
        [Parent] IntervalNode interval, IDataLoader<Guid, RecordingNode> recordingByKey, CancellationToken cancellationToken) =>
        await recordingByKey.LoadAsync(interval.RecordingId, cancellationToken);
}

[ExtendObjectType<GapNode>]
internal static class GapFields
{
    /// <summary>The recording that should have filled it, as it is now.</summary>
    public static async Task<RecordingNode?> GetRecordingAsync(
        [Parent] GapNode gap, IDataLoader<Guid, RecordingNode> recordingByKey, CancellationToken cancellationToken) =>
        gap.RecordingId is { } id ? await recordingByKey.LoadAsync(id, cancellationToken) : null;
}
