using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Checking;

/// <summary>
/// The way along the tree from its first leaf to its newest head: hashes against roots, and facts against hashes. Facts are read
/// ahead, so that reading, hashing and comparing go on side by side.
/// </summary>
internal sealed class TreeWalk(
    string connectionString,
    NpgsqlConnection connection,
    SealTables tables,
    AuditQuestion question,
    Findings findings,
    IReadOnlyList<TreeHead> anchors,
    Adoptions adopted,
    SignedState? state = null) : IAsyncDisposable
{
    /// <summary>In tiles: some 10,000 facts at a time, so that no snapshot is held for long.</summary>
    private const int PageTiles = 40;

    /// <summary>Pages read ahead, each on a connection of its own: as many as a small machine has cores.</summary>
    private const int LaneCount = 2;

    /// <summary>Facts that may have been put between those of one page before the rest is told as changed.</summary>
    private const int InsertedMax = 10_000;

    /// <summary>Before every position, those included that nobody gives.</summary>
    private const long Beginning = StoredRows.Beginning;

    private readonly FactLane[] _lanes =
        [.. Enumerable.Range(0, LaneCount).Select(_ => new FactLane(connectionString))];

    private readonly TreeCheck _tree = new(tables, findings, anchors, state);
    private readonly FactCheck _facts = new(connection, findings, adopted);
    private readonly Queue<Page> _ahead = new();
    private int _lane;
    private long _after = Beginning;
    private long _readUpTo = Beginning;

    public long TileCount { get; private set; }

    public long FactCount => _facts.Count;

    public long AnchorsHeld => _tree.AnchorsHeld;

    public long AnchoredSize => _tree.AnchoredSize;

    public async Task RunAsync(
        StoredHead newest, bool looksAtFacts, Action<AuditProgress> progress, CancellationToken cancellationToken)
    {
        long tiles = Tiles.HashesAt(1, newest.Size);
        long fetched = 0;
        bool isWhole = true;
        try
        {
            while (!findings.AreFull && (_ahead.Count > 0 || (isWhole && fetched < tiles)))
            {
                if (isWhole && fetched < tiles && _ahead.Count < LaneCount)
                {
                    int asked = (int)Math.Min(PageTiles, tiles - fetched);
                    IReadOnlyList<FullTile> stored = await tables.TilesAsync(0, fetched, asked, cancellationToken);
                    FullTile[] page = [.. stored.TakeWhile((tile, i) => tile.Number == fetched + i)];
                    isWhole = page.Length == asked;
                    fetched += page.Length;
                    _ahead.Enqueue(Begin(page, looksAtFacts, cancellationToken));
                    continue;
                }

                await FinishAsync(_ahead.Dequeue(), cancellationToken);
                progress(new AuditProgress(_tree.Size, newest.Size));
            }
        }
        finally
        {
            await Task.WhenAny(Task.WhenAll(_ahead.Select(page => page.Facts)));
        }

        if (!isWhole)
        {
            findings.Add(
                AuditLevels.Tiles,
                "missing",
                $"The tile {new TilePath(0, TileCount, Tiles.Width)} is missing; nothing behind it was checked.");
        }
        else if (!findings.AreFull)
        {
            await CheckEdgeAsync(newest, looksAtFacts, cancellationToken);
            if (looksAtFacts)
            {
                await CheckRangeAsync(newest, cancellationToken);
            }

            progress(new AuditProgress(_tree.Size, newest.Size));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (FactLane lane in _lanes)
        {
            await lane.DisposeAsync();
        }
    }

    /// <summary>Starts to read the facts under those of the tiles that were asked for.</summary>
    private Page Begin(FullTile[] tiles, bool looksAtFacts, CancellationToken cancellationToken)
    {
        List<FullTile> asked = [];
        long after = _after;
        foreach (FullTile tile in tiles)
        {
            if (tile.LastSeq < question.From)
            {
                after = tile.LastSeq;
            }
            else if (tile.FirstSeq <= question.To)
            {
                asked.Add(tile);
            }
        }

        _after = tiles.Length == 0 ? _after : tiles[^1].LastSeq;
        TreeHash[] hashes = HashesOf(tiles);
        if (!looksAtFacts || asked.Count == 0)
        {
            return new Page(tiles.Length, hashes, 0, [], Task.FromResult<List<(long Seq, TreeHash Leaf)>>([]));
        }

        _readUpTo = asked[^1].LastSeq;
        TreeHash[] expected = asked.Count == tiles.Length ? hashes : HashesOf(asked);
        FactLane lane = _lanes[_lane++ % LaneCount];
        return new Page(
            tiles.Length,
            hashes,
            asked[0].Number * Tiles.Width,
            expected,
            lane.ReadAsync(after, asked[^1].LastSeq, expected.Length + InsertedMax, cancellationToken));
    }

    private async Task FinishAsync(Page page, CancellationToken cancellationToken)
    {
        await _tree.AppendAsync(page.Hashes, cancellationToken);
        await _facts.CompareAsync(page.First, page.Expected, await page.Facts, cancellationToken);
        TileCount += page.Tiles;
    }

    /// <summary>
    /// The last facts are in no whole tile: the heads keep their hashes. In a log from before they did, the heads' roots alone
    /// say what the facts were.
    /// </summary>
    private async Task CheckEdgeAsync(StoredHead newest, bool looksAtFacts, CancellationToken cancellationToken)
    {
        long first = _tree.Size;
        int count = (int)(newest.Size - first);
        IReadOnlyList<TreeHash>? kept = await tables.EdgeLeavesAsync(first, count, cancellationToken);
        if (kept is not null)
        {
            await _tree.AppendAsync(kept, cancellationToken);
        }

        bool isAsked = looksAtFacts && _after < question.To && newest.LastSeq >= question.From;
        if (kept is null || isAsked)
        {
            _readUpTo = newest.LastSeq;
            List<(long Seq, TreeHash Leaf)> found =
                await _lanes[0].ReadAsync(_after, newest.LastSeq, count + InsertedMax, cancellationToken);
            if (kept is not null)
            {
                await _facts.CompareAsync(first, kept, found, cancellationToken);
            }
            else
            {
                found.RemoveAll(fact => adopted.Holds(fact.Seq));
                await CompareByHeadsAsync(found, count, newest, cancellationToken);
            }
        }

        await _tree.FinishAsync(newest.Size, cancellationToken);
    }

    /// <summary>
    /// Which facts lie under a tile is in columns that nothing signs. Of those before the range the facts read say whether that
    /// is true; that none was left out behind the last tile read is asked here.
    /// </summary>
    private async Task CheckRangeAsync(StoredHead newest, CancellationToken cancellationToken)
    {
        long to = Math.Min(question.To, newest.LastSeq);
        await using NpgsqlCommand command = new(
            "select seq_id from events.mt_events where seq_id > $1 and seq_id >= $2 and seq_id <= $3 order by seq_id limit $4",
            connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = _readUpTo },
                new NpgsqlParameter<long> { TypedValue = question.From },
                new NpgsqlParameter<long> { TypedValue = to },
                new NpgsqlParameter<int> { TypedValue = InsertedMax },
            },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (!adopted.Holds(reader.GetInt64(0)))
            {
                findings.Add(
                    AuditLevels.Tiles,
                    "changed",
                    $"The fact at position {reader.GetInt64(0)} lies under no tile, by the positions that the tiles' rows name: "
                    + "those rows, or the facts, are not what they were.");
                return;
            }
        }
    }

    private async Task CompareByHeadsAsync(
        List<(long Seq, TreeHash Leaf)> found, int count, StoredHead newest, CancellationToken cancellationToken)
    {
        if (found.Count != count)
        {
            findings.Add(
                AuditLevels.Events,
                found.Count < count ? "missing" : "inserted",
                $"Behind position {Math.Max(_after, 0)} there are {found.Count} facts up to position {newest.LastSeq}; {count} "
                + "were signed.",
                _tree.Size);
        }

        TreeHash[] leaves = [.. found.Take(count).Select(fact => fact.Leaf)];
        await _facts.CompareAsync(_tree.Size, leaves, [.. found.Take(count)], cancellationToken);
        await _tree.AppendAsync(leaves, cancellationToken);
    }

    private static TreeHash[] HashesOf(IReadOnlyList<FullTile> tiles) =>
        [.. tiles.SelectMany(tile => Tiles.HashesIn(tile.Hashes))];

    /// <param name="Tiles">How many.</param>
    /// <param name="Hashes">All of theirs.</param>
    /// <param name="First">Index in the tree of the first expected hash.</param>
    /// <param name="Expected">Of the facts that were asked for.</param>
    private sealed record Page(
        int Tiles, TreeHash[] Hashes, long First, TreeHash[] Expected, Task<List<(long Seq, TreeHash Leaf)>> Facts);
}
