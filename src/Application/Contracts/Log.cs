namespace Events.Application.Contracts;

/// <summary>A stored fact with what the store knows about it.</summary>
/// <param name="Position">Place in the whole log. Rises strictly; gaps are allowed.</param>
/// <param name="Version">Place in its own stream, from 1, without gaps.</param>
public sealed record Recorded<TEvent>(TEvent Fact, long Position, long Version)
    where TEvent : class;

/// <summary>One row of the log, whatever its type.</summary>
/// <param name="Position">Place in the whole log (<c>seq_id</c>). Rises strictly; gaps are allowed.</param>
/// <param name="StreamId">Category, hyphen, key: <c>camera-0199…</c>. Empty for another program's row that is in none.</param>
/// <param name="Version">Place in its own stream, from 1, without gaps.</param>
/// <param name="Type">The stored name, e.g. <c>camera_registered</c>.</param>
/// <param name="RecordedAt">When it was appended, UTC, by the appending host's clock.</param>
/// <param name="Fact">
/// Null when this program does not know the type, since a newer one wrote it; or when its body cannot be read, where the reader
/// asked to be told so.
/// </param>
/// <param name="Data">The body as JSON text; null where the reader did not ask for it.</param>
public sealed record StoredFact(
    long Position,
    Guid Id,
    string StreamId,
    long Version,
    string Type,
    DateTimeOffset RecordedAt,
    object? Fact,
    string? Data,
    string? UserName,
    string? CorrelationId,
    string? CausationId);

/// <summary>The log, read in order. Commit order equals position order, so a reader never has to look back.</summary>
public interface ILog
{
    /// <summary>In facts. One page of a reader; bounds its memory.</summary>
    const int PageCountMax = 2_000;

    /// <summary>Facts after <paramref name="after"/>, oldest first, at most <paramref name="countMax"/> and 2,000.</summary>
    Task<IReadOnlyList<StoredFact>> ReadAsync(long after, int countMax, CancellationToken cancellationToken);

    /// <summary>Facts of one stream with a version above <paramref name="afterVersion"/>, at most 2,000.</summary>
    Task<IReadOnlyList<StoredFact>> ReadStreamAsync(
        string streamId, long afterVersion, int countMax, CancellationToken cancellationToken);

    /// <summary>The same, for who passes over what cannot be read.</summary>
    /// <param name="areBroken">Whether a body that cannot be read gives a null fact, and not an exception.</param>
    Task<IReadOnlyList<StoredFact>> ReadStreamAsync(
        string streamId, long afterVersion, int countMax, bool areBroken, CancellationToken cancellationToken);

    /// <returns>Position of the newest fact; 0 for an empty log.</returns>
    Task<long> HeadAsync(CancellationToken cancellationToken);
}

/// <summary>The log as it grows.</summary>
public interface IChanges
{
    /// <summary>
    /// Every fact after <paramref name="after"/>, in order, none missed, then each new one as soon as the views have it. Slow
    /// readers hold at most 1,024 facts; beyond that they are read again from the log. Goes on over lost connections; ends
    /// only when cancelled.
    /// </summary>
    IAsyncEnumerable<StoredFact> FollowAsync(long after, CancellationToken cancellationToken) =>
        FollowAsync(after, static _ => true, cancellationToken);

    /// <summary>The same of some facts: nobody is woken for the others.</summary>
    /// <param name="isWanted">Quick and without side effects: it is asked by the feed itself, for each fact.</param>
    IAsyncEnumerable<StoredFact> FollowAsync(long after, Func<StoredFact, bool> isWanted, CancellationToken cancellationToken);
}

/// <summary>
/// The same, only that each new fact comes as soon as it is committed, whatever the views have: for what facts alone decide, and
/// what must not wait for a view that is slow or held.
/// </summary>
public interface ICommits : IChanges;
