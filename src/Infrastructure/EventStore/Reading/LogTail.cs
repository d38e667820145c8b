using Events.Application.Contracts;
using Events.EventStore.Feed;

namespace Events.EventStore.Reading;

/// <summary>The log's newest facts, as one follower sees them.</summary>
/// <param name="Facts">Of every type, in order. A body that cannot be read, or is of a newer program, gives a null fact.</param>
/// <param name="IsFull">There was more in the log already when it was read.</param>
/// <param name="IsLast">There was nothing more in the log.</param>
internal sealed record TailPage(IReadOnlyList<StoredFact> Facts, bool IsFull, bool IsLast);

/// <summary>
/// The end of the log, read and parsed once for all that follow it in this process: a commit wakes every view, and each would
/// ask the database the same. Commit order is position order, so what one has read is what the next would have read first.
/// </summary>
internal sealed class LogTail(Log log, CommitSignal committed)
{
    /// <summary>In facts. Whoever has more to catch up with reads by itself, only what it wants, in larger pages.</summary>
    internal const int CountMax = 256;

    private readonly Lock _gate = new();
    private Reading? _newest;

    /// <summary>
    /// Facts after a position. It says that there are no more only of a read that began after the newest signal of a commit, so
    /// that a signal is never spent on an older answer.
    /// </summary>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    public async ValueTask<TailPage> ReadAsync(long after, CancellationToken cancellationToken)
    {
        while (true)
        {
            Reading reading = Join(after);
            IReadOnlyList<StoredFact> page = await reading.Page.WaitAsync(cancellationToken);
            IReadOnlyList<StoredFact> wanted =
                reading.After == after ? page : [.. page.SkipWhile(fact => fact.Position <= after)];
            bool isFull = page.Count >= CountMax;
            bool isLast = !isFull && reading.Raised == committed.Raised;
            if (wanted.Count > 0 || isLast)
            {
                return new TailPage(wanted, isFull, isLast);
            }
        }
    }

    /// <summary>A read that may know more than the caller: one in the air, one that got past it, or a new one.</summary>
    private Reading Join(long after)
    {
        lock (_gate)
        {
            if (_newest is { } newest && newest.After <= after
                && (!newest.Page.IsCompleted || (newest.Page.IsCompletedSuccessfully && newest.End > after)))
            {
                return newest;
            }

            // Not a caller's token: others wait for the same page. The database bounds every wait.
            _newest = new Reading(
                committed.Raised, after, log.ReadForFeedAsync(after, CountMax, CancellationToken.None));
            return _newest;
        }
    }

    /// <param name="Raised">Signals of commits when it began.</param>
    private sealed record Reading(long Raised, long After, Task<IReadOnlyList<StoredFact>> Page)
    {
        /// <summary>Of a page that has come.</summary>
        public long End => Page.Result.Count > 0 ? Page.Result[^1].Position : After;
    }
}
