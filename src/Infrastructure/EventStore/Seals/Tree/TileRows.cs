namespace Events.EventStore.Seals.Tree;

/// <summary>
/// The right edge of a growing tree: the tile of each level that is not full yet, at most 8 x 8 KiB. Hands out each tile that
/// becomes full, and tells the root.
/// </summary>
/// <param name="full">
/// Gets level, number and hashes of a tile that has become full. The bytes are good during the call only.
/// </param>
internal sealed class TileRows(Action<int, long, ReadOnlyMemory<byte>> full)
{
    private readonly byte[][] _rows = [.. Enumerable.Range(0, Tiles.LevelsMax).Select(_ => new byte[Tiles.Bytes])];

    /// <summary>In leaves.</summary>
    public long Size { get; private set; }

    /// <summary>The hashes of a level that are in no full tile.</summary>
    public ReadOnlyMemory<byte> Row(int level) => _rows[level].AsMemory(0, Count(level) * TreeHash.Length);

    public void Append(in TreeHash leaf)
    {
        TreeHash hash = leaf;
        for (int level = 0; level < Tiles.LevelsMax; level++)
        {
            int count = Count(level);
            hash.CopyTo(_rows[level].AsSpan(count * TreeHash.Length));
            if (count + 1 < Tiles.Width)
            {
                break;
            }

            full(level, Tiles.HashesAt(level, Size) / Tiles.Width, _rows[level]);
            hash = Tiles.RootOf(_rows[level]);
        }

        Size++;
    }

    public TreeHash Root()
    {
        TreeHash? root = null;
        for (int level = 0; level < Tiles.LevelsMax; level++)
        {
            // From right to left, and so from small subtrees to large ones.
            int end = Count(level);
            for (int part = 1; end > 0; part *= 2)
            {
                if ((end & part) == 0)
                {
                    continue;
                }

                TreeHash whole = Tiles.RootOf(
                    _rows[level].AsSpan((end - part) * TreeHash.Length, part * TreeHash.Length));
                root = root is { } right ? TreeHash.OfNode(whole, right) : whole;
                end -= part;
            }
        }

        return root ?? TreeHash.Empty;
    }

    /// <summary>Takes up a tree that was left at this size.</summary>
    /// <param name="row">The hashes of a level that are in no full tile.</param>
    /// <exception cref="FormatException">A row has another length than the size asks for.</exception>
    public void Restore(long size, Func<int, ReadOnlyMemory<byte>> row)
    {
        Size = size;
        for (int level = 0; level < Tiles.LevelsMax; level++)
        {
            ReadOnlyMemory<byte> hashes = row(level);
            if (hashes.Length != Count(level) * TreeHash.Length)
            {
                throw new FormatException($"Level {level} of a tree of {size} leaves has {hashes.Length} bytes.");
            }

            hashes.Span.CopyTo(_rows[level]);
        }
    }

    private int Count(int level) => (int)(Tiles.HashesAt(level, Size) % Tiles.Width);
}
