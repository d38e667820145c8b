using System.Globalization;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Sealing;

/// <summary>
/// One time of being the log's sealer, on a connection of its own, until something fails. The order of each head: read, read
/// again and compare, state on disk, sign, commit. Wherever it is cut off, the next run finds the tree that the state names,
/// or refuses.
/// </summary>
internal sealed class SealingRun : IAsyncDisposable
{
    /// <summary>Advisory lock of the sealer: "evseals" in ASCII. Held by the connection, so it ends with it.</summary>
    private const long LockKey = 0x0065_7673_6561_6C73;

    /// <summary>
    /// Held besides by a sealer that has looked and found all well: "evsealok" in ASCII. From the first lock alone another host
    /// would not know whether the one that has it is about to refuse.
    /// </summary>
    private const long LookedKey = 0x6576_7365_616C_6F6B;

    /// <summary>
    /// A sealer asks its connection something every few seconds, and the connection's own keep-alive does while a place outside
    /// is slow. From one that stands still for so long PostgreSQL takes the lock, by ending the connection, and another host
    /// takes over. The last of the three is for one that stopped while it was being sent facts.
    /// </summary>
    private const string Lease =
        """
        select set_config(name, '15000', false) from pg_settings
        where name in ('idle_session_timeout', 'idle_in_transaction_session_timeout', 'tcp_user_timeout')
        """;

    /// <summary>
    /// A table that grew fast has no statistics for a minute: PostgreSQL takes all that waits for a few rows then, and sorts it
    /// anew for each thousand of them. All that this connection asks for is found by an index.
    /// </summary>
    private const string ByIndex =
        """
        select set_config(name, 'off', false) from pg_settings
        where name in ('enable_seqscan', 'enable_bitmapscan', 'enable_sort')
        """;

    private static readonly string Take = string.Create(
        CultureInfo.InvariantCulture, $"select pg_try_advisory_lock({LockKey})");

    private static readonly string Looked = string.Create(
        CultureInfo.InvariantCulture, $"select pg_advisory_lock({LookedKey})");

    private static readonly string IsSealedElsewhere = string.Create(
        CultureInfo.InvariantCulture,
        $"""
        select exists (
          select from pg_locks
          where locktype = 'advisory' and granted and objsubid = 1
            and database = (select oid from pg_database where datname = current_database())
            and classid::bigint << 32 | objid::bigint in ({LockKey}, {LookedKey})
          group by pid having count(*) = 2)
        """);

    /// <summary>A look takes milliseconds, or seconds where a witness is slow.</summary>
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Between a head and one that the clock would put before it: no two heads take so little.</summary>
    public static readonly TimeSpan HeadStep = TimeSpan.FromMilliseconds(1);

    /// <summary>A clock that is set by another one goes back by milliseconds, and nobody needs to know.</summary>
    private static readonly TimeSpan StepToTell = TimeSpan.FromSeconds(1);

    /// <summary>In facts. Fewer are read within some ten milliseconds.</summary>
    private const int PacedMin = 2_000;

    private readonly NpgsqlConnection _connection;
    private readonly SealTables _tables;
    private readonly KeyFolder _folder;
    private readonly TimeProvider _time;
    private NoteSigner _signer = null!;
    private NoteSigner? _next;
    private long? _announcedAt;
    private SignedState _state = null!;
    private GrowingTree _tree = null!;
    private DateTimeOffset _signedAt;
    private IHeadsOutside? _outside;

    private SealingRun(NpgsqlConnection connection, KeyFolder folder, TimeProvider time)
    {
        _connection = connection;
        _tables = new SealTables(connection);
        _folder = folder;
        _time = time;
    }

    public string Origin => _state.Origin;

    public string Key => _signer.Key.ToString();

    public long Size => _tree.Size;

    public long LastSeq => _tree.LastSeq;

    public DateTimeOffset? SignedAt => _signedAt == default ? null : _signedAt;

    /// <summary>Whether a foreign writer that has not ended holds back what can be sealed.</summary>
    public bool IsHeldBack { get; private set; }

    /// <summary>How far the clock was behind the newest head when the last one was signed; zero when it was not.</summary>
    public TimeSpan SteppedBack { get; private set; }

    /// <inheritdoc cref="OpenAsync(NpgsqlConnection, KeyFolder, string, IHeadsOutside, TimeProvider, CancellationToken)"/>
    public static Task<SealingRun?> OpenAsync(
        NpgsqlConnection connection, KeyFolder folder, string hostName, TimeProvider time, CancellationToken cancellationToken) =>
        OpenAsync(connection, folder, hostName, null, time, cancellationToken);

    /// <returns>Null when another host is the sealer, and has found that it may be.</returns>
    /// <param name="connection">Becomes the run's.</param>
    /// <param name="outside">Heads that were shown outside; null if none were.</param>
    /// <exception cref="SealRefusedException">Database, key and state do not fit together.</exception>
    public static async Task<SealingRun?> OpenAsync(
        NpgsqlConnection connection,
        KeyFolder folder,
        string hostName,
        IHeadsOutside? outside,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        SealingRun run = new(connection, folder, time) { _outside = outside };
        try
        {
            if (await run.TakeAsync(cancellationToken))
            {
                await run.TakeUpAsync(hostName, cancellationToken);
                await run.AskAsync(Looked, cancellationToken);
                return run;
            }
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }

        await run.DisposeAsync();
        return null;
    }

    /// <summary>Waits for a host that is only looking: it will either seal or refuse.</summary>
    /// <returns>Whether the lock is ours; if not, another host seals.</returns>
    private async Task<bool> TakeAsync(CancellationToken cancellationToken)
    {
        await AskAsync(Lease, cancellationToken);
        await AskAsync(ByIndex, cancellationToken);
        while (await AskAsync(Take, cancellationToken) is not true)
        {
            if (await AskAsync(IsSealedElsewhere, cancellationToken) is true)
            {
                return false;
            }

            await Task.Delay(LookPause, _time, cancellationToken);
        }

        return true;
    }

    private async Task<object?> AskAsync(string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(sql, _connection);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Signs a head over what is final, if there is anything new.</summary>
    /// <param name="over">
    /// How long it may take to read all that waits, when that is much; zero to read as fast as it can be.
    /// </param>
    /// <returns>Whether there may be more at once.</returns>
    public async Task<bool> SealAsync(CancellationToken cancellationToken, TimeSpan over = default)
    {
        (long upTo, IsHeldBack) = await SealBound.FindAsync(_connection, LastSeq, cancellationToken);
        ReadingPace? pace = PaceFor(upTo - LastSeq, over);
        IReadOnlyList<(long Seq, TreeHash Leaf)> leaves =
            await _tree.NextAsync(_connection, upTo, GrowingTree.LeavesPerHeadMax, cancellationToken, pace);
        if (leaves.Count == 0)
        {
            return false;
        }

        await LookForNextKeyAsync(cancellationToken);
        IReadOnlyList<FullTile> tiles = _tree.Append(leaves);
        SignedState next = _state with { Size = _tree.Size, Root = _tree.Root().ToBase64() };
        _folder.ReplaceState(_state, next);
        _state = next;
        await PublishAsync(leaves, tiles, cancellationToken);
        return pace is not null || leaves.Count == GrowingTree.LeavesPerHeadMax;
    }

    public async ValueTask DisposeAsync()
    {
        _signer?.Dispose();
        _next?.Dispose();
        await _connection.DisposeAsync();
    }

    /// <summary>
    /// Ends a log that was set back: what is left of it goes on under a new name, from the newest head that is there. Facts
    /// behind that head are signed under the new name, too.
    /// </summary>
    /// <exception cref="SealRefusedException">Facts are not those of the newest head, or the key is missing.</exception>
    /// <exception cref="InvalidDataException">Another host did so at this moment.</exception>
    public static async Task<SealFork> ForkAsync(
        NpgsqlConnection connection,
        KeyFolder folder,
        string hostName,
        IHeadsOutside? outside,
        CancellationToken cancellationToken)
    {
        SealTables tables = new(connection);
        SignedState old = folder.ReadState()
            ?? throw new SealRefusedException(
                "What was last signed is not known here. Restore the key and the state file beside it.");
        StoredHead? head = await tables.NewestHeadAsync(cancellationToken);
        GrowingTree tree = await GrowingTree.LoadAsync(connection, head, cancellationToken);
        using NoteSigner signer = folder.ReadKey(old.Origin);
        ShownHead lost = await OutsideAsync(connection, outside, old, head, signer, folder, cancellationToken) is { } shown
            && shown.Size > old.Size ? shown : new ShownHead(string.Empty, old.Size, old.Root);
        string origin = $"{hostName}/{Guid.CreateVersion7():d}";
        string root = tree.Root().ToBase64();
        folder.KeepState(old);
        SignedState next = new(origin, tree.Size, root, await tables.SystemAsync(cancellationToken))
        {
            Previous = head?.Note.Split('\n', 2)[0],
        };
        SealFork fork = new(old.Origin, origin, lost.Size, lost.Root ?? string.Empty, tree.Size, root);
        folder.WriteFork(fork);
        folder.ReplaceState(old, next);
        return fork;
    }

    /// <summary>Twice what one head takes is read: the share of the time that it has of all that waits.</summary>
    private ReadingPace? PaceFor(long waiting, TimeSpan over)
    {
        if (over == TimeSpan.Zero || waiting < PacedMin)
        {
            return null;
        }

        long count = Math.Min(waiting, GrowingTree.LeavesPerHeadMax);
        return new ReadingPace(2 * count, over * (count / (double)waiting), _time);
    }

    private async Task TakeUpAsync(string hostName, CancellationToken cancellationToken)
    {
        _folder.RemoveDrafts(_time);
        string encoding = await _tables.EncodingAsync(cancellationToken);
        if (encoding != "UTF8")
        {
            throw new SealRefusedException($"The database is in {encoding}; seals need UTF8, or one text could have two forms.");
        }

        string system = await _tables.SystemAsync(cancellationToken);
        StoredHead? head = await _tables.NewestHeadAsync(cancellationToken);
        if (_folder.ReadState() is { } state)
        {
            _state = state;
            _signer = _folder.ReadKey(state.Origin);
        }
        else
        {
            Begin(hostName, system, head);
        }

        if (_state.System != system)
        {
            throw new SealRefusedException(
                "This database is a copy or was restored elsewhere: the seals' state is that of another one. Two databases must "
                + "not sign under one name.");
        }

        RefuseForeign(head);
        _tree = await GrowingTree.LoadAsync(_connection, head, cancellationToken);
        _signedAt = head?.SignedAt ?? default;
        await LookForNextKeyAsync(cancellationToken);
        await CatchUpAsync(head, cancellationToken);
        RefuseLastTime();
    }

    /// <summary>No signature is over the time of a head: who owns the database can make any of it.</summary>
    private void RefuseLastTime()
    {
        if (_signedAt > DateTimeOffset.MaxValue - HeadStep)
        {
            throw new SealRefusedException(
                "The newest tree head has a time behind which none can come: its row was changed. Put signed_at in "
                + "events_own.audit_head right.",
                isPassing: true);
        }
    }

    private void Begin(string hostName, string system, StoredHead? head)
    {
        if (head is not null)
        {
            throw new SealRefusedException(
                $"The log has heads up to {head.Size} facts, but what was last signed is not known here. Restore the key and the "
                + "state file beside it.");
        }

        string origin = $"{hostName}/{Guid.CreateVersion7():d}";
        _signer = _folder.CreateKey(origin);
        _state = new SignedState(origin, 0, TreeHash.Empty.ToBase64(), system);
        _folder.WriteState(_state);
    }

    private void RefuseForeign(StoredHead? head)
    {
        if (head is null)
        {
            return;
        }

        try
        {
            // The head that a fork began with was signed under the old name, and is the last one that was.
            string origin = head.Size == _state.Size
                && _state.Previous is { } previous
                && head.Note.StartsWith(previous + "\n", StringComparison.Ordinal)
                    ? previous : _state.Origin;
            using NoteSigner signer = _folder.ReadKey(origin);
            TreeHead signed = TreeHead.Open(StrictText.Encode(head.Note), [signer.Key]);
            if ((signed.Origin, signed.Size, signed.Root) != (origin, head.Size, head.Root))
            {
                throw new NoteRefusedException("It says something else than its row.");
            }
        }
        catch (NoteRefusedException refused)
        {
            throw new SealRefusedException(
                $"The newest tree head, of {head.Size} facts, is not what our key signed. {refused.Message}");
        }

        if (head.Size > _state.Size || (head.Size == _state.Size && head.Root != _state.RootHash))
        {
            throw new SealRefusedException(
                $"The newest tree head has {head.Size} facts; the state file says that {_state.Size} were signed last. The state "
                + "was set back, or somebody else signs with this key. Restore the newer state, or, when a backup was restored, "
                + "go on with what is there: events audit fork --reason WHY",
                isSetBack: true);
        }
    }

    /// <summary>
    /// Key and state may have been set back together with the database; what was shown outside was not. Looked at last, because
    /// a place outside may be away, and what the state file says must be known even then.
    /// </summary>
    private async Task RefuseBehindOutsideAsync(StoredHead? head, CancellationToken cancellationToken)
    {
        if (await OutsideAsync(_connection, _outside, _state, head, _signer, _folder, cancellationToken) is { } shown
            && shown.Size > _state.Size)
        {
            throw new SealRefusedException(
                $"A head of {shown.Size} facts was shown outside ({shown.Place} has it); the state file says that {_state.Size} "
                + "were signed last. The installation was set back. Restore the newer state, or go on with what is left: "
                + "events audit fork --reason WHY",
                isSetBack: true);
        }
    }

    /// <returns>The head of most facts that any place remembers; null if none does.</returns>
    /// <exception cref="InvalidDataException">
    /// The place outside cannot be read. That is not PostgreSQL's absence, for which appends wait.
    /// </exception>
    private static async Task<ShownHead?> OutsideAsync(
        NpgsqlConnection connection,
        IHeadsOutside? outside,
        SignedState state,
        StoredHead? head,
        NoteSigner signer,
        KeyFolder folder,
        CancellationToken cancellationToken)
    {
        if (outside is null)
        {
            return null;
        }

        try
        {
            // A crash while the key was changed leaves it among the earlier ones, too, and no note opens with one key twice.
            NoteKey[] keys = [.. folder.RetiredKeys().Prepend(signer.Key).DistinctBy(key => key.ToString())];
            IReadOnlyList<ShownHead> kept = await outside.KeptAsync(connection, state.Origin, keys, cancellationToken);
            if (kept.MaxBy(one => one.Size) is { } newest && newest.Size > state.Size)
            {
                return newest;
            }
        }
        catch (Exception away) when (away is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"Heads that were shown outside cannot be read: {away.Message}");
        }

        // The first head under a name, or none: of an empty tree there is always one to show.
        bool isOurs = head is not null && head.Note.StartsWith(state.Origin + "\n", StringComparison.Ordinal);
        string note = isOurs ? head!.Note : new TreeHead(state.Origin, 0, TreeHash.Empty).Sign(signer).ToString();
        return await outside.WitnessedAsync(note, cancellationToken);
    }

    /// <summary>The state may be one head ahead of the database, by a crash, or by a database that was set back.</summary>
    private async Task CatchUpAsync(StoredHead? head, CancellationToken cancellationToken)
    {
        if (_state.Size == _tree.Size)
        {
            await RefuseBehindOutsideAsync(head, cancellationToken);
            return;
        }

        IReadOnlyList<(long Seq, TreeHash Leaf)> leaves = [];
        long missing = _state.Size - _tree.Size;
        if (missing <= GrowingTree.LeavesPerHeadMax)
        {
            leaves = await _tree.NextAsync(_connection, long.MaxValue, (int)missing, cancellationToken);
        }

        long before = _tree.Size;
        IReadOnlyList<FullTile> tiles = _tree.Append(leaves);
        if (_tree.Size != _state.Size || _tree.Root() != _state.RootHash)
        {
            throw new SealRefusedException(
                $"The log was set back: {_state.Size} facts were signed, and the database has heads up to {before}. What follows "
                + (_tree.Size < _state.Size ? "there is less" : "there is something else")
                + ". Restore the newer state of the database, or go on with what is left: events audit fork --reason WHY",
                isSetBack: true);
        }

        await RefuseBehindOutsideAsync(head, cancellationToken);
        await PublishAsync(leaves, tiles, cancellationToken);
    }

    /// <summary>What of the new leaves is in no whole tile.</summary>
    private byte[] EdgeOf(IReadOnlyList<(long Seq, TreeHash Leaf)> leaves)
    {
        int count = (int)Math.Min(leaves.Count, _tree.Size % Tiles.Width);
        byte[] edge = new byte[count * TreeHash.Length];
        for (int i = 0; i < count; i++)
        {
            leaves[leaves.Count - count + i].Leaf.CopyTo(edge.AsSpan(i * TreeHash.Length));
        }

        return edge;
    }

    private async Task PublishAsync(
        IReadOnlyList<(long Seq, TreeHash Leaf)> leaves, IReadOnlyList<FullTile> tiles, CancellationToken cancellationToken)
    {
        RefuseLastTime();
        DateTimeOffset now = _time.GetUtcNow();
        DateTimeOffset signedAt = _signedAt == default || now > _signedAt + HeadStep ? now : _signedAt + HeadStep;
        SteppedBack = _signedAt - now is var behind && behind > StepToTell ? behind : TimeSpan.Zero;
        TreeHash root = _tree.Root();
        NoteSigner[] signers = _next is { } next && _announcedAt <= _tree.LastSeq ? [_signer, next] : [_signer];
        SignedNote note = new TreeHead(_state.Origin, _tree.Size, root).Sign(signers);
        foreach (NoteSigner signer in signers)
        {
            // The signature, too, is only as good as the memory it was made in.
            TreeHead.Open(note.ToBytes(), [signer.Key]);
        }

        StoredHead head = new(_tree.Size, root, _tree.LastSeq, _tree.Frontier(), signedAt, note.ToString(), EdgeOf(leaves));
        bool isTurn = signers.Length > 1;
        await _tables.AddAsync(head, tiles, signers[^1].Key.ToString(), isTurn ? Key : null, cancellationToken);
        _signedAt = signedAt;
        if (isTurn)
        {
            TakeNextKey();
        }
    }

    /// <summary>
    /// A key comes into use only after the log says so: the fact that announces it lies under a head that the old key signed.
    /// </summary>
    private async Task LookForNextKeyAsync(CancellationToken cancellationToken)
    {
        _next ??= _folder.ReadNextKey(_state.Origin);
        if (_next is { } next && _announcedAt is null)
        {
            _announcedAt = await _tables.AnnouncedAsync(Key, next.Key.ToString(), cancellationToken);
        }
    }

    /// <summary>After the head that both signed is in the database; a crash before this only makes another such head.</summary>
    private void TakeNextKey()
    {
        _folder.TakeNextKey(_signer.Key);
        _signer.Dispose();
        (_signer, _next, _announcedAt) = (_next!, null, null);
    }
}
