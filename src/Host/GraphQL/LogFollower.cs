using System.Runtime.CompilerServices;
using Events.Application.Contracts;

namespace Events.Host.GraphQL;

/// <summary>
/// Subscriptions out of the log: what happened since a position comes first, then what happens, none missed. The log is the
/// memory, so it makes no difference which process or node a client comes back to.
/// </summary>
internal sealed class LogFollower(IChanges changes, ILog log, SharedRows rows)
{
    /// <summary>Objects whose change waits for one subscriber; then the log waits. An installation has fewer cameras.</summary>
    private const int PendingMax = 10_000;

    /// <param name="after">A position; null for what happens from now on.</param>
    public async Task<long> StartAsync(string? after, CancellationToken cancellationToken) =>
        after is null ? await log.HeadAsync(cancellationToken) : Moments.Read(after);

    /// <summary>Every fact that is wanted. A reader that is slow makes the source slow; nothing is left out.</summary>
    public IAsyncEnumerable<StoredFact> EachAsync(
        long after, Func<StoredFact, bool> isWanted, CancellationToken cancellationToken) =>
        changes.FollowAsync(after, isWanted, cancellationToken);

    /// <summary>
    /// The newest fact of each object. While the reader is busy, a newer fact takes the place of an older one of the same
    /// object, at the end of the queue: positions rise, so resuming behind the last one loses nothing that is still true.
    /// </summary>
    /// <param name="keyOf">Names the object that a fact changes; null for a fact that is not wanted.</param>
    public async IAsyncEnumerable<StoredFact> NewestAsync(
        long after, Func<StoredFact, string?> keyOf, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var pending = new PendingFacts(PendingMax);
        Task pump = PumpAsync(after, keyOf, pending, ending.Token);
        try
        {
            while (true)
            {
                yield return await pending.TakeAsync(pump, cancellationToken);
            }
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAny(pump);
        }
    }

    /// <summary>As <see cref="NewestAsync"/>, each object as its view shows it then.</summary>
    /// <param name="show">Gives null for one that is not wanted.</param>
    public async IAsyncEnumerable<TChange> ChangesAsync<TRow, TChange>(
        long after,
        View<TRow> view,
        Func<StoredFact, string?> keyOf,
        Func<StoredFact, TRow, TChange?> show,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where TRow : class
        where TChange : class
    {
        await foreach (StoredFact stored in NewestAsync(after, keyOf, cancellationToken))
        {
            if (await rows.FindAsync(view, keyOf(stored)!, stored.Position, cancellationToken) is { } row
                && show(stored, row) is { } change)
            {
                yield return change;
            }
        }
    }

    private async Task PumpAsync(
        long after, Func<StoredFact, string?> keyOf, PendingFacts pending, CancellationToken cancellationToken)
    {
        await foreach (StoredFact stored in changes.FollowAsync(after, fact => keyOf(fact) is not null, cancellationToken))
        {
            await pending.PutAsync(keyOf(stored)!, stored, cancellationToken);
        }
    }
}

/// <summary>Facts that wait for one reader, one for each object, in the order of their positions.</summary>
internal sealed class PendingFacts(int countMax) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly LinkedList<(string Key, StoredFact Fact)> _queue = [];
    private readonly Dictionary<string, LinkedListNode<(string Key, StoredFact Fact)>> _byKey = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _filled = new(0, 1);
    private readonly SemaphoreSlim _drained = new(0, 1);

    public void Dispose()
    {
        _filled.Dispose();
        _drained.Dispose();
    }

    /// <summary>Waits while there are too many objects.</summary>
    public async Task PutAsync(string key, StoredFact fact, CancellationToken cancellationToken)
    {
        while (!TryPut(key, fact))
        {
            await _drained.WaitAsync(cancellationToken);
        }

        Signal(_filled);
    }

    /// <param name="writer">Ends only when it fails; its failure is then this call's.</param>
    public async Task<StoredFact> TakeAsync(Task writer, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_queue.First is { } first)
                {
                    _queue.RemoveFirst();
                    _byKey.Remove(first.Value.Key);
                    Signal(_drained);
                    return first.Value.Fact;
                }
            }

            Task filled = _filled.WaitAsync(cancellationToken);
            if (await Task.WhenAny(filled, writer) == writer)
            {
                await writer;
            }

            await filled;
        }
    }

    private bool TryPut(string key, StoredFact fact)
    {
        lock (_gate)
        {
            if (_byKey.Remove(key, out var older))
            {
                _queue.Remove(older);
            }
            else if (_queue.Count >= countMax)
            {
                return false;
            }

            _byKey[key] = _queue.AddLast((key, fact));
            return true;
        }
    }

    private void Signal(SemaphoreSlim signal)
    {
        lock (_gate)
        {
            if (signal.CurrentCount == 0)
            {
                signal.Release();
            }
        }
    }
}
