namespace Events.EventStore.Seals.Tree;

/// <summary>The roots of a tree's whole subtrees.</summary>
internal interface ISubtrees
{
    /// <summary>
    /// The root over leaves <c>index * 2^height</c> to <c>(index + 1) * 2^height - 1</c>, all of which are there.
    /// </summary>
    /// <param name="height">0 for a leaf.</param>
    TreeHash Root(int height, long index);
}
