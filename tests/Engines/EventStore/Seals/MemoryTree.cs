using Events.EventStore.Seals.Tree;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>A whole tree in memory, by both ways in which the product keeps one, which must agree.</summary>
internal sealed class MemoryTree
{
    private readonly Dictionary<(int Level, long Number), byte[]> _full = [];
    private readonly TileRows _rows;

    public MemoryTree()
    {
        _rows = new TileRows((level, number, hashes) => _full.Add((level, number), hashes.ToArray()));
        Subtrees = new TiledTree(Tile);
    }

    public List<TreeHash> Leaves { get; } = [];

    public Frontier Frontier { get; } = new();

    public ISubtrees Subtrees { get; }

    public long Size => _rows.Size;

    public IReadOnlyDictionary<(int Level, long Number), byte[]> Full => _full;

    public void Append(in TreeHash leaf)
    {
        Leaves.Add(leaf);
        Frontier.Append(leaf);
        _rows.Append(leaf);
    }

    public TreeHash Root() => _rows.Root();

    public ReadOnlyMemory<byte> Row(int level) => _rows.Row(level);

    public ReadOnlyMemory<byte> Tile(int level, long number) =>
        _full.TryGetValue((level, number), out byte[]? full) ? full : _rows.Row(level);

    /// <summary>The root as RFC 9162 section 2.1.1 defines it, by recursion over the leaves, sharing nothing with the rest.</summary>
    public static TreeHash Defined(ReadOnlySpan<TreeHash> leaves)
    {
        if (leaves.Length < 2)
        {
            return leaves.IsEmpty ? TreeHash.Empty : leaves[0];
        }

        int middle = 1;
        while (middle * 2 < leaves.Length)
        {
            middle *= 2;
        }

        return TreeHash.OfNode(Defined(leaves[..middle]), Defined(leaves[middle..]));
    }
}
