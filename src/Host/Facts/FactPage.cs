using Events.Application.Contracts;
using Events.Host.GraphQL;

namespace Events.Host.Facts;

/// <summary>
/// A page of what somebody may read. Facts that are hidden from him are read over until the page is full and one more is found
/// that he may see, so that nothing in it, and not whether there is more, tells of what is hidden.
/// </summary>
/// <param name="Shown">In the log's order.</param>
/// <param name="HasMore">Whether there is more in the direction that was asked for; or may be, once it has stopped.</param>
/// <param name="StoppedAt">A position from which to go on; null when the search came to its end.</param>
internal sealed record FactPage(IReadOnlyList<FactNode> Shown, bool HasMore, long? StoppedAt)
{
    /// <summary>Facts that one request reads. Each may cost a look at which camera it is about.</summary>
    public const int ScannedMax = 2_000;

    /// <summary>Facts of each further look, after one that found too few.</summary>
    private const int PageCount = 500;

    /// <summary>
    /// In positions. A search that stops says where, and that alone would be the place of a hidden fact. So it is told up to
    /// the last such mark only, and tells no more than that there are many facts between. Fewer than are scanned, so that each
    /// request gets on.
    /// </summary>
    private const int MarkEvery = 500;

    /// <param name="query">Asks for so many that are shown.</param>
    public static async Task<FactPage> ReadAsync(
        IFacts facts, FactScope scope, FactQuery query, CancellationToken cancellationToken)
    {
        long start = query.IsFromEnd ? query.Before : query.After;
        long at = start;
        int scanned = 0;
        List<FactNode> shown = [];
        bool isStopped = false;
        bool hasMore = true;
        while (hasMore && !isStopped && shown.Count <= query.Count)
        {
            int wanted = query.Count + 1 - shown.Count;
            int count = Math.Min(scanned == 0 ? wanted : Math.Max(wanted, PageCount), ScannedMax - scanned);
            FactsFound page = await facts.FindAsync(From(query, at) with { Count = count }, cancellationToken);
            foreach (StoredFact stored in query.IsFromEnd ? page.Facts.Reverse() : page.Facts)
            {
                (at, scanned) = (stored.Position, scanned + 1);
                if (await scope.ShowAsync(stored, cancellationToken) is { } one)
                {
                    shown.Add(one);
                }
            }

            // Fewer than asked for, and more to come: these facts are large. What is read of them is bounded, too.
            hasMore = page.HasMore;
            isStopped = hasMore && shown.Count <= query.Count && (scanned >= ScannedMax || page.Facts.Count < count);
        }

        bool isFull = shown.Count > query.Count;
        List<FactNode> given = isFull ? shown[..query.Count] : shown;
        long? stoppedAt = isStopped ? MarkBetween(start, at, given) : null;
        if (query.IsFromEnd)
        {
            given.Reverse();
        }

        return new FactPage(given, isFull || isStopped, stoppedAt);
    }

    private static FactQuery From(FactQuery query, long at) =>
        query.IsFromEnd ? query with { Before = at } : query with { After = at };

    /// <returns>The last mark before the place where the search has stopped, if it is behind what was shown.</returns>
    private static long MarkBetween(long start, long at, List<FactNode> shown)
    {
        bool isForward = at > start;
        long mark = isForward ? at / MarkEvery * MarkEvery : (at + MarkEvery - 1) / MarkEvery * MarkEvery;
        long last = shown.Count > 0 ? Moments.Read(shown[^1].Position) : start;
        bool isBehind = isForward ? mark > start && mark >= last : mark < start && mark <= last;
        return isBehind ? mark : shown.Count > 0 ? last : at;
    }
}
