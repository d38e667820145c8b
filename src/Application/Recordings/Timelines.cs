using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Recordings;

namespace Events.Application.Recordings;

/// <summary>Footage without a break.</summary>
/// <param name="IsSafe">False for what is being written now: it is safe once its segment is closed.</param>
public sealed record RecordedInterval(DateTimeOffset From, DateTimeOffset To, RecordingId RecordingId, bool IsSafe);

/// <summary>A time without footage.</summary>
/// <param name="Why">
/// <c>not_recorded</c>, <c>deleted</c>, <c>failed</c>, or why the recording was interrupted: <c>camera_lost</c>,
/// <c>storage_failed</c>, <c>host_stopped</c>, <c>not_written</c>.
/// </param>
/// <param name="RecordingId">The recording that should have filled it; null when there was none.</param>
public sealed record RecordingGap(DateTimeOffset From, DateTimeOffset To, string Why, RecordingId? RecordingId);

/// <summary>What there is of a camera between two moments. It ends now at the latest.</summary>
public sealed record Timeline(
    DateTimeOffset From, DateTimeOffset To, IReadOnlyList<RecordedInterval> Recorded, IReadOnlyList<RecordingGap> Gaps);

/// <summary>Puts a camera's time line together from its recordings, their segments and their interruptions.</summary>
public sealed class Timelines(IReadModels views, ILog log, IFacts facts, TimeProvider time)
{
    /// <summary>Longer ranges are asked for in parts.</summary>
    public static readonly TimeSpan RangeMax = TimeSpan.FromDays(31);

    /// <summary>In segments and recordings. A month of one-minute segments is 44,640.</summary>
    public const int PartsMax = 50_000;

    /// <summary>
    /// Segments that follow each other this closely are one piece: frames are stamped on arrival, and cameras do not keep time.
    /// </summary>
    private static readonly TimeSpan JoinMax = TimeSpan.FromSeconds(2);

    /// <summary>How long after the last frame an interruption may be noticed and written down.</summary>
    private static readonly TimeSpan NoticeMax = TimeSpan.FromSeconds(30);

    /// <summary>Segments are cut at latest after this; those that begin before a range may reach into it.</summary>
    private static readonly TimeSpan SegmentMax = TimeSpan.FromHours(2);

    /// <param name="asOf">What was known then, and no longer than until then; null for now.</param>
    /// <returns>
    /// Null when it has more than <see cref="PartsMax"/> parts, or is folded from more than <see cref="PastViews.FactsMax"/>
    /// facts.
    /// </returns>
    public async Task<Timeline?> OfAsync(
        CameraId cameraId, DateTimeOffset from, DateTimeOffset to, PastMoment? asOf, CancellationToken cancellationToken)
    {
        DateTimeOffset now = asOf?.At ?? time.GetUtcNow();
        DateTimeOffset end = to < now ? to : now;
        if (end <= from)
        {
            return new Timeline(from, from, [], []);
        }

        if (await RecordingsAsync(cameraId, from, end, asOf, cancellationToken) is not { } found)
        {
            return null;
        }

        List<RecordedInterval> pieces = [];
        foreach (Found one in found.Where(some => some.Recording.Status is not RecordingStatus.Deleted))
        {
            if (!await AddSegmentsAsync(one, from, end, pieces, cancellationToken))
            {
                return null;
            }
        }

        List<RecordedInterval> joined = Join(pieces);
        List<RecordingGap> gaps = [];
        var known = new Known([.. found.Select(one => one.Recording)], end, asOf?.Position ?? long.MaxValue);
        foreach ((DateTimeOffset start, DateTimeOffset stop) in Between(joined, from, end))
        {
            await AddGapsAsync(start, stop, known, gaps, cancellationToken);
        }

        return new Timeline(from, end, joined, gaps);
    }

    private static DateTimeOffset StartOf(RecordingView recording) => recording.StartedAt ?? recording.RequestedAt;

    /// <summary>Those that reach into the range, oldest first. A camera has one recorder, so they follow each other.</summary>
    /// <returns>Null when there are too many, or too many facts of them.</returns>
    private async Task<List<Found>?> RecordingsAsync(
        CameraId cameraId, DateTimeOffset from, DateTimeOffset to, PastMoment? asOf, CancellationToken cancellationToken)
    {
        IReadOnlySet<long> parked = asOf is null
            ? new HashSet<long>()
            : await facts.ParkedAsync(RecordingViewProjection.View, cancellationToken);
        List<Found> found = [];
        long folded = 0;
        for (int offset = 0; offset <= PartsMax; offset += ViewQuery.LimitMax)
        {
            var page = await views.ListAsync(
                RecordingViewProjection.View,
                new ViewQuery(
                    [
                        new ViewFilter("camera_id", ViewOperator.Equal, cameraId.ToString()),
                        new ViewFilter("requested_at", ViewOperator.Below, to),
                    ],
                    OrderBy: "requested_at",
                    IsDescending: true,
                    Offset: offset),
                cancellationToken);
            foreach (RecordingView row in page.Rows)
            {
                Found? one = asOf is null
                    ? new Found(row, null)
                    : await FoldAsync(row.Id, asOf.Position, parked, cancellationToken);
                if (one is null)
                {
                    // It was requested later.
                    continue;
                }

                if (one.Recording.EndedAt <= from)
                {
                    found.Reverse();
                    return found;
                }

                found.Add(one);
                folded += asOf is null ? 0 : one.Recording.Version;
                if (folded > PastViews.FactsMax)
                {
                    return null;
                }
            }

            if (offset + page.Rows.Count >= page.Total)
            {
                found.Reverse();
                return found;
            }
        }

        return null;
    }

    /// <summary>A recording as it was, from its own stream, without what cannot be read.</summary>
    /// <param name="parked">Positions that the view of recordings passes over.</param>
    /// <returns>Null when there was none.</returns>
    private async Task<Found?> FoldAsync(
        RecordingId id, long position, IReadOnlySet<long> parked, CancellationToken cancellationToken)
    {
        Found? found = null;
        long version = 0;
        while (true)
        {
            var page = await log.ReadStreamAsync(
                $"recording-{id}", version, ILog.PageCountMax, areBroken: true, cancellationToken);
            foreach (StoredFact stored in page)
            {
                if (stored.Position > position)
                {
                    return found;
                }

                version = stored.Version;
                if (stored.Fact is RecordingEvent fact && !parked.Contains(stored.Position)
                    && RecordingViewProjection.Project(
                        found?.Recording, new Recorded<RecordingEvent>(fact, stored.Position, version)) is { } row)
                {
                    int last = fact is RecordingSegmentCommitted segment ? segment.Number : found?.LastSegment ?? 0;
                    found = new Found(row, last);
                }
            }

            if (page.Count == 0)
            {
                return found;
            }
        }
    }

    /// <returns>False when there are too many.</returns>
    private async Task<bool> AddSegmentsAsync(
        Found found,
        DateTimeOffset from,
        DateTimeOffset to,
        List<RecordedInterval> pieces,
        CancellationToken cancellationToken)
    {
        RecordingView recording = found.Recording;
        ViewFilter[] thenOnly = found.LastSegment is { } number ? [new("number", ViewOperator.Below, number + 1L)] : [];
        DateTimeOffset last = StartOf(recording);
        for (int offset = 0; pieces.Count <= PartsMax; offset += ViewQuery.LimitMax)
        {
            var page = await views.ListAsync(
                SegmentViewProjection.View,
                new ViewQuery(
                    [
                        new ViewFilter("recording_id", ViewOperator.Equal, recording.Id.ToString()),
                        new ViewFilter("started_at", ViewOperator.Above, from - SegmentMax),
                        new ViewFilter("started_at", ViewOperator.Below, to),
                        .. thenOnly,
                    ],
                    OrderBy: "number",
                    Offset: offset),
                cancellationToken);
            foreach (SegmentView segment in page.Rows)
            {
                last = segment.StartedAt.AddMilliseconds(segment.DurationMs);
                Add(segment.StartedAt, last, isSafe: true);
            }

            if (offset + page.Rows.Count >= page.Total)
            {
                if (recording.Status is RecordingStatus.Running)
                {
                    Add(last, to, isSafe: false);
                }

                return true;
            }
        }

        return false;

        void Add(DateTimeOffset start, DateTimeOffset stop, bool isSafe)
        {
            (start, stop) = (start < from ? from : start, stop > to ? to : stop);
            if (stop > start)
            {
                pieces.Add(new RecordedInterval(start, stop, recording.Id, isSafe));
            }
        }
    }

    private static List<RecordedInterval> Join(List<RecordedInterval> pieces)
    {
        List<RecordedInterval> joined = [];
        foreach (RecordedInterval piece in pieces.OrderBy(piece => piece.From))
        {
            if (joined.Count > 0 && joined[^1] is var last
                && last.RecordingId == piece.RecordingId && last.IsSafe == piece.IsSafe && piece.From - last.To <= JoinMax)
            {
                joined[^1] = last with { To = piece.To > last.To ? piece.To : last.To };
            }
            else
            {
                joined.Add(piece);
            }
        }

        return joined;
    }

    private static IEnumerable<(DateTimeOffset From, DateTimeOffset To)> Between(
        List<RecordedInterval> recorded, DateTimeOffset from, DateTimeOffset to)
    {
        DateTimeOffset reached = from;
        foreach (RecordedInterval piece in recorded)
        {
            if (piece.From - reached > JoinMax)
            {
                yield return (reached, piece.From);
            }

            reached = piece.To > reached ? piece.To : reached;
        }

        if (to - reached > JoinMax)
        {
            yield return (reached, to);
        }
    }

    /// <summary>
    /// A time without footage may have several reasons one after the other; it is cut where recordings begin and end.
    /// </summary>
    private async Task AddGapsAsync(
        DateTimeOffset from,
        DateTimeOffset to,
        Known known,
        List<RecordingGap> gaps,
        CancellationToken cancellationToken)
    {
        (IReadOnlyList<RecordingView> recordings, DateTimeOffset end, long position) = known;
        DateTimeOffset[] cuts =
        [
            .. recordings.SelectMany(one => new[] { StartOf(one), one.EndedAt ?? end })
                .Where(cut => cut - from > JoinMax && to - cut > JoinMax)
                .Append(from).Append(to).Distinct().Order(),
        ];
        for (int i = 1; i < cuts.Length; i++)
        {
            DateTimeOffset middle = cuts[i - 1] + ((cuts[i] - cuts[i - 1]) / 2);
            RecordingView? owner = recordings.LastOrDefault(one => StartOf(one) <= middle && middle < (one.EndedAt ?? end));
            string why = owner switch
            {
                null => "not_recorded",
                { Status: RecordingStatus.Deleted } => "deleted",
                { Status: RecordingStatus.Failed } => "failed",
                _ => await InterruptionAsync(owner.Id, cuts[i - 1], cuts[i], position, cancellationToken),
            };
            gaps.Add(new RecordingGap(cuts[i - 1], cuts[i], why, owner?.Id));
        }
    }

    private async Task<string> InterruptionAsync(
        RecordingId id, DateTimeOffset from, DateTimeOffset to, long position, CancellationToken cancellationToken)
    {
        string why = "not_written";
        long version = 0;
        while (true)
        {
            var page = await log.ReadStreamAsync(
                $"recording-{id}", version, ILog.PageCountMax, areBroken: true, cancellationToken);
            foreach (StoredFact stored in page)
            {
                if (stored.Position > position)
                {
                    return why;
                }

                version = stored.Version;
                if (stored.Fact is RecordingInterrupted e && e.At >= from - JoinMax && e.At <= to + NoticeMax)
                {
                    why = e.Why;
                }
            }

            if (page.Count == 0)
            {
                return why;
            }
        }
    }

    /// <param name="LastSegment">Number of the newest one that counts; null for all.</param>
    private sealed record Found(RecordingView Recording, int? LastSegment);

    /// <param name="Recordings">Those that reach into the range, oldest first.</param>
    /// <param name="End">Of what is known: one that has not ended goes on until then.</param>
    /// <param name="Position">Of the newest fact that counts.</param>
    private sealed record Known(IReadOnlyList<RecordingView> Recordings, DateTimeOffset End, long Position);
}
