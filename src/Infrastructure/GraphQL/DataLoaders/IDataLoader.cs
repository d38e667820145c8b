namespace Events.GraphQL.DataLoaders;

/// <summary>Loads values by their keys, many at once, and each only once for a request.</summary>
public interface IDataLoader
{
    /// <summary>Forgets all that was loaded, so that it is loaded anew. Those who wait are not concerned.</summary>
    void ClearCache();
}

/// <inheritdoc/>
public interface IDataLoader<TKey, TValue> : IDataLoader
    where TKey : notnull
{
    /// <returns>Null (or default) when there is no such value.</returns>
    /// <exception cref="Exception">Whatever loading it failed with.</exception>
    Task<TValue?> LoadAsync(TKey key, CancellationToken cancellationToken);

    /// <returns>For each key its value, in the same order.</returns>
    /// <exception cref="Exception">Whatever loading one of them failed with.</exception>
    Task<IReadOnlyList<TValue?>> LoadAsync(IReadOnlyCollection<TKey> keys, CancellationToken cancellationToken);

    /// <summary>Puts a value in the cache that came by another way. One that is there already stays.</summary>
    void SetCacheEntry(TKey key, Task<TValue?> value);

    /// <summary>Forgets one value, so that it is loaded anew.</summary>
    void RemoveCacheEntry(TKey key);
}

/// <summary>How a data loader works.</summary>
public sealed record DataLoaderOptions
{
    /// <summary>Keys of one batch; further keys make another. Databases limit their parameters.</summary>
    public int MaxBatchSize { get; init; } = 1_024;
}

/// <summary>What became of one key: a value, or why there is none.</summary>
public readonly record struct Result<TValue>
{
    private Result(TValue? value, Exception? error)
    {
        Value = value;
        Error = error;
    }

    public TValue? Value { get; }

    /// <summary>Null when there is a value, or nothing by that key.</summary>
    public Exception? Error { get; }

    public static Result<TValue> Resolve(TValue? value) => new(value, null);

    public static Result<TValue> Reject(Exception error) => new(default, error);

    public static implicit operator Result<TValue>(TValue? value) => Resolve(value);

    public static implicit operator Result<TValue>(Exception error) => Reject(error);
}
