namespace Events.GraphQL.DataLoaders;

/// <summary>
/// Gathers the keys of a request until its <see cref="IBatchScheduler"/> lets them be loaded. It may be used from any thread.
/// </summary>
public abstract class DataLoaderBase<TKey, TValue> : IDataLoader<TKey, TValue>
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Task<TValue?>> _cache = [];
    private readonly IBatchScheduler _scheduler;
    private readonly DataLoaderOptions _options;
    private Batch? _open;

    /// <param name="options">Null for the usual ones.</param>
    protected DataLoaderBase(IBatchScheduler scheduler, DataLoaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        _scheduler = scheduler;
        _options = options ?? new DataLoaderOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.MaxBatchSize, 1, nameof(options));
    }

    public Task<TValue?> LoadAsync(TKey key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        cancellationToken.ThrowIfCancellationRequested();
        Batch? begun;
        Task<TValue?>? task;
        lock (_lock)
        {
            if (_cache.TryGetValue(key, out task))
            {
                return task;
            }

            (begun, task) = Add(key);
        }

        if (begun is not null)
        {
            _scheduler.Schedule(cancellation => LoadAsync(begun, cancellation));
        }

        return task;
    }

    public async Task<IReadOnlyList<TValue?>> LoadAsync(IReadOnlyCollection<TKey> keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return await Task.WhenAll(keys.Select(key => LoadAsync(key, cancellationToken)));
    }

    public void SetCacheEntry(TKey key, Task<TValue?> value)
    {
        lock (_lock)
        {
            _cache.TryAdd(key, value);
        }
    }

    public void RemoveCacheEntry(TKey key)
    {
        lock (_lock)
        {
            _cache.Remove(key);
        }
    }

    public void ClearCache()
    {
        lock (_lock)
        {
            _cache.Clear();
        }
    }

    /// <summary>Loads the values of some keys.</summary>
    /// <param name="keys">Each once.</param>
    /// <param name="results">As long as the keys, and in their order; what is left as it is means that there is none.</param>
    /// <exception cref="Exception">It is what each of the keys failed with.</exception>
    protected abstract ValueTask FetchAsync(
        IReadOnlyList<TKey> keys, Memory<Result<TValue?>> results, CancellationToken cancellationToken);

    /// <returns>The batch when the key began one, which is to be scheduled.</returns>
    private (Batch? Begun, Task<TValue?> Task) Add(TKey key)
    {
        bool isFull = _open is { IsTaken: true } || _open?.Keys.Count >= _options.MaxBatchSize;
        Batch? begun = _open is null || isFull ? new Batch() : null;
        _open = begun ?? _open!;

        // Whoever waits goes on while the batch is handed out, so that what they ask for next comes together again.
        var promise = new TaskCompletionSource<TValue?>();
        _open.Keys.Add(key);
        _open.Promises.Add(promise);
        _cache[key] = promise.Task;
        return (begun, promise.Task);
    }

    private async Task<Action> LoadAsync(Batch batch, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            batch.IsTaken = true;
        }

        var results = new Result<TValue?>[batch.Keys.Count];
        try
        {
            await FetchAsync(batch.Keys, results, cancellationToken);
        }
        catch (Exception failure)
        {
            Array.Fill(results, Result<TValue?>.Reject(failure));
        }

        return () => Settle(batch, results);
    }

    private static void Settle(Batch batch, Result<TValue?>[] results)
    {
        for (int i = 0; i < results.Length; i++)
        {
            if (results[i].Error is { } failure)
            {
                batch.Promises[i].TrySetException(failure);
            }
            else
            {
                batch.Promises[i].TrySetResult(results[i].Value);
            }
        }
    }

    private sealed class Batch
    {
        internal List<TKey> Keys { get; } = [];

        internal List<TaskCompletionSource<TValue?>> Promises { get; } = [];

        /// <summary>It is being loaded: nothing may be added.</summary>
        internal bool IsTaken { get; set; }
    }
}
