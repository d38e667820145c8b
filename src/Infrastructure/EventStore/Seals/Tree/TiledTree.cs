namespace Events.EventStore.Seals.Tree;

/// <summary>Whole subtrees out of tiles: of any tree up to the size for which they were made.</summary>
/// <param name="tile">Hashes of a tile, at least as many as the tree has there. Level and number.</param>
internal sealed class TiledTree(Func<int, long, ReadOnlyMemory<byte>> tile) : ISubtrees
{
    public TreeHash Root(int height, long index)
    {
        int level = height / Tiles.Height;
        int inside = height % Tiles.Height;
        long first = index << inside;
        ReadOnlyMemory<byte> hashes = tile(level, first / Tiles.Width);
        return Tiles.RootOf(
            hashes.Span.Slice((int)(first % Tiles.Width) * TreeHash.Length, (1 << inside) * TreeHash.Length));
    }

    /// <summary>
    /// Which tiles a proof or root will ask for. So they can be fetched all together, and the making itself waits for nothing.
    /// </summary>
    /// <param name="making">Calls <see cref="ProofMaker"/> with what it is given.</param>
    /// <returns>Level and number, each once.</returns>
    public static IReadOnlyCollection<(int Level, long Number)> Needed(Action<ISubtrees> making)
    {
        Noted noted = new();
        making(noted);
        return noted.Tiles;
    }

    private sealed class Noted : ISubtrees
    {
        public HashSet<(int Level, long Number)> Tiles { get; } = [];

        public TreeHash Root(int height, long index)
        {
            Tiles.Add((height / Tree.Tiles.Height, (index << (height % Tree.Tiles.Height)) / Tree.Tiles.Width));
            return default;
        }
    }
}
