using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Sealing;

/// <summary>
/// The tree of the log up to its newest head, and what comes next. Never more than its right edge is in memory.
/// </summary>
internal sealed class GrowingTree
{
    /// <summary>One edge tile per level, and the longest stretch between two heads: some 10 MB together.</summary>
    public const int LeavesPerHeadMax = 100_000;

    /// <summary>Over in ten or twenty milliseconds.</summary>
    private const int LeavesPerStatementMax = 1_000;

    private readonly TileRows _rows;
    private readonly Frontier _frontier = new();
    private readonly LeafForm _form = new();
    private readonly StoredRows _source = new();
    private readonly long[] _firstSeq = new long[Tiles.LevelsMax + 1];
    private List<FullTile> _full = [];

    private GrowingTree(Frontier frontier, long lastSeq)
    {
        _rows = new TileRows(Note);
        _frontier = frontier;
        LastSeq = lastSeq;
    }

    public long Size => _rows.Size;

    /// <summary>Position of the last fact in the tree.</summary>
    public long LastSeq { get; private set; }

    public TreeHash Root() => _rows.Root();

    /// <summary>The hashes of a level that are in no whole tile.</summary>
    public ReadOnlyMemory<byte> Edge(int level) => _rows.Row(level);

    public byte[] Frontier() => _frontier.ToBytes();

    /// <summary>
    /// Takes up the tree at the newest head, from its tiles and the last facts, and checks that it has its root.
    /// </summary>
    /// <param name="head">Null for a log without heads.</param>
    /// <exception cref="SealRefusedException">Tiles or facts are not those that the head was made of.</exception>
    public static async Task<GrowingTree> LoadAsync(
        NpgsqlConnection connection, StoredHead? head, CancellationToken cancellationToken)
    {
        if (head is null)
        {
            return new GrowingTree(new Frontier(), 0);
        }

        // A fact that adopts what was sealed at its place must not keep the log from being sealed; the audit tells of it.
        long[] adopted = (await Adoptions.ReadAsync(connection, cancellationToken)).Positions;
        return await TryLoadAsync(connection, head, adopted, cancellationToken)
            ?? (adopted.Length > 0 ? await TryLoadAsync(connection, head, [], cancellationToken) : null)
            ?? throw new SealRefusedException(
                $"The newest tree head, of {head.Size} facts up to position {head.LastSeq}, does not fit the last facts and "
                + "tiles before it. Something was changed, removed or put between; events audit verify says what.");
    }

    /// <param name="without">Positions of rows that are in no tree.</param>
    /// <returns>Null when the tree has another root than the head.</returns>
    private static async Task<GrowingTree?> TryLoadAsync(
        NpgsqlConnection connection, StoredHead head, long[] without, CancellationToken cancellationToken)
    {
        try
        {
            GrowingTree tree = new(Tree.Frontier.Parse(head.Size, head.Frontier), head.LastSeq);
            ReadOnlyMemory<byte>[] edges = new ReadOnlyMemory<byte>[Tiles.LevelsMax];
            edges[0] = await tree.LeafEdgeAsync(connection, head, without, cancellationToken);
            for (int level = 1; level < Tiles.LevelsMax; level++)
            {
                edges[level] = await tree.UpperEdgeAsync(new SealTables(connection), level, head.Size, cancellationToken);
            }

            tree._rows.Restore(head.Size, level => edges[level]);
            return tree.Root() == head.Root && tree._frontier.Root() == head.Root ? tree : null;
        }
        catch (FormatException)
        {
            // Too few facts or tiles, or a frontier of another size.
            return null;
        }
    }

    /// <summary>
    /// Reads the next facts twice and compares: a bit that flipped on the way must never be signed. The tree is as before.
    /// </summary>
    /// <returns>Positions and leaf hashes, in order.</returns>
    public async Task<IReadOnlyList<(long Seq, TreeHash Leaf)>> NextAsync(
        NpgsqlConnection connection, long upTo, int countMax, CancellationToken cancellationToken, ReadingPace? pace = null)
    {
        List<(long Seq, TreeHash Leaf)> first = [];
        await ReadAsync(connection, upTo, countMax, pace, (in LeafRow row) => first.Add(Hashed(row)), cancellationToken);
        if (first.Count == 0)
        {
            return first;
        }

        int at = 0;
        bool isSame = true;
        await ReadAsync(
            connection,
            first[^1].Seq,
            countMax,
            pace,
            (in LeafRow row) => isSame &= at < first.Count && first[at++] == Hashed(row),
            cancellationToken);
        return isSame && at == first.Count
            ? first
            : throw new InvalidDataException(
                $"Two readings of the facts behind position {LastSeq} differ. Memory or disk may be failing; nothing was "
                + "signed.");
    }

    /// <summary>
    /// In many short statements: while one runs, PostgreSQL clears no older version of a row away, and appends that change the
    /// same streams' rows again and again would have to pass by all of them.
    /// </summary>
    private async Task ReadAsync(
        NpgsqlConnection connection,
        long upTo,
        int countMax,
        ReadingPace? pace,
        LeafRowReader each,
        CancellationToken cancellationToken)
    {
        long after = LastSeq;
        LeafRowReader last = (in LeafRow row) =>
        {
            each(row);
            after = row.SeqId;
        };
        int count = 0;
        int read;
        do
        {
            int most = Math.Min(LeavesPerStatementMax, countMax - count);
            read = await _source.ReadAsync(connection, after, upTo, most, last, cancellationToken);
            count += read;
            if (pace is not null)
            {
                await pace.AfterAsync(read, cancellationToken);
            }
        }
        while (read == LeavesPerStatementMax && count < countMax);
    }

    /// <returns>Tiles that became full.</returns>
    public IReadOnlyList<FullTile> Append(IReadOnlyList<(long Seq, TreeHash Leaf)> leaves)
    {
        _full = [];
        foreach ((long seq, TreeHash leaf) in leaves)
        {
            LastSeq = seq;
            if (_rows.Row(0).IsEmpty)
            {
                _firstSeq[0] = seq;
            }

            _frontier.Append(leaf);
            _rows.Append(leaf);
        }

        return _full;
    }

    private void Note(int level, long number, ReadOnlyMemory<byte> hashes)
    {
        _full.Add(new FullTile(level, number, hashes.ToArray(), _firstSeq[level], LastSeq));
        if (level + 1 < Tiles.LevelsMax && _rows.Row(level + 1).IsEmpty)
        {
            _firstSeq[level + 1] = _firstSeq[level];
        }
    }

    private (long Seq, TreeHash Leaf) Hashed(in LeafRow row)
    {
        try
        {
            return (row.SeqId, _form.HashOf(row));
        }
        catch (RefusedJsonException refused)
        {
            throw new InvalidDataException($"The fact at position {row.SeqId} cannot be sealed. {refused.Message}");
        }
    }

    /// <summary>The last facts that are in no whole tile.</summary>
    private async Task<ReadOnlyMemory<byte>> LeafEdgeAsync(
        NpgsqlConnection connection, StoredHead head, long[] without, CancellationToken cancellationToken)
    {
        int count = (int)(head.Size % Tiles.Width);
        byte[] edge = new byte[count * TreeHash.Length];
        if (count == 0)
        {
            return edge;
        }

        await using NpgsqlCommand command = new(
            """
            select min(seq_id) from (
              select seq_id from events.mt_events where seq_id <= $1 and seq_id <> all($3) order by seq_id desc limit $2) last
            """,
            connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = head.LastSeq },
                new NpgsqlParameter<int> { TypedValue = count },
                new NpgsqlParameter<long[]> { TypedValue = without },
            },
        };
        if (await command.ExecuteScalarAsync(cancellationToken) is not long first)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        int at = 0;
        HashSet<long> left = [.. without];
        await _source.ReadAsync(
            connection,
            first - 1,
            head.LastSeq,
            count + without.Length,
            (in LeafRow row) =>
            {
                if (at < count && !left.Contains(row.SeqId))
                {
                    Hashed(row).Leaf.CopyTo(edge.AsSpan(TreeHash.Length * at++));
                }
            },
            cancellationToken);
        _firstSeq[0] = first;
        return edge.AsMemory(0, at * TreeHash.Length);
    }

    /// <summary>The roots of the last tiles of the level below that are in no whole tile of this one.</summary>
    private async Task<ReadOnlyMemory<byte>> UpperEdgeAsync(
        SealTables tables, int level, long size, CancellationToken cancellationToken)
    {
        long hashes = Tiles.HashesAt(level, size);
        long from = hashes / Tiles.Width * Tiles.Width;
        if (hashes == from)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        byte[] edge = new byte[(hashes - from) * TreeHash.Length];
        int at = 0;
        foreach (FullTile tile in await tables.TilesAsync(level - 1, from, (int)(hashes - from), cancellationToken))
        {
            if (at == 0)
            {
                _firstSeq[level] = tile.FirstSeq;
            }

            if (tile.Number != from + at || tile.Hashes.Length != Tiles.Bytes)
            {
                break;
            }

            Tiles.RootOf(tile.Hashes).CopyTo(edge.AsSpan(TreeHash.Length * at++));
        }

        return edge.AsMemory(0, at * TreeHash.Length);
    }
}
