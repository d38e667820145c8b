using System.Security.Cryptography;
using Events.EventStore.Seals.Bundles;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals;

/// <summary>A fact that is under the head.</summary>
/// <param name="Index">Place in the tree, from 0.</param>
/// <param name="Leaf">Lower-case hex.</param>
/// <param name="ProofSha256">Of its C2SP tlog-proof file, as a bundle from the same head has it; lower-case hex.</param>
public sealed record ProvedFact(long Position, long Index, string Leaf, string ProofSha256);

/// <param name="Root">Lower-case hex.</param>
/// <param name="Note">The signed head.</param>
/// <param name="Facts">Those alone that the head proves, by position.</param>
public sealed record ProvedFacts(
    string Origin, long Size, string Root, DateTimeOffset SignedAt, string Note, IReadOnlyList<ProvedFact> Facts)
{
    /// <summary>Rows that are in no tree and are what was adopted, with the position of the fact that did so.</summary>
    public IReadOnlyDictionary<long, long> Adopted { get; init; } = new Dictionary<long, long>();
}

/// <summary>Proves single facts, each from what is stored of it now up to the newest signed head.</summary>
public static class LogProofs
{
    /// <param name="positions">Rising; of facts that are there.</param>
    /// <exception cref="ExportRefusedException">There is no head, or the facts are not those that were sealed.</exception>
    /// <exception cref="NpgsqlException">The database does not answer.</exception>
    public static async Task<ProvedFacts> OfAsync(
        string connectionString, IReadOnlyList<long> positions, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync(cancellationToken);
        try
        {
            SealTables tables = new(connection);
            StoredHead head = await tables.NewestHeadAsync(cancellationToken)
                ?? throw new ExportRefusedException("The log has no signed head yet: nothing can be proved. Try again in 10 s.");
            NoteKey[] keys = [.. (await tables.KeysAsync(cancellationToken)).Select(NoteKey.Parse)];
            TreeHead signed = TreeHead.Open(StrictText.Encode(head.Note), keys);
            StoredTiles tiles = new(connection, await GrowingTree.LoadAsync(connection, head, cancellationToken), head.Size);
            Adoptions adopted = (await Adoptions.ReadAsync(connection, cancellationToken)).UpTo(head.LastSeq);
            FactIndex indexes = new(connection, adopted);
            List<ProvedFact> proved = [];
            Dictionary<long, long> outside = [];
            foreach (long position in positions.Where(position => position <= head.LastSeq))
            {
                if (adopted.Of(position) is { } adoption)
                {
                    await RequireAdoptedAsync(connection, adoption, cancellationToken);
                    outside.Add(position, adoption.By);
                    continue;
                }

                long index = await indexes.OfAsync(position, cancellationToken);
                proved.Add(await OneAsync(connection, head, signed, tiles, index, position, cancellationToken));
            }

            return new ProvedFacts(signed.Origin, signed.Size, signed.Root.ToString(), head.SignedAt, head.Note, proved)
            {
                Adopted = outside,
            };
        }
        catch (Exception contradicted) when (contradicted is SealRefusedException or NoteRefusedException)
        {
            throw new ExportRefusedException(contradicted.Message);
        }
    }

    private static async Task RequireAdoptedAsync(
        NpgsqlConnection connection, Adoption adoption, CancellationToken cancellationToken)
    {
        if (await LeafAsync(connection, adoption.Position, cancellationToken) != adoption.Leaf)
        {
            throw new SealRefusedException(
                $"The row at position {adoption.Position} is not the one that was adopted; events audit verify says more.");
        }
    }

    private static async Task<TreeHash> LeafAsync(
        NpgsqlConnection connection, long position, CancellationToken cancellationToken)
    {
        TreeHash leaf = default;
        LeafForm form = new();
        await new StoredRows().ReadAsync(
            connection, position - 1, position, 1, (in LeafRow row) => leaf = form.HashOf(row), cancellationToken);
        return leaf;
    }

    private static async Task<ProvedFact> OneAsync(
        NpgsqlConnection connection,
        StoredHead head,
        TreeHead signed,
        StoredTiles tiles,
        long index,
        long position,
        CancellationToken cancellationToken)
    {
        TreeHash leaf = await LeafAsync(connection, position, cancellationToken);
        List<TreeHash> proof = await tiles.InclusionAsync(index, cancellationToken);
        if (!ProofCheck.IsIncluded(leaf, index, signed.Size, proof, signed.Root))
        {
            throw new SealRefusedException(
                $"The fact at position {position} is not the one that was sealed; events audit verify says more.");
        }

        byte[] file = StrictText.Encode(new InclusionFile(index, proof, StrictText.Encode(head.Note)).ToString());
        return new ProvedFact(position, index, leaf.ToString(), Convert.ToHexStringLower(SHA256.HashData(file)));
    }
}
