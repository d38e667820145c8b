using System.Numerics;

namespace Events.EventStore.Seals.Tree;

/// <summary>
/// Checks proofs, RFC 9162 sections 2.1.3.2 and 2.1.4.2. A proof of the wrong length is refused before any hashing.
/// </summary>
internal static class ProofCheck
{
    /// <returns>Whether the proof shows the leaf at this place of the tree with this root.</returns>
    public static bool IsIncluded(in TreeHash leaf, long index, long size, IReadOnlyList<TreeHash> proof, in TreeHash root)
    {
        if (index < 0 || index >= size)
        {
            return false;
        }

        int inner = Inner(index, size);
        if (proof.Count != inner + BitOperations.PopCount((ulong)(index >> inner)))
        {
            return false;
        }

        return Climb(leaf, index, inner, proof, 0) == root;
    }

    /// <returns>Whether the proof shows the newer tree to begin with the older one. A size of 0 proves nothing.</returns>
    public static bool IsExtension(
        long from, in TreeHash fromRoot, long to, in TreeHash toRoot, IReadOnlyList<TreeHash> proof)
    {
        if (from < 1 || from > to)
        {
            return false;
        }

        if (from == to)
        {
            return proof.Count == 0 && fromRoot == toRoot;
        }

        // The last whole subtree of the older tree, and its place among those of its height.
        int height = BitOperations.TrailingZeroCount(from);
        long index = (from - 1) >> height;
        int inner = Inner(from - 1, to) - height;

        // The older tree is one subtree: its root is known already, and the proof begins behind it.
        int first = BitOperations.IsPow2(from) ? 0 : 1;
        if (proof.Count != first + inner + BitOperations.PopCount((ulong)(index >> inner)))
        {
            return false;
        }

        TreeHash seed = first == 0 ? fromRoot : proof[0];
        TreeHash older = seed;
        for (int i = first; i < proof.Count; i++)
        {
            int level = i - first;
            bool isLeft = level >= inner || ((index >> level) & 1) == 1;
            older = isLeft ? TreeHash.OfNode(proof[i], older) : older;
        }

        return older == fromRoot && Climb(seed, index, inner, proof, first) == toRoot;
    }

    /// <returns>At how many levels the way up has a sibling for sure, before only left ones follow.</returns>
    private static int Inner(long index, long size) => 64 - BitOperations.LeadingZeroCount((ulong)(index ^ (size - 1)));

    private static TreeHash Climb(in TreeHash seed, long index, int inner, IReadOnlyList<TreeHash> proof, int first)
    {
        TreeHash hash = seed;
        for (int i = first; i < proof.Count; i++)
        {
            int level = i - first;
            bool isLeft = level >= inner || ((index >> level) & 1) == 1;
            hash = isLeft ? TreeHash.OfNode(proof[i], hash) : TreeHash.OfNode(hash, proof[i]);
        }

        return hash;
    }
}
