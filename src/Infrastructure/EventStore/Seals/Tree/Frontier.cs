using System.Numerics;

namespace Events.EventStore.Seals.Tree;

/// <summary>
/// A tree that only grows, kept as the roots of its whole subtrees, largest first: as many as its size has ones in binary, so at
/// most 63 hashes for any log. Enough to append and to tell the root.
/// </summary>
internal sealed class Frontier
{
    private readonly TreeHash[] _roots = new TreeHash[63];
    private int _count;

    /// <summary>In leaves.</summary>
    public long Size { get; private set; }

    /// <exception cref="FormatException">So many bytes are not the frontier of a tree of this size.</exception>
    public static Frontier Parse(long size, ReadOnlySpan<byte> bytes)
    {
        if (size < 0 || bytes.Length != BitOperations.PopCount((ulong)size) * TreeHash.Length)
        {
            throw new FormatException($"{bytes.Length} bytes are not the frontier of a tree of {size} leaves.");
        }

        Frontier frontier = new() { Size = size };
        for (; !bytes.IsEmpty; bytes = bytes[TreeHash.Length..])
        {
            frontier._roots[frontier._count++] = new TreeHash(bytes[..TreeHash.Length]);
        }

        return frontier;
    }

    public void Append(in TreeHash leaf)
    {
        TreeHash root = leaf;
        for (long size = Size; (size & 1) == 1; size >>= 1)
        {
            root = TreeHash.OfNode(_roots[--_count], root);
        }

        _roots[_count++] = root;
        Size++;
    }

    public TreeHash Root()
    {
        if (_count == 0)
        {
            return TreeHash.Empty;
        }

        TreeHash root = _roots[_count - 1];
        for (int i = _count - 2; i >= 0; i--)
        {
            root = TreeHash.OfNode(_roots[i], root);
        }

        return root;
    }

    /// <summary>The roots, largest subtree first.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[_count * TreeHash.Length];
        for (int i = 0; i < _count; i++)
        {
            _roots[i].CopyTo(bytes.AsSpan(i * TreeHash.Length));
        }

        return bytes;
    }
}
