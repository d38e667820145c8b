namespace Events.GraphQL.DataLoaders;

/// <summary>Loads one value for each key, all keys of a batch at once.</summary>
public abstract class BatchDataLoader<TKey, TValue>(IBatchScheduler scheduler, DataLoaderOptions? options = null)
    : DataLoaderBase<TKey, TValue>(scheduler, options)
    where TKey : notnull
{
    /// <returns>The values that there are.</returns>
    protected abstract Task<IReadOnlyDictionary<TKey, TValue>> LoadBatchAsync(
        IReadOnlyList<TKey> keys, CancellationToken cancellationToken);

    protected sealed override async ValueTask FetchAsync(
        IReadOnlyList<TKey> keys, Memory<Result<TValue?>> results, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<TKey, TValue> found = await LoadBatchAsync(keys, cancellationToken);
        for (int i = 0; i < keys.Count; i++)
        {
            if (found.TryGetValue(keys[i], out TValue? value))
            {
                results.Span[i] = Result<TValue?>.Resolve(value);
            }
        }
    }
}

/// <summary>Loads a list of values for each key, all keys of a batch at once.</summary>
public abstract class GroupedDataLoader<TKey, TValue>(IBatchScheduler scheduler, DataLoaderOptions? options = null)
    : DataLoaderBase<TKey, TValue[]>(scheduler, options)
    where TKey : notnull
{
    /// <returns>The values by key; a key without any has an empty list.</returns>
    protected abstract Task<ILookup<TKey, TValue>> LoadGroupedBatchAsync(
        IReadOnlyList<TKey> keys, CancellationToken cancellationToken);

    protected sealed override async ValueTask FetchAsync(
        IReadOnlyList<TKey> keys, Memory<Result<TValue[]?>> results, CancellationToken cancellationToken)
    {
        ILookup<TKey, TValue> found = await LoadGroupedBatchAsync(keys, cancellationToken);
        for (int i = 0; i < keys.Count; i++)
        {
            results.Span[i] = Result<TValue[]?>.Resolve([.. found[keys[i]]]);
        }
    }
}

/// <summary>Loads values one by one, each once for a request.</summary>
public abstract class CacheDataLoader<TKey, TValue>(IBatchScheduler scheduler, DataLoaderOptions? options = null)
    : DataLoaderBase<TKey, TValue>(scheduler, options)
    where TKey : notnull
{
    protected abstract Task<TValue> LoadSingleAsync(TKey key, CancellationToken cancellationToken);

    protected sealed override async ValueTask FetchAsync(
        IReadOnlyList<TKey> keys, Memory<Result<TValue?>> results, CancellationToken cancellationToken)
    {
        for (int i = 0; i < keys.Count; i++)
        {
            Result<TValue?> one = await LoadOneAsync(keys[i], cancellationToken);
            results.Span[i] = one;
        }
    }

    private async Task<Result<TValue?>> LoadOneAsync(TKey key, CancellationToken cancellationToken)
    {
        try
        {
            return Result<TValue?>.Resolve(await LoadSingleAsync(key, cancellationToken));
        }
        catch (Exception failure)
        {
            return Result<TValue?>.Reject(failure);
        }
    }
}

/// <summary>A <see cref="BatchDataLoader{TKey, TValue}"/> made of a function.</summary>
internal sealed class FunctionDataLoader<TKey, TValue>(
    IBatchScheduler scheduler,
    Func<IReadOnlyList<TKey>, CancellationToken, Task<IReadOnlyDictionary<TKey, TValue>>> load)
    : BatchDataLoader<TKey, TValue>(scheduler)
    where TKey : notnull
{
    protected override Task<IReadOnlyDictionary<TKey, TValue>> LoadBatchAsync(
        IReadOnlyList<TKey> keys, CancellationToken cancellationToken) => load(keys, cancellationToken);
}
