using Events.EventStore.Seals.Notes;
using Npgsql;

namespace Events.EventStore.Seals.Sealing;

/// <summary>A head that a place outside remembers.</summary>
/// <param name="Place">For people.</param>
/// <param name="Root">Base64; null where the place tells the size alone.</param>
internal sealed record ShownHead(string Place, long Size, string? Root);

/// <summary>What was shown outside and can be read back, asked when the sealer starts and when a log is forked.</summary>
internal interface IHeadsOutside
{
    /// <param name="connection">Receipts lie in the database: its owner can remove them, and make none.</param>
    /// <param name="origin">Heads of other names are of before a fork.</param>
    /// <param name="keys">That the log was ever signed with.</param>
    /// <returns>Of each place the head of most facts, and of some none.</returns>
    /// <exception cref="IOException">A place that is a folder is away.</exception>
    /// <exception cref="UnauthorizedAccessException">A place that is a folder may not be read.</exception>
    Task<IReadOnlyList<ShownHead>> KeptAsync(
        NpgsqlConnection connection, string origin, IReadOnlyCollection<NoteKey> keys, CancellationToken cancellationToken);

    /// <summary>
    /// Asks whoever answers. Comes after what is kept: to be asked, a witness must be shown a head, and of a log that was set
    /// back none is shown. A witness that does not answer holds nobody up; that is said in the program's own log.
    /// </summary>
    /// <param name="note">Our newest signed head.</param>
    /// <returns>Null when nobody answers, or knows nothing of this log.</returns>
    Task<ShownHead?> WitnessedAsync(string note, CancellationToken cancellationToken);
}
