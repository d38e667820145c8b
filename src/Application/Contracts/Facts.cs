namespace Events.Application.Contracts;

/// <summary>Which facts of the log are wanted. Every part that is given must hold.</summary>
/// <param name="StreamId">Null for all streams.</param>
/// <param name="Types">Stored names; null for all.</param>
/// <param name="From">Recorded at this moment or later; null from the beginning.</param>
/// <param name="To">Recorded before this moment; null to the end.</param>
/// <param name="After">Position; 0 for the beginning.</param>
/// <param name="Before">Position; <see cref="long.MaxValue"/> for the end.</param>
/// <param name="Count">0 to 2,000.</param>
/// <param name="IsFromEnd">The last ones instead of the first. They are given in the log's order.</param>
public sealed record FactQuery(
    string? StreamId = null,
    IReadOnlyList<string>? Types = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    long After = 0,
    long Before = long.MaxValue,
    int Count = ILog.PageCountMax,
    bool IsFromEnd = false);

/// <param name="HasMore">Whether there are more in the direction that was asked for.</param>
public sealed record FactsFound(IReadOnlyList<StoredFact> Facts, bool HasMore);

/// <summary>The log, searched.</summary>
public interface IFacts
{
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task<FactsFound> FindAsync(FactQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// The log has no index of times, so it is looked for from the newest fact backwards: a fact that another program, or a clock
    /// that was set back, gave an earlier time than those before it have makes all of them count.
    /// </summary>
    /// <returns>Position of the newest fact recorded at that moment or earlier; 0 when there is none.</returns>
    Task<long> PositionAtAsync(DateTimeOffset moment, CancellationToken cancellationToken);

    /// <summary>Positions of facts that a view passes over, because somebody said so.</summary>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task<IReadOnlySet<long>> ParkedAsync(View view, CancellationToken cancellationToken);
}
