using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Checking;

/// <summary>Level tiles: the stored leaf hashes, put together anew, must make every higher tile and every signed root.</summary>
internal sealed class TreeCheck
{
    /// <summary>Read at a time, so that years of heads are never in memory together.</summary>
    private const int HeadsMax = 1_000;

    private readonly SealTables _tables;
    private readonly Findings _findings;
    private readonly Queue<StoredHead> _heads = new();
    private readonly Queue<TreeHead> _anchors;
    private readonly SignedState? _state;
    private readonly Frontier _frontier = new();
    private readonly TileRows _rows;
    private readonly List<(int Level, long Number, byte[] Hashes)> _made = [];
    private bool _isBroken;
    private bool _isForked;
    private long _headsUpTo = -1;

    /// <param name="anchors">Heads from outside, by size.</param>
    /// <param name="state">What this installation signed last; null if that is not known.</param>
    public TreeCheck(SealTables tables, Findings findings, IEnumerable<TreeHead> anchors, SignedState? state = null)
    {
        _state = state;
        _tables = tables;
        _anchors = new(anchors);
        _findings = findings;
        _rows = new TileRows((level, number, hashes) => _made.Add((level, number, hashes.ToArray())));
    }

    public long Size => _frontier.Size;

    /// <summary>Heads from outside that this tree goes on from.</summary>
    public long AnchorsHeld { get; private set; }

    /// <summary>Facts under the largest of them.</summary>
    public long AnchoredSize { get; private set; }

    /// <summary>Adds leaves, and compares each root and each higher tile that they complete.</summary>
    public async Task AppendAsync(IReadOnlyList<TreeHash> leaves, CancellationToken cancellationToken)
    {
        await FetchHeadsAsync(Size + leaves.Count, cancellationToken);
        foreach (TreeHash leaf in leaves)
        {
            Append(leaf);
        }

        await CompareTilesAsync(cancellationToken);
    }

    /// <summary>Heads that no facts were left for.</summary>
    /// <param name="newestSize">Of the newest head when the audit began: a log grows while it is audited.</param>
    public async Task FinishAsync(long newestSize, CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredHead> later = await _tables.HeadsAsync(Size, 1, cancellationToken);
        if (later.Count > 0 && later[0].Size <= newestSize)
        {
            _findings.Add(
                AuditLevels.Tiles,
                "truncated",
                $"There is a head of {later[0].Size} facts, but hashes and facts for {Size} only: the tail was cut off.");
        }
    }

    private async Task FetchHeadsAsync(long upTo, CancellationToken cancellationToken)
    {
        while (_headsUpTo < upTo
            && await _tables.HeadsAsync(_headsUpTo, HeadsMax, cancellationToken) is { Count: > 0 } page)
        {
            foreach (StoredHead head in page)
            {
                _heads.Enqueue(head);
            }

            _headsUpTo = page[^1].Size;
        }
    }

    private void Append(in TreeHash leaf)
    {
        _frontier.Append(leaf);
        _rows.Append(leaf);
        CompareAnchors();
        CompareState();
        if (!_heads.TryPeek(out StoredHead? head) || head.Size != Size)
        {
            return;
        }

        _heads.Dequeue();
        TreeHash root = _frontier.Root();
        if (root == head.Root)
        {
            _findings.GoodHead = _isBroken ? _findings.GoodHead : head;
            return;
        }

        // Once one root is wrong all later ones are; one finding says it.
        if (!_isBroken)
        {
            long from = _findings.GoodHead?.Size ?? 0;
            _findings.Add(
                AuditLevels.Tiles,
                "changed",
                $"The stored hashes do not make the signed root of {head.Size} facts: something from index {from} "
                + $"to {head.Size - 1} is not what was signed.",
                from,
                head.Root.ToString(),
                root.ToString());
        }

        _isBroken = true;
    }

    /// <summary>The head itself may be gone: others may have been signed in its place, with whatever key.</summary>
    private void CompareState()
    {
        if (_state is { } state && state.Size == Size && state.RootHash != _frontier.Root())
        {
            _findings.Add(
                AuditLevels.Heads,
                "forked",
                $"The state file says that this installation signed {state.Size} facts; the log has another history up to there.",
                state.Size,
                state.RootHash.ToString(),
                _frontier.Root().ToString());
        }
    }

    /// <summary>What was shown outside cannot be taken back, not even by whoever has the key.</summary>
    private void CompareAnchors()
    {
        while (_anchors.TryPeek(out TreeHead? anchor) && anchor.Size <= Size)
        {
            _anchors.Dequeue();
            if (anchor.Size == Size && anchor.Root == _frontier.Root())
            {
                AnchorsHeld++;
                AnchoredSize = anchor.Size;
            }
            else if (!_isForked)
            {
                _isForked = true;
                _findings.Add(
                    AuditLevels.Anchors,
                    "forked",
                    $"A signed head of {anchor.Size} facts was shown outside; the log has another history up to there. Both are "
                    + "signed: keep both as proof.",
                    anchor.Size,
                    anchor.Root.ToString(),
                    _frontier.Root().ToString());
            }
        }
    }

    /// <summary>Compares the higher tiles that have become full since.</summary>
    private async Task CompareTilesAsync(CancellationToken cancellationToken)
    {
        foreach ((int level, long number, byte[] hashes) in _made.Where(made => made.Level > 0))
        {
            IReadOnlyList<FullTile> stored = await _tables.TilesAsync(level, number, 1, cancellationToken);
            if (stored.Count == 0 || stored[0].Number != number)
            {
                _findings.Add(AuditLevels.Tiles, "missing", $"The tile {new TilePath(level, number, Tiles.Width)} is missing.");
            }
            else if (!stored[0].Hashes.AsSpan().SequenceEqual(hashes))
            {
                _findings.Add(
                    AuditLevels.Tiles,
                    "changed",
                    $"The tile {new TilePath(level, number, Tiles.Width)} is not made of the tiles below it.");
            }
        }

        _made.Clear();
    }
}
