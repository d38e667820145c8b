using System.Buffers.Binary;
using System.Globalization;
using Events.EventStore.Postgres;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Publishing;

/// <summary>Tiles out of what is stored. Whole ones are rows; the right edge is made once for each head.</summary>
internal sealed class SealedTree(Database database) : ISealedTree, IDisposable
{
    private const string HashesRoot = "tile/";
    private const string EntriesRoot = "tile/entries/";

    /// <summary>The format has two bytes for a leaf's length. Ours have some 600; a foreign writer's may have more.</summary>
    private const int EntryBytesMax = ushort.MaxValue;

    private readonly SemaphoreSlim _one = new(1, 1);
    private GrowingTree? _edge;

    public Task<string?> CheckpointAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, token) => (await new SealTables(connection).NewestHeadAsync(token))?.Note, cancellationToken);

    public Task<TileAnswer> TileAsync(string path, CancellationToken cancellationToken) =>
        TilePath.TryParse(path, out TilePath tile)
            ? FindAsync(tile, HashesAsync, cancellationToken)
            : Task.FromResult(BadName(path));

    public Task<TileAnswer> EntriesAsync(string path, CancellationToken cancellationToken) =>
        path.StartsWith(EntriesRoot, StringComparison.Ordinal)
        && TilePath.TryParse($"{HashesRoot}0/{path[EntriesRoot.Length..]}", out TilePath tile)
            ? FindAsync(tile, EntriesAsync, cancellationToken)
            : Task.FromResult(BadName(path));

    public void Dispose() => _one.Dispose();

    private static TileAnswer BadName(string path) =>
        new(
            TileOutcome.BadName,
            default,
            $"{(path.Length <= 100 ? path : "That")} names no tile. Tiles are named as in C2SP tlog-tiles: tile/0/x001/067, "
            + "tile/1/000.p/17, tile/entries/000.p/3.");

    private Task<TileAnswer> FindAsync(
        TilePath tile,
        Func<NpgsqlConnection, StoredHead, TilePath, CancellationToken, Task<ReadOnlyMemory<byte>>> find,
        CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, token) =>
            {
                StoredHead? head = await new SealTables(connection).NewestHeadAsync(token);
                bool isPossible = tile is { Level: < Tiles.LevelsMax, Number: <= long.MaxValue / Tiles.Width };
                int there = isPossible ? Tiles.WidthOf(tile.Level, tile.Number, head?.Size ?? 0) : 0;
                if (head is null || there < tile.Width)
                {
                    return new TileAnswer(
                        TileOutcome.Absent,
                        default,
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"The newest tree head has {head?.Size ?? 0} facts, and so {there} hashes in this tile; asked for "
                            + $"are {tile.Width}. GET /audit/checkpoint says how large the tree is."));
                }

                try
                {
                    return new TileAnswer(TileOutcome.Found, await find(connection, head, tile, token), string.Empty);
                }
                catch (Exception broken) when (broken is SealRefusedException or RefusedJsonException)
                {
                    return new TileAnswer(TileOutcome.Broken, default, broken.Message);
                }
            },
            cancellationToken);

    private async Task<ReadOnlyMemory<byte>> HashesAsync(
        NpgsqlConnection connection, StoredHead head, TilePath tile, CancellationToken cancellationToken)
    {
        bool isWhole = Tiles.WidthOf(tile.Level, tile.Number, head.Size) == Tiles.Width;
        ReadOnlyMemory<byte> hashes = isWhole
            ? (await StoredAsync(connection, tile.Level, tile.Number, cancellationToken)).Hashes
            : await EdgeAsync(connection, head, tile.Level, cancellationToken);
        return hashes[..(tile.Width * TreeHash.Length)];
    }

    private static async Task<FullTile> StoredAsync(
        NpgsqlConnection connection, int level, long number, CancellationToken cancellationToken)
    {
        IReadOnlyList<FullTile> found = await new SealTables(connection).TilesAsync(level, number, 1, cancellationToken);
        return found.Count == 1 && found[0].Number == number
            ? found[0]
            : throw new SealRefusedException(
                $"The tile {new TilePath(level, number, Tiles.Width)} is missing; events audit verify says more.");
    }

    /// <summary>Made from the last facts and tiles, and held against the head's root: a few milliseconds.</summary>
    private async Task<ReadOnlyMemory<byte>> EdgeAsync(
        NpgsqlConnection connection, StoredHead head, int level, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_edge is not { } kept || kept.Root() != head.Root)
            {
                _edge = await GrowingTree.LoadAsync(connection, head, cancellationToken);
            }

            return _edge.Edge(level).ToArray();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Facts are handed out only if they are those of their hashes: who follows the log must get no others.</summary>
    private async Task<ReadOnlyMemory<byte>> EntriesAsync(
        NpgsqlConnection connection, StoredHead head, TilePath tile, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> hashes = await HashesAsync(connection, head, tile, cancellationToken);
        long after = tile.Number == 0
            ? -long.MaxValue
            : (await StoredAsync(connection, 0, tile.Number - 1, cancellationToken)).LastSeq;
        LeafForm form = new();
        MemoryStream entries = new();
        int count = 0;
        bool isSame = true;
        int largest = 0;
        Adoptions adopted = await Adoptions.ReadAsync(connection, cancellationToken);
        await new StoredRows().ReadAsync(
            connection,
            after,
            head.LastSeq,
            tile.Width + adopted.Count,
            (in LeafRow row) =>
            {
                if (count == tile.Width || adopted.Holds(row.SeqId))
                {
                    return;
                }

                ReadOnlySpan<byte> leaf = form.Of(row);
                largest = Math.Max(largest, leaf.Length);
                if (leaf.Length <= EntryBytesMax)
                {
                    isSame &= TreeHash.OfLeaf(leaf) == HashAt(hashes, count);
                    Add(entries, leaf);
                }

                count++;
            },
            cancellationToken);
        if (largest > EntryBytesMax)
        {
            throw new SealRefusedException(
                $"A fact among these has a leaf of {largest} bytes; the format of entry bundles holds {EntryBytesMax}. Its hash "
                + "is in the tile.");
        }

        return isSame && count == tile.Width
            ? entries.ToArray()
            : throw new SealRefusedException(
                $"The facts of {tile} are not those that were sealed; events audit verify says which.");
    }

    private static TreeHash HashAt(ReadOnlyMemory<byte> hashes, int index) =>
        new(hashes.Span.Slice(index * TreeHash.Length, TreeHash.Length));

    private static void Add(MemoryStream to, ReadOnlySpan<byte> leaf)
    {
        Span<byte> length = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)leaf.Length);
        to.Write(length);
        to.Write(leaf);
    }
}
