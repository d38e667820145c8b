using Events.EventStore.Seals.Tree;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

public sealed class A_tree
{
    /// <summary>Sizes around all that could be special: one tile, two levels of tiles, and ones of all shapes.</summary>
    public static TheoryData<int> Sizes =>
        [1, 2, 3, 7, 8, 9, 255, 256, 257, 511, 512, 513, 1_000, 4_095, 65_535, 65_536, 65_537, 66_000, 131_072 + 300];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void has_one_root_however_it_is_computed(int size)
    {
        MemoryTree tree = Grown(size, seed: size);
        TreeHash root = MemoryTree.Defined(tree.Leaves.ToArray());
        Assert.Equal(root, tree.Root());
        Assert.Equal(root, tree.Frontier.Root());
        Assert.Equal(root, Frontier.Parse(size, tree.Frontier.ToBytes()).Root());
        Assert.Equal(root, ProofMaker.Root(size, tree.Subtrees));
        Assert.All(
            Enumerable.Range(0, 40).Select(_ => Random.Shared.Next(size + 1)),
            older => Assert.Equal(MemoryTree.Defined(tree.Leaves.ToArray().AsSpan(0, older)), ProofMaker.Root(older, tree.Subtrees)));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void has_the_tiles_of_tlog_tiles(int size)
    {
        MemoryTree tree = Grown(size, seed: 1);
        int full = 0;
        for (int level = 0; level < Tiles.LevelsMax; level++)
        {
            long hashes = Tiles.HashesAt(level, size);
            Assert.Equal(hashes % Tiles.Width * TreeHash.Length, tree.Row(level).Length);
            full += (int)(hashes / Tiles.Width);
            Assert.Equal(hashes % Tiles.Width, Tiles.WidthOf(level, hashes / Tiles.Width, size));
            Assert.Equal(0, Tiles.WidthOf(level, (hashes / Tiles.Width) + 1, size));
        }

        Assert.Equal(full, tree.Full.Count);
        foreach (((int level, long number), byte[] bytes) in tree.Full)
        {
            Assert.Equal(Tiles.Width, Tiles.WidthOf(level, number, size));
            int leaves = 1 << (level * Tiles.Height);
            int at = Random.Shared.Next(Tiles.Width);
            int first = (int)((number * Tiles.Width) + at) * leaves;
            Assert.Equal(
                MemoryTree.Defined(tree.Leaves.ToArray().AsSpan(first, leaves)),
                new TreeHash(bytes.AsSpan(at * TreeHash.Length, TreeHash.Length)));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void goes_on_from_its_right_edge(int size)
    {
        MemoryTree tree = Grown(size, seed: 2);
        List<(int, long)> full = [];
        TileRows rows = new((level, number, _) => full.Add((level, number)));
        rows.Restore(size, tree.Row);
        Frontier frontier = Frontier.Parse(size, tree.Frontier.ToBytes());
        int before = tree.Full.Count;
        for (int i = 0; i < 300; i++)
        {
            TreeHash leaf = TreeHash.OfLeaf([(byte)i]);
            rows.Append(leaf);
            tree.Append(leaf);
            frontier.Append(leaf);
        }

        Assert.Equal(tree.Root(), rows.Root());
        Assert.Equal(tree.Root(), frontier.Root());
        Assert.Equal(tree.Full.Count - before, full.Count);
        Assert.Throws<FormatException>(() => rows.Restore(size + 1, tree.Row));
        Assert.Throws<FormatException>(() => Frontier.Parse(size, new byte[TreeHash.Length * 65]));
    }

    /// <summary>Every proof that is made is good, and none that was altered in any way.</summary>
    [Fact]
    public void is_proved_by_good_proofs_alone()
    {
        Random random = new(31);
        (int good, int refused) = (0, 0);
        for (int round = 0; round < 60; round++)
        {
            int size = random.Next(1, round < 50 ? 70 : 70_000);
            MemoryTree tree = Grown(size, seed: round);
            for (int i = 0; i < 40; i++)
            {
                long index = random.Next(size);
                Inclusion one = new(
                    tree.Leaves[(int)index], index, size, [.. ProofMaker.Inclusion(index, size, tree.Subtrees)], tree.Root());
                Assert.True(one.IsGood);
                good++;
                foreach (Inclusion altered in Altered(one, random))
                {
                    Assert.False(altered.IsGood, altered.ToString());
                    refused++;
                }

                long from = random.Next(1, size + 1);
                Extension two = new(
                    from, ProofMaker.Root(from, tree.Subtrees), size, tree.Root(), [.. ProofMaker.Consistency(from, size, tree.Subtrees)]);
                Assert.True(two.IsGood);
                good++;
                foreach (Extension altered in Altered(two, random))
                {
                    Assert.False(altered.IsGood, altered.ToString());
                    refused++;
                }
            }
        }

        Assert.Equal(4_800, good);
        Assert.InRange(refused, 25_000, int.MaxValue);
    }

    [Fact]
    public void needs_few_tiles_for_a_proof_and_tells_which()
    {
        MemoryTree tree = Grown(70_000, seed: 5);
        var needed = TiledTree.Needed(subtrees => ProofMaker.Inclusion(1_234, 70_000, subtrees));
        Assert.Contains((0, 4L), needed);
        Assert.InRange(needed.Count, 3, 6);
        TiledTree partly = new((level, number) =>
            needed.Contains((level, number)) ? tree.Tile(level, number) : throw new InvalidOperationException("not announced"));
        Assert.Equal(ProofMaker.Inclusion(1_234, 70_000, tree.Subtrees), ProofMaker.Inclusion(1_234, 70_000, partly));
    }

    [Fact]
    public void of_no_leaves_proves_nothing()
    {
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", new Frontier().Root().ToString());
        Assert.False(ProofCheck.IsExtension(0, TreeHash.Empty, 0, TreeHash.Empty, []));
        Assert.False(ProofCheck.IsIncluded(TreeHash.Empty, 0, 0, [], TreeHash.Empty));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofMaker.Consistency(0, 3, Grown(3, 1).Subtrees));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofMaker.Inclusion(3, 3, Grown(3, 1).Subtrees));
    }

    [Theory]
    [InlineData(0, 0, 256, "tile/0/000")]
    [InlineData(1, 1_234_067, 256, "tile/1/x001/x234/067")]
    [InlineData(0, 999, 1, "tile/0/999.p/1")]
    [InlineData(7, 1_000, 255, "tile/7/x001/000.p/255")]
    [InlineData(0, 36_028_797_018_963_967, 256, "tile/0/x036/x028/x797/x018/x963/967")]
    public void has_tiles_with_paths(int level, long number, int width, string path)
    {
        TilePath tile = new(level, number, width);
        Assert.Equal(path, tile.ToString());
        Assert.True(TilePath.TryParse(path, out TilePath read));
        Assert.Equal(tile, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tile/0")]
    [InlineData("tile/0/0")]
    [InlineData("tile/00/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/001/001")]
    [InlineData("tile/0/x001/x001")]
    [InlineData("tile/0/xx01/001")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000.p")]
    [InlineData("tile/0/000/")]
    [InlineData("tile/0/../../etc/passwd")]
    [InlineData("tiles/0/000")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999")]
    public void has_no_tile_of_another_path(string path) => Assert.False(TilePath.TryParse(path, out _));

    internal static MemoryTree Grown(int size, int seed)
    {
        MemoryTree tree = new();
        Random random = new(seed);
        byte[] leaf = new byte[8];
        for (int i = 0; i < size; i++)
        {
            random.NextBytes(leaf);
            tree.Append(TreeHash.OfLeaf(leaf));
        }

        return tree;
    }

    private static IEnumerable<Inclusion> Altered(Inclusion one, Random random)
    {
        yield return one with { Leaf = Flipped(one.Leaf, random) };
        yield return one with { Root = Flipped(one.Root, random) };
        yield return one with { Index = one.Size };
        yield return one with { Index = -1 };
        yield return one with { Proof = [.. one.Proof, TreeHash.Empty] };
        if (one.Proof.Length > 0)
        {
            int at = random.Next(one.Proof.Length);
            yield return one with { Proof = Replaced(one.Proof, at, Flipped(one.Proof[at], random)) };
            yield return one with { Proof = one.Proof[..^1] };
            yield return one with { Proof = one.Proof[1..] };
            yield return one with { Index = (one.Index + 1 + random.NextInt64(one.Size - 1)) % one.Size };
        }
    }

    private static IEnumerable<Extension> Altered(Extension one, Random random)
    {
        yield return one with { FromRoot = Flipped(one.FromRoot, random) };
        yield return one with { ToRoot = Flipped(one.ToRoot, random) };
        yield return one with { From = 0 };
        yield return one with { From = one.To + 1 };
        yield return one with { Proof = [.. one.Proof, TreeHash.Empty] };
        if (one.Proof.Length > 0)
        {
            int at = random.Next(one.Proof.Length);
            yield return one with { Proof = Replaced(one.Proof, at, Flipped(one.Proof[at], random)) };
            yield return one with { Proof = one.Proof[..^1] };
            yield return one with { Proof = one.Proof[1..] };
            yield return one with { From = one.To, FromRoot = one.ToRoot };
            yield return new Extension(one.To, one.ToRoot, one.From, one.FromRoot, one.Proof);
        }
    }

    private static TreeHash[] Replaced(TreeHash[] proof, int at, TreeHash hash)
    {
        TreeHash[] copy = [.. proof];
        copy[at] = hash;
        return copy;
    }

    private static TreeHash Flipped(TreeHash hash, Random random)
    {
        byte[] bytes = hash.ToBytes();
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return new TreeHash(bytes);
    }

    private sealed record Inclusion(TreeHash Leaf, long Index, long Size, TreeHash[] Proof, TreeHash Root)
    {
        public bool IsGood => ProofCheck.IsIncluded(Leaf, Index, Size, Proof, Root);
    }

    private sealed record Extension(long From, TreeHash FromRoot, long To, TreeHash ToRoot, TreeHash[] Proof)
    {
        public bool IsGood => ProofCheck.IsExtension(From, FromRoot, To, ToRoot, Proof);
    }
}
