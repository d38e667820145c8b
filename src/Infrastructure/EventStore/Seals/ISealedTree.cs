namespace Events.EventStore.Seals;

/// <summary>
/// The sealed log as other programs read such logs: a checkpoint and tiles, C2SP tlog-tiles. All of it is that of the newest
/// signed head, and what is younger is not there yet.
/// </summary>
public interface ISealedTree
{
    /// <returns>The newest head's signed note; null before the first.</returns>
    /// <exception cref="Application.Contracts.DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task<string?> CheckpointAsync(CancellationToken cancellationToken);

    /// <param name="path"><c>tile/0/x001/067</c>, <c>tile/1/000.p/17</c>: 32 bytes a hash.</param>
    /// <exception cref="Application.Contracts.DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task<TileAnswer> TileAsync(string path, CancellationToken cancellationToken);

    /// <param name="path">
    /// <c>tile/entries/x001/067.p/3</c>: each leaf behind its length in two bytes. A leaf names stream, type, time and who, and
    /// has the body's hash alone.
    /// </param>
    /// <exception cref="Application.Contracts.DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task<TileAnswer> EntriesAsync(string path, CancellationToken cancellationToken);
}

/// <summary>What became of the wish for a tile.</summary>
public enum TileOutcome
{
    Found,

    /// <summary>No tile is named so.</summary>
    BadName,

    /// <summary>The tree has no such tile, or not one of that width yet.</summary>
    Absent,

    /// <summary>What is stored does not make it: somebody changed something.</summary>
    Broken,
}

/// <param name="Bytes">Empty unless it was found.</param>
/// <param name="Why">For people; empty if it was found.</param>
public sealed record TileAnswer(TileOutcome Outcome, ReadOnlyMemory<byte> Bytes, string Why);
