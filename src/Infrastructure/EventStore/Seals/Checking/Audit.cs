using System.Globalization;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Npgsql;

namespace Events.EventStore.Seals.Checking;

/// <summary>One audit of a log: a connection for the seals, and lanes beside it for the facts.</summary>
internal sealed class Audit(
    string connectionString, NpgsqlConnection connection, AuditQuestion question, Action<AuditProgress> progress)
{
    private const int PageHeads = 1_000;

    /// <summary>By the stream, so that the log is not searched as a whole.</summary>
    private const string SelectForks =
        """
        select seq_id, coalesce(data->>'oldOrigin', ''), coalesce(data->>'newOrigin', ''), coalesce(data->>'lostSize', ''),
               coalesce(data->>'size', ''), coalesce(data->>'reason', '')
        from events.mt_events where stream_id = 'logbook-all' and type = 'log_forked' order by seq_id limit 10000
        """;

    private readonly SealTables _tables = new(connection);
    private readonly Findings _findings = new();
    private readonly AuditNotes _notes = new(connection, question);
    private long _tileCount;
    private long _factCount;
    private readonly Dictionary<string, long> _forked = new(StringComparer.Ordinal);
    private long _anchorCount;
    private long _anchoredSize;
    private SignedState? _state;
    private string? _nothingRead;
    private string? _stateUnread;

    public async Task<AuditReport> RunAsync(CancellationToken cancellationToken)
    {
        List<NoteKey> trusted = await KeysAsync(cancellationToken);
        TrustedKeys keys = new(trusted, await _tables.RotationsAsync(cancellationToken));
        HeadCheck heads = new(keys, _findings);
        StoredHead? newest = await ReadHeadsAsync(heads, cancellationToken);
        string? undecided = trusted.Count == 0 ? "No public key is known, so no signature could be checked."
            : newest is null ? "The log has no signed head." : null;
        if (heads.DatedByHand is (> 0, _) dated)
        {
            _notes.Notices.Add(
                $"{dated.Count} heads, the first of {dated.FirstSize} facts, were signed while the clock was behind the head "
                + "before; their times say the order alone.");
        }

        SayKeys(keys);
        if (newest is not null && trusted.Count > 0 && _findings.All.Count == 0 && !keys.Vouches(newest))
        {
            _findings.Add(
                AuditLevels.Heads,
                "forged",
                $"The newest head, of {newest.Size} facts, is signed by a key that a fact calls the one before yours, and yours "
                + "has signed no head since.",
                newest.Size);
        }

        await CompareStateAsync(heads, newest, cancellationToken);
        await CheckForksAsync(heads, newest, cancellationToken);
        OutsideCheck outside = new(connection, question, _findings, _notes);
        IReadOnlyList<TreeHead> anchors = await outside.RunAsync(keys.Ever, newest, _forked, cancellationToken);
        _notes.AreAnchorsThere = anchors.Count > 0;
        if (newest is not null && Asks(AuditLevels.Tiles | AuditLevels.Events | AuditLevels.Anchors))
        {
            await CheckTreeAsync(newest, anchors, cancellationToken);
        }

        if (Asks(AuditLevels.Side))
        {
            await new SideCheck(connection, _findings).RunAsync(cancellationToken);
        }

        long since = await SinceAsync(newest?.LastSeq ?? 0, cancellationToken);
        await _notes.SayWhatIsLeftAsync(cancellationToken);
        return new AuditReport(
            heads.Origin,
            heads.Count,
            _tileCount,
            _factCount,
            newest?.LastSeq ?? 0,
            since,
            _anchorCount,
            _findings.All,
            _notes.NotChecked,
            _notes.Notices,
            undecided ?? outside.Undecided ?? _nothingRead ?? Unbelieved(newest) ?? _stateUnread);
    }

    /// <summary>
    /// Whoever has a key can sign with it, and name a key of his own as the next: then only heads that were kept outside bind
    /// him, and keys that the asker has from elsewhere.
    /// </summary>
    /// <returns>Why the newest head does not prove all below it; null if it does, or if no key is in wrong hands.</returns>
    private string? Unbelieved(StoredHead? newest)
    {
        if (question.Stolen is not { } stolen || newest is null)
        {
            return null;
        }

        using NoteKey theirs = NoteKey.Parse(stolen.Key);
        NoteKey[] held = [.. question.Keys.Select(NoteKey.Parse).Where(key => key.ToString() != theirs.ToString())];
        bool isBelieved = newest.Size <= Math.Max(stolen.Above, _anchoredSize)
            || AnchorFolder.Open(newest.Note, held) is not null;
        return isBelieved
            ? null
            : $"The newest head, of {newest.Size} facts, is signed by no key that you hold but the one that others have. It is "
                + $"believed up to {stolen.Above} facts, and heads that were kept outside hold the log up to {_anchoredSize}; "
                + "what is behind is proved by nothing.";
    }

    /// <summary>A log that was set back goes on under another name, and a fact says so.</summary>
    private async Task CheckForksAsync(HeadCheck heads, StoredHead? newest, CancellationToken cancellationToken)
    {
        List<ToldFork> told = await ForksAsync(cancellationToken);
        HashSet<string> here = [.. heads.Changes.Select(change => change.From)];
        if (heads.Origin is { } present)
        {
            here.Add(present);
        }

        foreach (ToldFork fork in told.Where(fork => fork.Position <= newest?.LastSeq && !here.Contains(fork.Old)))
        {
            // Of a name from before the first head: what was kept outside of it is of what was lost. Of a name that heads have,
            // the heads say where it ended; a fact says nothing, because the sealer signs whatever anybody wrote.
            _forked[fork.Old] = Math.Max(fork.Left, _forked.GetValueOrDefault(fork.Old));
        }

        HashSet<string> left = new(StringComparer.Ordinal);
        foreach ((string from, string to, long size) in heads.Changes)
        {
            left.Add(from);
            if (left.Contains(to))
            {
                _findings.Add(
                    AuditLevels.Heads,
                    "forked",
                    $"Behind {size} facts the heads are of {to} again, which the log had left.",
                    size);
                continue;
            }

            if (told.Find(fork => fork.New == to) is not { } said)
            {
                _findings.Add(
                    AuditLevels.Heads,
                    "forked",
                    $"Behind {size} facts the heads are of {to}, those before of {from}, and no fact says why.",
                    size);
                continue;
            }

            _forked[from] = Math.Max(size, _forked.GetValueOrDefault(from));
            _notes.Notices.Add(
                $"The log {from} had {said.Lost} signed facts, was set back to {size} and goes on as {to}. The reason that was "
                + $"given: {said.Reason}");
        }
    }

    private async Task<List<ToldFork>> ForksAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(SelectForks, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<ToldFork> forks = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            forks.Add(new ToldFork(
                reader.GetInt64(0),
                reader.GetString(1),
                reader.GetString(2),
                NumberIn(reader.GetString(3)),
                NumberIn(reader.GetString(4)),
                reader.GetString(5)));
        }

        return forks;
    }

    /// <summary>Anybody may have written such a row: what is no number in it must not end the audit.</summary>
    private static long NumberIn(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : 0;

    private sealed record ToldFork(long Position, string Old, string New, long Lost, long Left, string Reason);

    private void SayKeys(TrustedKeys keys)
    {
        foreach ((KeyRotation rotation, long size) in keys.Turns)
        {
            _notes.Notices.Add(
                $"From {size} facts on the key {rotation.New.Id:x8} signs instead of {rotation.Old.Id:x8}. The reason that was "
                + $"given: {rotation.Reason}");
        }

        foreach (KeyRotation feigned in keys.Feigned)
        {
            _notes.Notices.Add(
                $"The fact at position {feigned.Position} calls {feigned.New.Id:x8} the key after {feigned.Old.Id:x8}, which has "
                + "not signed that: it was not followed.");
        }

        bool looksAtAll = Asks(AuditLevels.Events) && question is { From: 0, To: long.MaxValue };
        if (question.Keys.Count > 0 && keys.Found.Any() && !looksAtAll)
        {
            _notes.NotChecked.Add(
                "the facts that lead from the key you hold to the others: they were not held against their seals");
        }
    }

    private bool Asks(AuditLevels levels) => (question.Levels & levels) != 0;

    /// <summary>What is known when an audit cannot be carried on: what was found stays found.</summary>
    public AuditReport Broken(string why) => new(
        null,
        0,
        _tileCount,
        _factCount,
        0,
        0,
        _anchorCount,
        _findings.All,
        [.. _notes.NotChecked, "anything else: the audit was not carried out to its end"],
        _notes.Notices,
        why);

    /// <summary>
    /// Whoever owns the database can put a key of his own into it, so it is asked last: the asker's keys count, or those of the
    /// sealer's folder. The database only says under which names the same keys have signed: a log that was set back goes on
    /// under another one.
    /// </summary>
    private async Task<List<NoteKey>> KeysAsync(CancellationToken cancellationToken)
    {
        List<NoteKey> stored = [];
        foreach (string text in await _tables.KeysAsync(cancellationToken))
        {
            try
            {
                stored.Add(NoteKey.Parse(text));
            }
            catch (NoteRefusedException refused)
            {
                _findings.Add(
                    AuditLevels.Heads, "forged", $"A public key that the database has is none: \"{text}\". {refused.Message}");
            }
        }

        IReadOnlyList<NoteKey> held = question.Keys.Count > 0 ? [.. question.Keys.Select(NoteKey.Parse)] : OwnKeys();
        if (question.Keys.Count == 0)
        {
            string whose = held.Count > 0 ? "this installation's own folder keys" : "the database itself";
            _notes.NotChecked.Add(
                $"whose key it is: the public key was taken from {whose}. Compare it with the one you hold: "
                + string.Join(", ", (held.Count > 0 ? held : stored).Select(key => key.ToString()).Distinct()));
        }

        return held.Count == 0
            ? stored
            :
            [
                .. held.Concat(stored.Where(one =>
                    held.Any(own => own.SubjectPublicKeyInfo.AsSpan().SequenceEqual(one.SubjectPublicKeyInfo))))
                    .DistinctBy(key => key.ToString()),
            ];
    }

    private IReadOnlyList<NoteKey> OwnKeys()
    {
        try
        {
            return question.KeyFolder is { } folder ? new KeyFolder(folder).PublicKeys() : [];
        }
        catch (Exception unreadable) when (unreadable is SealRefusedException or UnauthorizedAccessException or IOException)
        {
            _notes.NotChecked.Add($"whether the key is this installation's own. {unreadable.Message}");
            return [];
        }
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
    private async Task CompareStateAsync(
        HeadCheck heads, StoredHead? newest, CancellationToken cancellationToken)
    {
        SignedState? state = question is { IsRestored: false, KeyFolder: { } folder } ? ReadState(folder) : null;
        if (state is null)
        {
            const string Unseen = "the sealer's state file: a tail that was cut off together with its heads would not be seen";
            _notes.NotChecked.Add(_stateUnread is null ? Unseen : $"{Unseen}. {_stateUnread}");
            return;
        }

        _state = state;
        if (heads.Origin is { } origin && origin != state.Origin && origin != state.Previous)
        {
            _findings.Add(
                AuditLevels.Heads,
                "forked",
                $"The heads are of {origin}; this installation signs {state.Origin}, as its state file says.");
        }

        // A running sealer writes its state a moment before it commits the head.
        if (state.Size > (newest?.Size ?? 0) && await LogIsShorterAsync(state, cancellationToken))
        {
            _findings.Add(
                AuditLevels.Heads,
                "truncated",
                $"The state file says that {state.Size} facts were signed; the newest head has {newest?.Size ?? 0}. "
                + "The log was set back.");
            return;
        }

        // Where the tree is put together anew, its root at that size is compared, too.
        IReadOnlyList<StoredHead> same = await _tables.HeadsAsync(state.Size - 1, 1, cancellationToken);
        if (!Asks(AuditLevels.Tiles | AuditLevels.Events | AuditLevels.Anchors)
            && same.Count == 1 && same[0].Size == state.Size && same[0].Root != state.RootHash)
        {
            _findings.Add(
                AuditLevels.Heads,
                "forked",
                $"The head of {state.Size} facts has another root than the one that the state file says was signed.",
                null,
                state.RootHash.ToString(),
                same[0].Root.ToString());
        }
    }

    /// <returns>Null when there is none, or none that can be used: then there is no verdict, and all else is looked at.</returns>
    private SignedState? ReadState(string folder)
    {
        try
        {
            return new KeyFolder(folder).ReadState();
        }
        catch (Exception unreadable) when (unreadable is SealRefusedException or UnauthorizedAccessException or IOException)
        {
            _stateUnread = unreadable.Message;
            return null;
        }
    }

    /// <summary>Whether the state's head is still missing after what a commit may take, while the state stays as it is.</summary>
    private async Task<bool> LogIsShorterAsync(SignedState state, CancellationToken cancellationToken)
    {
        for (int look = 0; look < StateLooksMax; look++)
        {
            await Task.Delay(StateLookPause, cancellationToken);
            if (await _tables.NewestHeadAsync(cancellationToken) is { } head && head.Size >= state.Size)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Together a second: a commit takes milliseconds, and a busy disk longer.</summary>
    private const int StateLooksMax = 10;

    private static readonly TimeSpan StateLookPause = TimeSpan.FromMilliseconds(100);

    private async Task CheckTreeAsync(StoredHead newest, IReadOnlyList<TreeHead> anchors, CancellationToken cancellationToken)
    {
        bool looksAtFacts = Asks(AuditLevels.Events);
        if (looksAtFacts)
        {
            await CompareEndAsync(newest, cancellationToken);
        }

        Adoptions all = await Adoptions.ReadAsync(connection, cancellationToken);
        Adoptions adopted = all.UpTo(newest.LastSeq);
        await using TreeWalk walk = new(
            connectionString, connection, _tables, question, _findings, anchors, adopted, _state);
        await walk.RunAsync(newest, looksAtFacts, progress, cancellationToken);
        (_tileCount, _factCount) = (walk.TileCount, walk.FactCount);
        (_anchorCount, _anchoredSize) = (walk.AnchorsHeld, walk.AnchoredSize);
        if (looksAtFacts)
        {
            if (_factCount == 0 && newest.Size > 0)
            {
                _nothingRead = "No fact lies in the range that was asked for, so none was looked at.";
            }

            await new AdoptionCheck(connection, question, _findings, _notes).RunAsync(all, newest, cancellationToken);
        }
    }

    /// <summary>A tail that was cut off is one finding in words, beside the facts that are missing for it.</summary>
    private async Task CompareEndAsync(StoredHead newest, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("select coalesce(max(seq_id), 0) from events.mt_events", connection);
        long last = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        if (last < newest.LastSeq)
        {
            _findings.Add(
                AuditLevels.Events,
                "truncated",
                $"The log ends at position {last}, and the newest head reaches to position {newest.LastSeq}: its tail was cut "
                + "off.");
        }
    }

    private async Task<long> SinceAsync(long position, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("select count(*) from events.mt_events where seq_id > $1", connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = position } },
        };
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
