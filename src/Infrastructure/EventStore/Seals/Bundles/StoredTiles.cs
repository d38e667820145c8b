using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Bundles;

/// <summary>Proofs out of the stored tiles and the right edge of the tree at one head.</summary>
internal sealed class StoredTiles(NpgsqlConnection connection, GrowingTree tree, long size)
{
    /// <summary>Of 8 KiB each. Proofs of neighbours share most of theirs.</summary>
    private const int KeptMax = 2_000;

    private readonly SealTables _tables = new(connection);
    private readonly Dictionary<(int Level, long Number), ReadOnlyMemory<byte>> _kept = [];
    private TiledTree? _made;

    /// <exception cref="SealRefusedException">A tile is missing.</exception>
    public async Task<List<TreeHash>> InclusionAsync(long index, CancellationToken cancellationToken)
    {
        await FetchAsync(subtrees => ProofMaker.Inclusion(index, size, subtrees), cancellationToken);
        return ProofMaker.Inclusion(index, size, Made);
    }

    /// <exception cref="SealRefusedException">A tile is missing.</exception>
    public async Task<List<TreeHash>> ConsistencyAsync(long from, CancellationToken cancellationToken)
    {
        await FetchAsync(subtrees => ProofMaker.Consistency(from, size, subtrees), cancellationToken);
        return ProofMaker.Consistency(from, size, Made);
    }

    private TiledTree Made => _made ??= new TiledTree((level, number) => _kept[(level, number)]);

    private async Task FetchAsync(Action<ISubtrees> making, CancellationToken cancellationToken)
    {
        IReadOnlyCollection<(int Level, long Number)> needed = TiledTree.Needed(making);
        if (_kept.Count + needed.Count > KeptMax)
        {
            _kept.Clear();
            _made = null;
        }

        foreach ((int level, long number) in needed)
        {
            if (!_kept.ContainsKey((level, number)))
            {
                _kept[(level, number)] = await TileAsync(level, number, cancellationToken);
            }
        }
    }

    private async Task<ReadOnlyMemory<byte>> TileAsync(int level, long number, CancellationToken cancellationToken)
    {
        if (number == Tiles.HashesAt(level, size) / Tiles.Width)
        {
            return tree.Edge(level);
        }

        IReadOnlyList<FullTile> found = await _tables.TilesAsync(level, number, 1, cancellationToken);
        return found.Count == 1 && found[0].Number == number
            ? found[0].Hashes
            : throw new SealRefusedException($"The tile {new TilePath(level, number, Tiles.Width)} is missing.");
    }
}
