namespace Events.EventStore.Seals.Tree;

/// <summary>
/// Whole subtrees out of tiles: of any tree up to the size for which they were made. Not for two threads at once.
/// </summary>
/// <param name="tile">Hashes of a tile, at least as many as the tree has there. Level and number.</param>
internal sealed class TiledTree(Func<int, long, ReadOnlyMemory<byte>> tile) : ISubtrees
{
    /// <summary>Of 16 KiB each: what proofs of neighbours share, for all levels of the largest log.</summary>
    private const int KeptMax = 64;

    /// <summary>
    /// Whole tiles with all that lies inside them, numbered as in a heap: the root is 1, what is below N is 2N and 2N + 1.
    /// </summary>
    private readonly Dictionary<(int Level, long Number), TreeHash[]> _kept = [];

    public TreeHash Root(int height, long index)
    {
        int level = height / Tiles.Height;
        int inside = height % Tiles.Height;
        long first = index << inside;
        int at = (int)(first % Tiles.Width);
        if (_kept.TryGetValue((level, first / Tiles.Width), out TreeHash[]? inner))
        {
            return inner[(Tiles.Width + at) >> inside];
        }

        ReadOnlySpan<byte> hashes = tile(level, first / Tiles.Width).Span;
        if (hashes.Length < Tiles.Bytes)
        {
            return Tiles.RootOf(hashes.Slice(at * TreeHash.Length, (1 << inside) * TreeHash.Length));
        }

        if (_kept.Count == KeptMax)
        {
            _kept.Clear();
        }

        inner = Tiles.Inner(hashes);
        _kept.Add((level, first / Tiles.Width), inner);
        return inner[(Tiles.Width + at) >> inside];
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
