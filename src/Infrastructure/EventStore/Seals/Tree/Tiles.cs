using System.Numerics;

namespace Events.EventStore.Seals.Tree;

/// <summary>
/// What C2SP tlog-tiles cuts a tree into: rows of 256 hashes. Those of level 0 are leaves; a hash of a higher level is the root
/// over one whole tile of the level below.
/// </summary>
internal static class Tiles
{
    /// <summary>In hashes.</summary>
    public const int Width = 1 << Height;

    /// <summary>In bytes.</summary>
    public const int Bytes = Width * TreeHash.Length;

    /// <summary>Levels of the tree that lie inside one tile.</summary>
    public const int Height = 8;

    /// <summary>Levels of tiles that 2^63 leaves need.</summary>
    public const int LevelsMax = 8;

    /// <returns>How many hashes a level has in a tree of this size.</returns>
    public static long HashesAt(int level, long size) => size >> (level * Height);

    /// <returns>The width of a tile in a tree of this size: 256, less at the right edge, 0 if it is not there.</returns>
    public static int WidthOf(int level, long number, long size) =>
        (int)Math.Clamp(HashesAt(level, size) - (number * Width), 0, Width);

    /// <summary>The root over hashes of one tile, as many as a power of two.</summary>
    public static TreeHash RootOf(ReadOnlySpan<byte> hashes)
    {
        int count = hashes.Length / TreeHash.Length;
        if (!BitOperations.IsPow2(count) || count * TreeHash.Length != hashes.Length)
        {
            throw new ArgumentException($"{hashes.Length} bytes are no whole subtree.", nameof(hashes));
        }

        Span<TreeHash> row = stackalloc TreeHash[count];
        for (int i = 0; i < count; i++)
        {
            row[i] = new TreeHash(hashes.Slice(i * TreeHash.Length, TreeHash.Length));
        }

        for (; count > 1; count /= 2)
        {
            for (int i = 0; i < count / 2; i++)
            {
                row[i] = TreeHash.OfNode(row[2 * i], row[(2 * i) + 1]);
            }
        }

        return row[0];
    }

    /// <summary>Takes apart hashes that lie one behind the other.</summary>
    public static TreeHash[] HashesIn(ReadOnlySpan<byte> bytes)
    {
        TreeHash[] hashes = new TreeHash[bytes.Length / TreeHash.Length];
        for (int i = 0; i < hashes.Length; i++)
        {
            hashes[i] = new TreeHash(bytes.Slice(i * TreeHash.Length, TreeHash.Length));
        }

        return hashes;
    }

    /// <summary>All that lies inside a whole tile, numbered as in a heap: the root is 1, below N are 2N and 2N + 1.</summary>
    public static TreeHash[] Inner(ReadOnlySpan<byte> tile)
    {
        TreeHash[] inner = new TreeHash[2 * Width];
        for (int i = 0; i < Width; i++)
        {
            inner[Width + i] = new TreeHash(tile.Slice(i * TreeHash.Length, TreeHash.Length));
        }

        for (int i = Width - 1; i > 0; i--)
        {
            inner[i] = TreeHash.OfNode(inner[2 * i], inner[(2 * i) + 1]);
        }

        return inner;
    }
}
