using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Checking;

/// <summary>One audit of a log on one connection.</summary>
internal sealed class Audit(NpgsqlConnection connection, AuditQuestion question, Action<AuditProgress> progress)
{
    /// <summary>In tiles: some 10,000 facts at a time, so that no snapshot is held for long.</summary>
    private const int PageTiles = 40;

    private const int PageHeads = 1_000;

    /// <summary>Facts that may have been put between those of one page before the rest is told as changed.</summary>
    private const int InsertedMax = 10_000;

    private readonly SealTables _tables = new(connection);
    private readonly Findings _findings = new();
    private readonly List<string> _notChecked = [];
    private long _tileCount;
    private long _factCount;

    public async Task<AuditReport> RunAsync(CancellationToken cancellationToken)
    {
        List<NoteKey> trusted = await KeysAsync(cancellationToken);
        HeadCheck heads = new(trusted, _findings);
        StoredHead? newest = await ReadHeadsAsync(heads, cancellationToken);
        string? undecided = trusted.Count == 0 ? "No public key is known, so no signature could be checked."
            : newest is null ? "The log has no signed head." : null;
        await CompareStateAsync(newest, cancellationToken);
        if (newest is not null && (question.Levels & (AuditLevels.Tiles | AuditLevels.Events)) != 0)
        {
            await CheckTreeAsync(newest, cancellationToken);
        }

        long since = await SinceAsync(newest?.LastSeq ?? 0, cancellationToken);
        await SayWhatIsLeftAsync(cancellationToken);
        return new AuditReport(
            heads.Origin,
            heads.Count,
            _tileCount,
            _factCount,
            newest?.LastSeq ?? 0,
            since,
            _findings.All,
            _notChecked,
            undecided);
    }

    private async Task<List<NoteKey>> KeysAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> texts = question.Keys;
        if (texts.Count == 0)
        {
            texts = await _tables.KeysAsync(cancellationToken);
            _notChecked.Add(
                "whose key it is: the public key was taken from the database itself. Compare it with the one you hold: "
                + string.Join(", ", texts));
        }

        return [.. texts.Select(NoteKey.Parse)];
    }

    /// <returns>The newest; null if there is none.</returns>
    private async Task<StoredHead?> ReadHeadsAsync(HeadCheck check, CancellationToken cancellationToken)
    {
        StoredHead? newest = null;
        while (await _tables.HeadsAsync(newest?.Size ?? -1, PageHeads, cancellationToken) is { Count: > 0 } page)
        {
            foreach (StoredHead head in page)
            {
                check.Check(head);
            }

            newest = page[^1];
        }

        return newest;
    }

    /// <summary>The state file knows of heads that a database that was set back does not.</summary>
    private async Task CompareStateAsync(StoredHead? newest, CancellationToken cancellationToken)
    {
        SignedState? state = question.KeyFolder is { } folder ? new KeyFolder(folder).ReadState() : null;
        if (state is null)
        {
            _notChecked.Add("the sealer's state file: a tail that was cut off together with its heads would not be seen");
            return;
        }

        if (state.Size > (newest?.Size ?? 0))
        {
            _findings.Add(
                AuditLevels.Heads,
                "truncated",
                $"The state file says that {state.Size} facts were signed; the newest head has {newest?.Size ?? 0}. "
                + "The log was set back.");
            return;
        }

        IReadOnlyList<StoredHead> same = await _tables.HeadsAsync(state.Size - 1, 1, cancellationToken);
        if (same.Count == 1 && same[0].Size == state.Size && same[0].Root != state.RootHash)
        {
            _findings.Add(
                AuditLevels.Heads,
                "forged",
                $"The head of {state.Size} facts has another root than the one that the state file says was signed.",
                null,
                state.RootHash.ToString(),
                same[0].Root.ToString());
        }
    }

    private async Task CheckTreeAsync(StoredHead newest, CancellationToken cancellationToken)
    {
        TreeCheck tree = new(_tables, _findings);
        FactCheck facts = new(connection, _findings);
        long after = 0;
        long tiles = Tiles.HashesAt(1, newest.Size);
        while (_tileCount < tiles && !_findings.AreFull)
        {
            IReadOnlyList<FullTile> page = await _tables.TilesAsync(
                0, _tileCount, (int)Math.Min(PageTiles, tiles - _tileCount), cancellationToken);
            int whole = page.TakeWhile((tile, i) => tile.Number == _tileCount + i).Count();
            await tree.AppendAsync([.. page.Take(whole).SelectMany(HashesOf)], cancellationToken);
            await CheckFactsAsync(facts, after, page.Take(whole), cancellationToken);
            (_tileCount, _factCount, after) = (_tileCount + whole, facts.Count, whole == 0 ? after : page[whole - 1].LastSeq);
            progress(new AuditProgress(tree.Size, newest.Size));
            if (whole == 0)
            {
                _findings.Add(
                    AuditLevels.Tiles,
                    "missing",
                    $"The tile {new TilePath(0, _tileCount, Tiles.Width)} is missing; nothing behind it was checked.");
                return;
            }
        }

        if (!_findings.AreFull)
        {
            await CheckEdgeAsync(tree, facts, after, newest, cancellationToken);
        }
    }

    /// <summary>The facts under those of the tiles that were asked for.</summary>
    private async Task CheckFactsAsync(
        FactCheck facts, long after, IEnumerable<FullTile> tiles, CancellationToken cancellationToken)
    {
        List<FullTile> asked = [];
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

        if ((question.Levels & AuditLevels.Events) != 0 && asked.Count > 0)
        {
            List<TreeHash> expected = [.. asked.SelectMany(HashesOf)];
            var found = await facts.ReadAsync(after, asked[^1].LastSeq, expected.Count + InsertedMax, cancellationToken);
            await facts.CompareAsync(asked[0].Number * Tiles.Width, expected, found, cancellationToken);
        }
    }

    /// <summary>The last facts are in no whole tile: the heads' roots alone say what they were.</summary>
    private async Task CheckEdgeAsync(
        TreeCheck tree, FactCheck facts, long after, StoredHead newest, CancellationToken cancellationToken)
    {
        int count = (int)(newest.Size - tree.Size);
        var found = await facts.ReadAsync(after, newest.LastSeq, count + InsertedMax, cancellationToken);
        if (found.Count != count)
        {
            _findings.Add(
                AuditLevels.Events,
                found.Count < count ? "missing" : "inserted",
                $"Behind position {after} there are {found.Count} facts up to position {newest.LastSeq}; {count} were signed.",
                tree.Size);
        }

        await tree.AppendAsync([.. found.Take(count).Select(fact => fact.Leaf)], cancellationToken);
        await tree.FinishAsync(cancellationToken);
        _factCount = facts.Count;
        progress(new AuditProgress(tree.Size, newest.Size));
    }

    private static IEnumerable<TreeHash> HashesOf(FullTile tile) =>
        tile.Hashes.Chunk(TreeHash.Length).Select(hash => new TreeHash(hash));

    private async Task<long> SinceAsync(long position, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("select count(*) from events.mt_events where seq_id > $1", connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = position } },
        };
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task SayWhatIsLeftAsync(CancellationToken cancellationToken)
    {
        if ((question.Levels & AuditLevels.Events) == 0)
        {
            _notChecked.Add("the facts themselves: hashes were compared with heads only");
        }
        else if (question.From > 0 || question.To < long.MaxValue)
        {
            _notChecked.Add($"facts before position {question.From} or behind position {question.To}, some neighbours excepted");
        }

        _notChecked.Add("anchors outside this installation, files of recordings, and the column is_archived");
        await using NpgsqlCommand command = new(
            """
            select attname::text from pg_attribute
            where attrelid = 'events.mt_events'::regclass and attnum > 0 and not attisdropped
              and attname <> all (array['seq_id', 'id', 'stream_id', 'version', 'data', 'bdata', 'type', 'timestamp', 'tenant_id',
                'mt_dotnet_type', 'correlation_id', 'causation_id', 'headers', 'user_name', 'is_archived'])
            order by attnum
            """,
            connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            _notChecked.Add($"the column {reader.GetString(0)}, which somebody added to the log");
        }
    }
}
