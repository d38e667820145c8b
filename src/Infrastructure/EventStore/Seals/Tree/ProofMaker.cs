using System.Numerics;

namespace Events.EventStore.Seals.Tree;

/// <summary>Makes proofs from whole subtrees, RFC 9162 sections 2.1.3.1 and 2.1.4.1. No recursion is deeper than 63.</summary>
internal static class ProofMaker
{
    /// <summary>The root of the tree of the first <paramref name="size"/> leaves.</summary>
    public static TreeHash Root(long size, ISubtrees subtrees)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return size == 0 ? TreeHash.Empty : Over(0, size, subtrees);
    }

    /// <summary>That the leaf is in the tree of the first <paramref name="size"/> leaves.</summary>
    /// <returns>From the leaf's sibling up.</returns>
    public static List<TreeHash> Inclusion(long index, long size, ISubtrees subtrees)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        List<TreeHash> proof = [];
        long start = 0;
        long end = size;
        while (end - start > 1)
        {
            long middle = start + LargestBelow(end - start);
            if (index < middle)
            {
                proof.Add(Over(middle, end, subtrees));
                end = middle;
            }
            else
            {
                proof.Add(Over(start, middle, subtrees));
                start = middle;
            }
        }

        proof.Reverse();
        return proof;
    }

    /// <summary>That the tree of <paramref name="from"/> leaves is the beginning of the one of <paramref name="to"/>.</summary>
    /// <param name="from">At least 1: before the first head there is nothing to be consistent with.</param>
    public static List<TreeHash> Consistency(long from, long to, ISubtrees subtrees)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(from, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, to);
        List<TreeHash> proof = [];
        long start = 0;
        long end = to;
        bool isOlderKnown = true;
        while (from != end)
        {
            long middle = start + LargestBelow(end - start);
            if (from <= middle)
            {
                proof.Add(Over(middle, end, subtrees));
                end = middle;
            }
            else
            {
                proof.Add(Over(start, middle, subtrees));
                start = middle;
                isOlderKnown = false;
            }
        }

        if (!isOlderKnown)
        {
            proof.Add(Over(start, end, subtrees));
        }

        proof.Reverse();
        return proof;
    }

    private static TreeHash Over(long start, long end, ISubtrees subtrees)
    {
        long size = end - start;
        if (BitOperations.IsPow2(size))
        {
            int height = BitOperations.Log2((ulong)size);
            return subtrees.Root(height, start >> height);
        }

        long middle = start + LargestBelow(size);
        return TreeHash.OfNode(Over(start, middle, subtrees), Over(middle, end, subtrees));
    }

    /// <returns>The largest power of two that is smaller.</returns>
    private static long LargestBelow(long size) => 1L << BitOperations.Log2((ulong)(size - 1));
}
