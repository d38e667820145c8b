using System.Diagnostics;
using Events.Application.Contracts;
using Events.EventStore.Appending;
using Events.EventStore.Seals;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

public sealed class Sealing_the_log : IAsyncLifetime
{
    private SealedLog _log = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _log = await SealedLog.StartAsync();

    public async ValueTask DisposeAsync() => await _log.DisposeAsync();

    [Fact]
    public async Task reads_much_evenly_over_the_time_that_it_has_and_little_at_once()
    {
        TimeSpan over = TimeSpan.FromMilliseconds(300);
        await _log.AppendAsync(2_500);
        SealingRun run = await _log.OpenAsync();
        long start = Stopwatch.GetTimestamp();
        Assert.True(await run.SealAsync(Token, over));
        Assert.True(Stopwatch.GetElapsedTime(start) > over * 0.9);
        await _log.AppendAsync(1);
        Assert.False(await run.SealAsync(Token, TimeSpan.FromDays(1)));

        IReadOnlyList<StoredHead> heads = await _log.HeadsAsync();
        Assert.Equal([2_500, 2_501], heads.Select(head => head.Size));
        MemoryTree tree = await _log.TreeAsync();
        Assert.All(heads, head => Assert.Equal(ProofMaker.Root(head.Size, tree.Subtrees), head.Root));
    }

    /// <summary>Without statistics PostgreSQL would sort all that waits for each thousand of them.</summary>
    [Fact]
    public async Task reads_each_fact_twice_and_no_oftener_from_a_log_that_grew_fast()
    {
        const int Facts = 20_000;
        await _log.Store.ExecuteAsync("alter table events.mt_events set (autovacuum_enabled = false)");
        await _log.AppendAsync(Facts);
        Assert.Equal(-1, (await _log.Store.QueryAsync<float>("select reltuples from pg_class where relname = 'mt_events'")).Single());
        const string Read = "select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relname = 'mt_events'";
        long before = (await _log.Store.QueryAsync<long>(Read)).Single();
        SealingRun run = await _log.OpenAsync();
        await run.SealAsync(Token);
        await run.DisposeAsync();

        long read = 0;
        await Store.UntilAsync(async () => (read = (await _log.Store.QueryAsync<long>(Read)).Single() - before) >= 2 * Facts);
        Assert.InRange(read, 2 * Facts, 3 * Facts);
    }

    [Fact]
    public async Task signs_heads_over_all_that_is_stored()
    {
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        await _log.AppendAsync(1);
        await _log.SealAllAsync();
        await _log.SealAllAsync();
        await _log.AppendAsync(700, "tally-two");
        await _log.OpenAsync();
        await _log.SealAllAsync();

        IReadOnlyList<StoredHead> heads = await _log.HeadsAsync();
        Assert.Equal([300, 301, 1_001], heads.Select(head => head.Size));
        MemoryTree tree = await _log.TreeAsync();
        NoteKey key = NoteKey.Parse(Assert.Single(await _log.KeyTextsAsync()));
        foreach (StoredHead head in heads)
        {
            Assert.Equal(ProofMaker.Root(head.Size, tree.Subtrees), head.Root);
            TreeHead signed = TreeHead.Open(StrictText.Encode(head.Note), [key]);
            Assert.Equal((head.Size, head.Root), (signed.Size, signed.Root));
            Assert.StartsWith("events.example/", signed.Origin, StringComparison.Ordinal);
            Assert.Equal(head.Root, Frontier.Parse(head.Size, head.Frontier).Root());
        }

        Assert.Equal(heads.Select(head => head.SignedAt).Distinct().Order(), heads.Select(head => head.SignedAt));
        SignedState state = _log.Keys.ReadState()!;
        Assert.Equal((1_001, tree.Root().ToBase64()), (state.Size, state.Root));
    }

    [Fact]
    public async Task keeps_whole_tiles_of_every_level_with_their_positions()
    {
        await _log.AppendAsync(1_000);
        await _log.SealAllAsync();
        await _log.Store.ExecuteAsync("select setval('events.mt_events_sequence', 100000)");
        for (int more = 0; more < 5; more++)
        {
            await _log.AppendAsync(14_000);
            await _log.OpenAsync();
            await _log.SealAllAsync();
        }

        MemoryTree tree = await _log.TreeAsync();
        Assert.Equal(71_000, tree.Size);
        await using NpgsqlConnection connection = new(_log.Store.ConnectionString);
        await connection.OpenAsync(Token);
        List<FullTile> tiles = [];
        for (int level = 0; level < 3; level++)
        {
            tiles.AddRange(await new SealTables(connection).TilesAsync(level, 0, 10_000, Token));
        }

        Assert.Equal(tree.Full.Keys.Order(), tiles.Select(tile => (tile.Level, tile.Number)).Order());
        Assert.All(tiles, tile => Assert.Equal(tree.Full[(tile.Level, tile.Number)], tile.Hashes));
        List<long> positions = await _log.Store.QueryAsync<long>("select seq_id from events.mt_events order by seq_id");
        foreach (FullTile tile in tiles)
        {
            int leaves = Tiles.Width << (tile.Level * Tiles.Height);
            int first = (int)tile.Number * leaves;
            Assert.Equal((positions[first], positions[first + leaves - 1]), (tile.FirstSeq, tile.LastSeq));
        }
    }

    /// <summary>
    /// What PostgreSQL stores and .NET's types do not hold: times, bodies, columns as other writers leave them. The last year has no
    /// fraction here, because PostgreSQL's own extract rounds it away.
    /// </summary>
    [Fact]
    public async Task takes_facts_as_they_are_stored()
    {
        await _log.AppendAsync(1);
        await _log.Store.ExecuteAsync(
            """
            insert into events.mt_events (seq_id, id, stream_id, version, data, bdata, type, timestamp, tenant_id, headers, user_name)
            select nextval('events.mt_events_sequence'), gen_random_uuid(), 'tally-one', 100 + n, body::jsonb, bytes, 'odd', moment, null, '{}', ''
            from (values
              (1, '{"zz": 1e400, "a": 9007199254740993, "b": -0.0}', ''::bytea, 'infinity'::timestamptz),
              (2, '{"b": {"d": 1, "c": [1.00, 1e2]}, "a": null}', '\x00ff'::bytea, '-infinity'::timestamptz),
              (3, '"text \u00e9 \ud83d\ude00 \u2028"', null, '4713-01-01 00:00:00+00 BC'::timestamptz),
              (4, '[[[[]]]]', null, '294276-12-31 23:59:59+00'::timestamptz),
              (5, 'null', null, '1969-12-31 23:59:59.999999+00'::timestamptz)) given(n, body, bytes, moment)
            """);
        await _log.Store.ExecuteAsync(
            """
            insert into events.mt_events (seq_id, id, version, data, type, timestamp)
            values (nextval('events.mt_events_sequence'), gen_random_uuid(), 1, jsonb_build_object('large', repeat('x', 3000000)), 'large', now())
            """);
        await _log.SealAllAsync();
        Assert.Equal((await _log.TreeAsync()).Leaves, await _log.EdgeAsync(7));
        Assert.Equal((await _log.TreeAsync()).Root(), (await _log.HeadsAsync())[^1].Root);
    }

    [Fact]
    public async Task goes_on_after_any_crash()
    {
        await _log.AppendAsync(400);
        await _log.SealAllAsync();
        SignedState before = _log.Keys.ReadState()!;

        // Between the state and the commit: the state names a head that the database does not have.
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        SignedState after = _log.Keys.ReadState()!;
        await _log.CloseAsync();
        await _log.TamperAsync("delete from events_own.audit_head where size = 700; delete from events_own.audit_tile where n = 1");
        await _log.AppendAsync(10);
        await _log.OpenAsync();
        Assert.Equal([400, 700], (await _log.HeadsAsync()).Select(head => head.Size));
        Assert.Equal(after.Root, (await _log.HeadsAsync())[^1].Root.ToBase64());
        await _log.SealAllAsync();
        Assert.Equal((await _log.TreeAsync()).Root(), (await _log.HeadsAsync())[^1].Root);

        // Before the state: nothing happened. A draft of the state that was cut off is no state.
        await File.WriteAllTextAsync(Path.Combine(_log.Folder, "seal-state.json.new"), "{\"orig", Token);
        await _log.OpenAsync();
        Assert.Equal(before.Origin, _log.Keys.ReadState()!.Origin);
    }

    [Theory]
    [InlineData("delete from events.mt_events where seq_id > 350; delete from events_own.audit_head where size > 300", "set back")]
    [InlineData("delete from events.mt_events; delete from events_own.audit_head; delete from events_own.audit_tile", "set back")]
    [InlineData("delete from events_own.audit_head where size > 300; update events.mt_events set data = '{}' where seq_id = 400", "set back")]
    [InlineData("delete from events_own.audit_head", "tiles or a tree head already")]
    [InlineData("update events.mt_events set data = '{}' where seq_id = 590", "does not fit")]
    [InlineData("delete from events.mt_events where seq_id = 600", "does not fit")]
    [InlineData("update events_own.audit_tile set hashes = set_byte(hashes, 77, 1 # get_byte(hashes, 77)) where n = 0", "does not fit")]
    [InlineData("delete from events_own.audit_tile where n = 1", "does not fit")]
    [InlineData(
        "alter table events_own.audit_tile drop constraint ck_audit_tile_whole; "
        + "update events_own.audit_tile set hashes = decode(repeat('00', 16777216), 'hex') where n = 1",
        "does not fit")]
    [InlineData("update events_own.audit_head set root = sha256('x') where size = 600", "not what our key signed")]
    [InlineData("update events_own.audit_head set note = replace(note, '600', '601') where size = 600", "not what our key signed")]
    [InlineData("update events_own.audit_head set size = 601 where size = 600", "not what our key signed")]
    public async Task is_refused_when_the_database_contradicts_what_was_signed(string tampering, string words)
    {
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        await _log.CloseAsync();
        await _log.TamperAsync(tampering);
        await _log.AppendAsync(50, "tally-later");
        SealRefusedException refused = await Assert.ThrowsAsync<SealRefusedException>(() => _log.OpenAsync());
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.Equal(600, _log.Keys.ReadState()!.Size);
    }

    [Fact]
    public async Task is_refused_without_the_key_and_the_state_that_belong_to_it()
    {
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        await _log.CloseAsync();
        string state = Path.Combine(_log.Folder, "seal-state.json");
        string key = Path.Combine(_log.Folder, "seal-key.pem");
        (string stateText, string keyText) = (await File.ReadAllTextAsync(state, Token), await File.ReadAllTextAsync(key, Token));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(state));

        File.Delete(state);
        await RefusedAsync("Restore the key and the state file");
        await File.WriteAllTextAsync(state, "{}", Token);
        await RefusedAsync("damaged");
        await File.WriteAllTextAsync(state, stateText.Replace("\"size\":10", "\"size\":9", StringComparison.Ordinal), Token);
        await RefusedAsync("The state was set back");
        await File.WriteAllTextAsync(state, System.Text.RegularExpressions.Regex.Replace(stateText, "\"system\":\"\\d", "\"system\":\"1"), Token);
        await RefusedAsync("is a copy");
        File.Delete(state);
        File.CreateSymbolicLink(state, Path.GetFileName(state));
        await RefusedAsync($"The file {state} cannot be read");
        File.Delete(state);
        await File.WriteAllTextAsync(state, stateText, Token);
        File.Delete(key);
        await RefusedAsync("is missing");
        using NoteSigner other = NoteSigner.Create("other");
        await File.WriteAllTextAsync(key, System.Security.Cryptography.PemEncoding.WriteString("PRIVATE KEY", other.ExportPkcs8()), Token);
        await RefusedAsync("not what our key signed");
        await File.WriteAllTextAsync(key, "nothing", Token);
        await RefusedAsync("damaged");
        await File.WriteAllTextAsync(key, keyText, Token);
        await _log.OpenAsync();

        async Task RefusedAsync(string words) =>
            Assert.Contains(
                words, (await Assert.ThrowsAsync<SealRefusedException>(() => _log.OpenAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task is_done_by_one_host_at_a_time()
    {
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        Assert.Null(await _log.TryOpenAsync(_log.Folder));
        await _log.CloseAsync();
        await using SealingRun? next = await _log.TryOpenAsync(_log.Folder);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task waits_for_a_foreign_writer_that_may_still_commit_a_lower_number()
    {
        await _log.AppendAsync(10);
        await using NpgsqlConnection foreign = new(_log.Store.ConnectionString);
        await foreign.OpenAsync(Token);
        await using NpgsqlTransaction transaction = await foreign.BeginTransactionAsync(Token);
        await using NpgsqlCommand insert = new(
            """
            insert into events.mt_events (seq_id, id, version, data, type, timestamp)
            values (nextval('events.mt_events_sequence'), gen_random_uuid(), 1, '{}', 'foreign', now())
            """,
            foreign);
        await insert.ExecuteNonQueryAsync(Token);
        await _log.AppendAsync(5);
        SealingRun run = await _log.OpenAsync();
        await run.SealAsync(Token);
        Assert.Equal((10, 10, true), (run.Size, run.LastSeq, run.IsHeldBack));
        await transaction.CommitAsync(Token);
        await run.SealAsync(Token);
        Assert.Equal((16, 16, false), (run.Size, run.LastSeq, run.IsHeldBack));
        Assert.Equal((await _log.TreeAsync()).Root(), (await _log.HeadsAsync())[^1].Root);
    }

    /// <summary>Until it inserts, it has touched the sequence alone.</summary>
    [Fact]
    public async Task waits_for_a_foreign_writer_that_has_only_taken_a_number_so_far()
    {
        await _log.AppendAsync(10);
        SealingRun run = await _log.OpenAsync();
        await using NpgsqlConnection foreign = new(_log.Store.ConnectionString);
        await foreign.OpenAsync(Token);
        await using NpgsqlTransaction transaction = await foreign.BeginTransactionAsync(Token);
        await using NpgsqlCommand take = new("select nextval('events.mt_events_sequence')", foreign);
        long number = (long)(await take.ExecuteScalarAsync(Token))!;
        await _log.AppendAsync(5);
        await run.SealAsync(Token);
        Assert.Equal((11, 10, true), (number, run.Size, run.IsHeldBack));
        await using NpgsqlCommand insert = new(
            $"insert into events.mt_events (seq_id, id, version, data, type, timestamp) values ({number}, gen_random_uuid(), 1, '{{}}', 'x', now())",
            foreign);
        await insert.ExecuteNonQueryAsync(Token);
        await run.SealAsync(Token);
        Assert.Equal((10, true), (run.Size, run.IsHeldBack));
        await transaction.CommitAsync(Token);
        await run.SealAsync(Token);
        Assert.Equal((16, false), (run.Size, run.IsHeldBack));
        Assert.Equal((await _log.TreeAsync()).Root(), (await _log.HeadsAsync())[^1].Root);
    }

    [Fact]
    public async Task keeps_its_clock_rising_when_the_host_goes_back()
    {
        SteppedClock clock = new(DateTimeOffset.UnixEpoch.AddDays(20_000));
        await _log.AppendAsync(1);
        await _log.SealAllAsync(clock);
        clock.Now -= TimeSpan.FromHours(1);
        await _log.AppendAsync(1);
        await _log.SealAllAsync();
        IReadOnlyList<StoredHead> heads = await _log.HeadsAsync();
        Assert.Equal(heads[0].SignedAt + TimeSpan.FromMilliseconds(1), heads[1].SignedAt);
    }

    [Fact]
    public async Task is_protected_by_the_database_itself()
    {
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        await _log.Store.ExecuteAsync("insert into events_own.audit_anchor (size, sink, state) values (300, 'file', 'pending')");
        await _log.Store.ExecuteAsync("update events_own.audit_anchor set state = 'done'");
        foreach (string sql in new[]
        {
            "update events_own.audit_head set note = ''", "delete from events_own.audit_head", "truncate events_own.audit_head",
            "update events_own.audit_tile set last_seq = 1", "delete from events_own.audit_tile", "delete from events_own.audit_key",
            "update events_own.audit_gap set why = ''", "delete from events_own.audit_anchor", "truncate events_own.audit_anchor",
            "update events_own.audit_anchor set size = 1", "update events_own.audit_anchor set receipt = ''",
            "set session_replication_role = replica; update events_own.audit_head set note = ''",
        })
        {
            Assert.Equal("EV002", (await Assert.ThrowsAsync<PostgresException>(() => _log.Store.ExecuteAsync(sql))).SqlState);
        }
    }

    [Fact]
    public async Task goes_on_by_itself_and_says_how_far_it_is()
    {
        await _log.AppendAsync(20);
        await using Store store = await Store.StartSealingAsync(
            _log.Store.ConnectionString, new SealOptions(_log.Folder, SealedLog.HostName));
        ISeals seals = store.Get<ISeals>();
        await Store.UntilAsync(() => Task.FromResult(seals.Status.Size == 20));
        await _log.AppendAsync(5);
        await Store.UntilAsync(() => Task.FromResult(seals.Status.Size == 25));
        SealStatus status = seals.Status;
        Assert.Equal((25, null, false), (status.Position, status.Trouble, status.IsRefused));
        Assert.Equal((await _log.TreeAsync()).Root(), (await _log.HeadsAsync())[^1].Root);
    }

    /// <summary>Not even while the sealer has yet to find out: a fact would take the place of a lost one.</summary>
    [Fact]
    public async Task lets_no_fact_into_a_log_that_was_set_back()
    {
        await SetBackAsync();
        for (int start = 0; start < 5; start++)
        {
            await using Store store = await Store.StartSealingAsync(
                _log.Store.ConnectionString, new SealOptions(_log.Folder, SealedLog.HostName));
            Assert.Equal("seals", (await LateAsync(store)).Dependency);
        }

        Assert.Equal(15, Assert.Single(await _log.Store.QueryAsync<long>("select count(*) from events.mt_events")));
    }

    /// <summary>That another host is at it says nothing yet: it may be about to find what was set back.</summary>
    [Fact]
    public async Task lets_no_fact_into_a_log_that_another_host_only_looks_at()
    {
        await SetBackAsync();
        await using NpgsqlConnection other = await _log.HoldAsync(SealedLog.SealerLock);
        await using Store store = await Store.StartSealingAsync(
            _log.Store.ConnectionString, new SealOptions(_log.Folder, SealedLog.HostName));
        DependencyUnavailableException unknown = await LateAsync(store);
        Assert.Contains("has not looked yet", unknown.Message, StringComparison.Ordinal);
        await other.DisposeAsync();
        await Store.UntilAsync(() => Task.FromResult(store.Get<ISeals>().Status.IsRefused));
        Assert.Contains("set back", (await LateAsync(store)).Message, StringComparison.Ordinal);
        Assert.Equal(15, Assert.Single(await _log.Store.QueryAsync<long>("select count(*) from events.mt_events")));
    }

    [Fact]
    public async Task goes_on_on_every_host_when_one_of_them_was_told_to_fork()
    {
        await SetBackAsync();
        SealOptions options = new(_log.Folder, SealedLog.HostName);
        await using Store second = await Store.StartSealingAsync(_log.Store.ConnectionString, options);
        Store first = await Store.StartSealingAsync(_log.Store.ConnectionString, options);
        ISeals[] seals = [first.Get<ISeals>(), second.Get<ISeals>()];
        await Store.UntilAsync(() => Task.FromResult(seals.All(one => one.Status.IsRefused)));
        Assert.Equal("seals", (await LateAsync(second)).Dependency);

        SealFork fork = await seals[0].ForkAsync(Token);
        await Assert.ThrowsAsync<InvalidOperationException>(() => seals[1].ForkAsync(Token));
        await Store.UntilAsync(() => Task.FromResult(seals.All(one => !one.Status.IsRefused)));
        Assert.Equal(fork, await seals[0].ForkAsync(Token));
        seals[0].ForkTold();
        await Assert.ThrowsAsync<InvalidOperationException>(() => seals[0].ForkAsync(Token));
        await second.AppendAsync("tally-new", ExpectedVersion.Any, new TallyAdded("new", 1));
        await Store.UntilAsync(async () => await _log.HeadsAsync() is [.., { Size: 16 }]);

        // Whichever of them seals: the second does when the first has ended.
        await first.DisposeAsync();
        await second.AppendAsync("tally-new", ExpectedVersion.Any, new TallyAdded("new", 2));
        await Store.UntilAsync(() => Task.FromResult(seals[1].Status is { Size: 17, Trouble: null, IsRefused: false }));
        Assert.All(
            await _log.HeadsAsync(), head => Assert.StartsWith(fork.NewOrigin + "\n", head.Note, StringComparison.Ordinal));
        Assert.Equal((await _log.TreeAsync()).Root(), (await _log.HeadsAsync())[^1].Root);
    }

    /// <summary>A place outside that is away holds nothing up: what the state file says is known without it.</summary>
    [Fact]
    public async Task lets_facts_into_a_good_log_whose_place_outside_cannot_be_read()
    {
        await _log.AppendAsync(20);
        await _log.SealAllAsync();
        await _log.CloseAsync();
        string outside = Path.Combine(Path.GetDirectoryName(_log.Folder)!, "outside");
        Directory.CreateDirectory(outside);
        File.CreateSymbolicLink(Path.Combine(outside, "heads-99991231.txt"), "heads-99991231.txt");
        SealOptions options = new(_log.Folder, SealedLog.HostName)
        {
            Anchors = new AnchorOptions(outside, null, null, TimeSpan.FromSeconds(60)),
        };
        await using Store store = await Store.StartSealingAsync(_log.Store.ConnectionString, options);
        AppendOutcome outcome = await store.AppendAsync("tally-new", ExpectedVersion.Any, new TallyAdded("new", 1));
        Assert.Equal(21, outcome.Position);
        await Store.UntilAsync(() => Task.FromResult(
            store.Get<ISeals>().Status.Trouble is { } why && why != "Not looked yet."));
    }

    /// <summary>A disk is not PostgreSQL: facts are taken, and the words name the place, until it can be used again.</summary>
    [Fact]
    public async Task lets_facts_into_a_log_whose_keys_can_be_neither_written_nor_read_and_says_so()
    {
        // A file where a folder ought to be: not even root can write below it.
        string disk = Path.Combine(Path.GetDirectoryName(_log.Folder)!, "disk");
        string keys = Path.Combine(disk, "keys");
        await File.WriteAllTextAsync(disk, string.Empty, Token);
        await using Store store = await Store.StartSealingAsync(
            _log.Store.ConnectionString, new SealOptions(keys, SealedLog.HostName));
        ISeals seals = store.Get<ISeals>();
        AppendOutcome first = await store.AppendAsync("tally-new", ExpectedVersion.Any, new TallyAdded("new", 1));
        Assert.Equal(1, first.Position);
        await SaysAsync($"The folder {keys}, with the signing key");
        File.Delete(disk);
        await Store.UntilAsync(() => Task.FromResult(seals.Status is { Size: 1, Trouble: null }));

        string state = Path.Combine(keys, "seal-state.json");
        string away = Path.Combine(disk, "away");
        File.Move(state, away);
        File.CreateSymbolicLink(state, Path.GetFileName(state));
        AppendOutcome second = await store.AppendAsync("tally-new", ExpectedVersion.Any, new TallyAdded("new", 2));
        Assert.Equal(2, second.Position);
        await SaysAsync($"The file {state} cannot be read");
        File.Move(away, state, overwrite: true);
        await Store.UntilAsync(() => Task.FromResult(seals.Status is { Size: 2, Trouble: null, IsRefused: false }));

        Task SaysAsync(string words) => Store.UntilAsync(() => Task.FromResult(
            seals.Status.Trouble is { } why && why.Contains(words, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task removes_what_a_host_that_was_killed_had_begun_to_write_and_no_next_key()
    {
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        string origin = _log.Keys.ReadState()!.Origin;
        using NoteSigner next = _log.Keys.NextKey(origin);
        foreach (string name in new[] { "seal-key.pem", "seal-key-next.pem", "seal-state.json" })
        {
            string draft = Path.Combine(_log.Folder, $"{name}.{Guid.NewGuid():n}.new");
            await File.WriteAllTextAsync(draft, "a part", Token);
            File.SetLastWriteTimeUtc(draft, DateTime.UtcNow.AddHours(-1));
        }

        // Another host may be at this one.
        string young = Path.Combine(_log.Folder, $"seal-state.json.{Guid.NewGuid():n}.new");
        await File.WriteAllTextAsync(young, "a part", Token);
        await _log.OpenAsync();
        Assert.Equal([young], Directory.GetFiles(_log.Folder, "*.new"));
        using NoteSigner? still = _log.Keys.ReadNextKey(origin);
        Assert.Equal(next.Key.ToString(), still?.Key.ToString());
    }

    [Fact]
    public async Task stops_and_says_why_when_it_is_refused()
    {
        await _log.AppendAsync(20);
        await _log.SealAllAsync();
        await _log.CloseAsync();
        await _log.TamperAsync("delete from events.mt_events where seq_id = 20");
        await using Store store = await Store.StartSealingAsync(
            _log.Store.ConnectionString, new SealOptions(_log.Folder, SealedLog.HostName));
        ISeals seals = store.Get<ISeals>();
        await Store.UntilAsync(() => Task.FromResult(seals.Status.IsRefused));
        Assert.Contains("events audit verify", seals.Status.Trouble!, StringComparison.Ordinal);
    }

    /// <summary>Behind 15 of 20 facts that were signed.</summary>
    private async Task SetBackAsync()
    {
        await _log.AppendAsync(20);
        await _log.SealAllAsync();
        await _log.CloseAsync();
        await _log.TamperAsync("delete from events.mt_events where seq_id > 15; delete from events_own.audit_head");
    }

    private static Task<DependencyUnavailableException> LateAsync(Store store) =>
        Assert.ThrowsAsync<DependencyUnavailableException>(
            () => store.AppendAsync("tally-new", ExpectedVersion.Any, new TallyAdded("new", 1)));
}
