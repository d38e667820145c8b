using Events.GraphQL.DataLoaders;

namespace Events.GraphQL.Execution;

/// <summary>
/// Loads what data loaders have gathered, whenever nothing else is to be executed: then every resolver that can ask has asked.
/// Executing happens between <see cref="Enter"/> and <see cref="Leave"/>, on any number of threads.
/// </summary>
internal sealed partial class Run : IBatchScheduler
{
    private readonly Lock _batchLock = new();
    private List<BatchFetch>? _batches;
    private int _executing;
    private int _isDispatching;

    void IBatchScheduler.Schedule(BatchFetch fetch)
    {
        lock (_batchLock)
        {
            (_batches ??= []).Add(fetch);
        }

        // A resolver that goes on by itself asks while nobody is executing. Others may be about to do the same.
        if (Volatile.Read(ref _executing) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static run => run.Dispatch(), this, preferLocal: false);
        }
    }

    private void Enter() => Interlocked.Increment(ref _executing);

    private void Leave()
    {
        if (Interlocked.Decrement(ref _executing) == 0)
        {
            Dispatch();
        }
    }

    /// <summary>
    /// Starts the batches that wait. What they bring lets resolvers go on and ask for more; that is started here as well, and
    /// not from within, so that a chain of batches takes no more stack than one.
    /// </summary>
    private void Dispatch()
    {
        while (HasBatches() && Interlocked.Exchange(ref _isDispatching, 1) == 0)
        {
            while (Volatile.Read(ref _executing) == 0 && TakeBatches() is { Count: > 0 } batches)
            {
                foreach (BatchFetch fetch in batches)
                {
                    _ = LoadAsync(fetch);
                }
            }

            Volatile.Write(ref _isDispatching, 0);
            if (Volatile.Read(ref _executing) > 0)
            {
                // Whoever is executing dispatches when they leave.
                return;
            }
        }
    }

    private bool HasBatches()
    {
        if (Volatile.Read(ref _batches) is null)
        {
            return false;
        }

        lock (_batchLock)
        {
            return _batches is { Count: > 0 };
        }
    }

    private List<BatchFetch>? TakeBatches()
    {
        lock (_batchLock)
        {
            List<BatchFetch>? taken = _batches;
            _batches = null;
            return taken;
        }
    }

    /// <summary>Never fails; <see cref="_pending"/> counts it.</summary>
    private async Task LoadAsync(BatchFetch fetch)
    {
        Interlocked.Increment(ref _pending);
        Action settle = await fetch(Token);

        // Resolvers that waited go on in here.
        Enter();
        settle();
        Leave();
        Answered();
    }
}
