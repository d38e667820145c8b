using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals;

/// <summary>A row that is in no tree, as it is now.</summary>
/// <param name="Stream">Null if it names none.</param>
/// <param name="Leaf">The hash that it would have been sealed with, lower-case hex.</param>
public sealed record AdoptableRow(long Position, string? Stream, long Version, string Leaf);

/// <summary>The row cannot be adopted; says why.</summary>
public sealed class AdoptionRefusedException(string message) : Exception(message);

/// <summary>
/// Looks at a row that appeared below what is sealed. It is never sealed as if nothing had been: a fact can name it, and that
/// fact is sealed.
/// </summary>
public static class LogAdoption
{
    /// <summary>In facts, that may have been put between those of one tile: as an audit bears.</summary>
    private const int InsertedMax = 10_000;

    /// <exception cref="AdoptionRefusedException">
    /// There is no such row, it is in the tree or behind it, or was adopted before; or it may stand in place of a sealed one.
    /// </exception>
    /// <exception cref="NpgsqlException">The database does not answer.</exception>
    public static async Task<AdoptableRow> FindAsync(
        string connectionString, long position, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync(cancellationToken);
        SealTables tables = new(connection);
        StoredHead head = await tables.NewestHeadAsync(cancellationToken)
            ?? throw new AdoptionRefusedException("The log has no signed head yet, so no row is below what is sealed.");
        if (position > head.LastSeq)
        {
            throw new AdoptionRefusedException(
                $"Position {position} is not below what is sealed, which reaches to position {head.LastSeq}. What is behind it "
                + "is sealed by itself.");
        }

        Adoptions adopted = await Adoptions.ReadAsync(connection, cancellationToken);
        if (adopted.Of(position) is { } before)
        {
            throw new AdoptionRefusedException(
                $"The row at position {position} was adopted before, by the fact at position {before.By}. Nothing was changed.");
        }

        (AdoptableRow row, TreeHash leaf) = await RowAsync(connection, position, cancellationToken);
        await RequireOutsideAsync(connection, head, position, leaf, cancellationToken);
        return row;
    }

    private static async Task<(AdoptableRow Row, TreeHash Leaf)> RowAsync(
        NpgsqlConnection connection, long position, CancellationToken cancellationToken)
    {
        LeafForm form = new();
        AdoptableRow? found = null;
        TreeHash leaf = default;
        try
        {
            await new StoredRows().ReadAsync(
                connection,
                position - 1,
                position,
                1,
                (in LeafRow row) =>
                {
                    leaf = form.HashOf(row);
                    string? stream = row.StreamId.IsPresent ? System.Text.Encoding.UTF8.GetString(row.StreamId.Bytes) : null;
                    found = new AdoptableRow(position, stream, row.Version, leaf.ToString());
                },
                cancellationToken);
        }
        catch (RefusedJsonException refused)
        {
            throw new AdoptionRefusedException($"The row at position {position} has no hash. {refused.Message}");
        }

        return found is { } there
            ? (there, leaf)
            : throw new AdoptionRefusedException($"There is no row at position {position}.");
    }

    /// <summary>
    /// It is in no tree only if all that was sealed near it is there without it. Otherwise it may be a sealed fact that was
    /// changed, and adopting it would excuse that.
    /// </summary>
    private static async Task RequireOutsideAsync(
        NpgsqlConnection connection, StoredHead head, long position, TreeHash leaf, CancellationToken cancellationToken)
    {
        (long after, long upTo, IReadOnlyList<TreeHash> expected) =
            await StretchAsync(connection, head, position, cancellationToken);
        if (expected.Contains(leaf))
        {
            throw new AdoptionRefusedException(
                $"The row at position {position} is in the tree: it was sealed at its place, and there is nothing to adopt.");
        }

        HashSet<TreeHash> others = [];
        LeafForm form = new();
        await new StoredRows().ReadAsync(
            connection,
            after,
            upTo,
            expected.Count + InsertedMax,
            (in LeafRow row) => others.Add(Checking.FactLane.HashOf(form, row)),
            cancellationToken);
        if (!others.IsSupersetOf(expected))
        {
            throw new AdoptionRefusedException(
                $"Facts that were sealed near position {position} are changed or missing, and the row may stand in the place of "
                + "one. events audit verify says which; put those right first.");
        }
    }

    /// <summary>The tile that the position lies in, or what is behind the last whole one, with the sealed hashes.</summary>
    private static async Task<(long After, long UpTo, IReadOnlyList<TreeHash> Expected)> StretchAsync(
        NpgsqlConnection connection, StoredHead head, long position, CancellationToken cancellationToken)
    {
        SealTables tables = new(connection);
        long whole = Tiles.HashesAt(1, head.Size);
        long number = await NumberAsync(connection, position, cancellationToken) ?? whole;
        IReadOnlyList<FullTile> near = await tables.TilesAsync(0, Math.Max(0, number - 1), 2, cancellationToken);
        long after = near.FirstOrDefault(tile => tile.Number == number - 1)?.LastSeq ?? -long.MaxValue;
        if (near.FirstOrDefault(tile => tile.Number == number) is { } tile)
        {
            return (after, tile.LastSeq, Tiles.HashesIn(tile.Hashes));
        }

        long first = whole * Tiles.Width;
        IReadOnlyList<TreeHash> kept = await tables.EdgeLeavesAsync(first, (int)(head.Size - first), cancellationToken)
            ?? throw new AdoptionRefusedException(
                "The newest heads are of a program that kept no hashes of the last facts. Try again when 256 more are sealed.");
        return (after, head.LastSeq, kept);
    }

    /// <returns>Null when the position is behind the last whole tile.</returns>
    private static async Task<long?> NumberAsync(
        NpgsqlConnection connection, long position, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            "select n from events_own.audit_tile where level = 0 and last_seq >= $1 order by n limit 1", connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = position } },
        };
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }
}
