using System.Globalization;
using Events.EventStore.Seals.Bundles;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals;

/// <summary>How a head that somebody kept and the log's newest one stand to each other.</summary>
/// <param name="Verdict">proven: the log goes on from it; contradicted; undecided: nothing can be said.</param>
/// <param name="Message">In a sentence.</param>
/// <param name="Proof">That the log goes on from it, as C2SP tlog-witness writes it; null unless proven.</param>
public sealed record ComparedHead(string Origin, long Size, string Root, string Verdict, string Message, string? Proof);

/// <param name="Newest">The log's newest signed head; null without one.</param>
public sealed record HeadComparison(string? Newest, long NewestSize, IReadOnlyList<ComparedHead> Heads);

/// <summary>
/// Holds heads that somebody kept against the newest head, by a proof of some 30 hashes: a matter of milliseconds for any log. It
/// says that no signed history was written anew, and nothing of the facts.
/// </summary>
public static class LogComparison
{
    private const string Proven = "proven";
    private const string Contradicted = "contradicted";
    private const string Undecided = "undecided";

    /// <param name="notes">Signed heads, each a whole note.</param>
    /// <param name="keys">Public keys as vkeys that the asker holds; empty for those in the database.</param>
    /// <exception cref="NpgsqlException">The database does not answer.</exception>
    /// <exception cref="FormatException">A key is none.</exception>
    public static async Task<HeadComparison> RunAsync(
        string connectionString, IReadOnlyList<string> notes, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync(cancellationToken);
        SealTables tables = new(connection);
        if (await tables.NewestHeadAsync(cancellationToken) is not { } newest)
        {
            return new HeadComparison(null, 0, [.. notes.Select(note => Unknown(note, "The log has no signed head."))]);
        }

        NoteKey[] trusted = Keys(keys.Count > 0 ? keys : await tables.KeysAsync(cancellationToken));
        try
        {
            TreeHead head = TreeHead.Open(StrictText.Encode(newest.Note), trusted);
            if ((head.Size, head.Root) != (newest.Size, newest.Root))
            {
                throw new NoteRefusedException("The newest head says another size or root than its row.");
            }

            StoredTiles tiles = new(connection, await GrowingTree.LoadAsync(connection, newest, cancellationToken), newest.Size);
            List<ComparedHead> compared = [];
            foreach (string note in notes)
            {
                compared.Add(await OneAsync(note, trusted, head, newest.Note, tiles, cancellationToken));
            }

            return new HeadComparison(newest.Note, newest.Size, compared);
        }
        catch (Exception broken) when (broken is SealRefusedException or NoteRefusedException)
        {
            return new HeadComparison(newest.Note, newest.Size, [.. notes.Select(note => Unknown(note, broken.Message))]);
        }
    }

    private static async Task<ComparedHead> OneAsync(
        string note,
        NoteKey[] trusted,
        TreeHead newest,
        string newestNote,
        StoredTiles tiles,
        CancellationToken cancellationToken)
    {
        TreeHead kept;
        try
        {
            kept = TreeHead.Open(StrictText.Encode(note), trusted);
        }
        catch (NoteRefusedException refused)
        {
            return Unknown(note, $"What was kept is no head of this log. {refused.Message}");
        }

        if (kept.Origin != newest.Origin)
        {
            return Of(
                kept,
                Undecided,
                $"It is of the log {kept.Origin}, and the newest head of {newest.Origin}: the log was set back and "
                + " begun anew. events audit verify --anchors tells what was lost.");
        }

        if (kept.Size == 0 || kept.Size > newest.Size)
        {
            return kept.Size == 0
                ? Of(kept, Undecided, "A head of no facts: every log goes on from it.")
                : Of(kept, Contradicted, $"It has {kept.Size} facts, and the newest head {newest.Size}: the log was set back.");
        }

        List<TreeHash> proof = kept.Size == newest.Size ? [] : await tiles.ConsistencyAsync(kept.Size, cancellationToken);
        return ProofCheck.IsExtension(kept.Size, kept.Root, newest.Size, newest.Root, proof)
            ? Of(kept, Proven, string.Create(
                CultureInfo.InvariantCulture, $"The newest head of {newest.Size} facts goes on from it.")) with
            {
                Proof = new ExtensionFile(kept.Size, proof, StrictText.Encode(newestNote)).ToString(),
            }
            : Of(
                kept,
                Contradicted,
                $"The newest head of {newest.Size} facts does not go on from it: another history was signed. Keep both as "
                + "proof.");
    }

    private static ComparedHead Of(TreeHead head, string verdict, string message) =>
        new(head.Origin, head.Size, head.Root.ToString(), verdict, message, null);

    /// <summary>Whose head it is cannot be said, so it contradicts nothing.</summary>
    private static ComparedHead Unknown(string note, string why) =>
        new(new string([.. note.Split('\n', 2)[0].Take(200)]), 0, string.Empty, Undecided, why, null);

    private static NoteKey[] Keys(IReadOnlyList<string> texts)
    {
        try
        {
            return [.. texts.Select(NoteKey.Parse)];
        }
        catch (NoteRefusedException refused)
        {
            throw new FormatException(refused.Message);
        }
    }
}
