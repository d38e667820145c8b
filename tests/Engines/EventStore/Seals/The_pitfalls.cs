using Events.EventStore.Appending;
using Events.EventStore.Seals;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Events.Tests.Engines.Postgres;
using Npgsql;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>
/// Where tamper evidence goes wrong in practice, each with a real PostgreSQL. docs/audit-pitfalls.md lists all of them with their
/// tests; those that a class about one part of the seals has are there.
/// </summary>
public sealed class The_pitfalls : IAsyncLifetime
{
    private const AuditLevels All = AuditLevels.Heads | AuditLevels.Tiles | AuditLevels.Events;

    private SealedLog _log = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _log = await SealedLog.StartAsync();

    public async ValueTask DisposeAsync() => await _log.DisposeAsync();

    /// <summary>A clock has 100 ns, the column microseconds: what is stored is hashed, not what was in memory.</summary>
    [Theory]
    [InlineData(1_234_567)]
    [InlineData(1_234_565)]
    public async Task of_a_clock_with_more_digits_than_the_column(long ticks)
    {
        SteppedClock clock = new(DateTimeOffset.UnixEpoch.AddDays(20_000).AddTicks(ticks));
        await using Store store = await Store.StartAsync(_log.Store.ConnectionString, clock);
        await store.AppendAsync("tally-digits", ExpectedVersion.Any, new TallyAdded("digits", 1));
        await _log.SealAllAsync();
        Assert.Equal(
            ticks / 10, Assert.Single(await store.QueryAsync<long>("select extract(microseconds from timestamp)::bigint from events.mt_events")));
        Assert.Empty((await AuditAsync()).Findings);
    }

    /// <summary>Whatever a session shows times as, the leaf is the same.</summary>
    [Theory]
    [InlineData("timezone = 'America/St_Johns'")]
    [InlineData("timezone = 'Asia/Kathmandu'")]
    [InlineData("datestyle = 'SQL, DMY'")]
    [InlineData("intervalstyle = 'sql_standard'")]
    [InlineData("extra_float_digits = -15")]
    [InlineData("bytea_output = 'escape'")]
    [InlineData("standard_conforming_strings = off")]
    [InlineData("client_encoding = 'LATIN1'")]
    public async Task of_a_session_that_shows_values_otherwise(string setting)
    {
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        await _log.CloseAsync();
        string name = new NpgsqlConnectionStringBuilder(_log.Store.ConnectionString).Database!;
        await _log.Store.ExecuteAsync($"alter database {name} set {setting}");
        NpgsqlConnection.ClearAllPools();
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        Assert.Empty((await AuditAsync()).Findings);
        Assert.Equal((await _log.TreeAsync()).Root(), (await _log.HeadsAsync())[^1].Root);
    }

    /// <summary>In a database that checks no encoding one text could have two forms.</summary>
    [Fact]
    public async Task of_a_database_that_is_not_UTF8()
    {
        await using SealedLog log = await SealedLog.StartAsync(await DatabaseAsync("encoding 'SQL_ASCII' locale 'C'"));
        await log.AppendAsync(1);
        SealRefusedException refused = await Assert.ThrowsAsync<SealRefusedException>(() => log.OpenAsync());
        Assert.Contains("SQL_ASCII", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await log.HeadsAsync());
    }

    /// <summary>Nothing physical and no collation is in a leaf: a dump has the same root, wherever it is restored.</summary>
    [Theory]
    [InlineData("locale 'C'")]
    [InlineData("locale_provider icu icu_locale 'sv-SE' locale 'C'")]
    public async Task of_a_dump_that_is_restored_elsewhere(string database)
    {
        await _log.AppendAsync(600);
        await _log.Store.AppendAsync("tally-ö", ExpectedVersion.Any, new TallyAdded("ö", 1, "Ångström \U0001F600 z"));
        await _log.Store.AppendAsync("tally-z", ExpectedVersion.Any, new TallyAdded("z", 2, "ångström"));
        await _log.SealAllAsync();
        string copy = await DatabaseAsync(database);
        await CopyAsync(_log.Store.ConnectionString, copy);

        AuditReport report = await LogAudit.RunAsync(copy, new AuditQuestion(All, await _log.KeyTextsAsync(), null), _ => { }, Token);
        Assert.Empty(report.Findings);
        Assert.Equal((602, 602), (report.Facts, report.ProvedPosition));
        await using SealedLog other = await SealedLog.StartAsync(copy);
        Assert.Equal((await _log.TreeAsync()).Root(), (await other.TreeAsync()).Root());

        // The copy must not sign under the original's name.
        SealRefusedException refused = await Assert.ThrowsAsync<SealRefusedException>(
            () => other.TryOpenAsync(_log.Folder));
        Assert.Contains("is a copy", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alter table events.mt_events alter column type type text, alter column mt_dotnet_type type text, alter column user_name type text")]
    [InlineData("alter table events.mt_events alter column version type numeric(30); alter table events.mt_events alter column version type bigint")]
    [InlineData("vacuum full events.mt_events")]
    [InlineData("cluster events.mt_events using pk_mt_events_stream_and_version")]
    public async Task of_a_table_that_is_stored_otherwise(string change)
    {
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        await _log.Store.ExecuteAsync(change);
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        Assert.Empty((await AuditAsync()).Findings);
    }

    /// <summary>Every column is guarded, the mark of archived streams included, which no leaf holds.</summary>
    [Fact]
    public async Task of_a_column_that_could_be_changed_in_place()
    {
        await _log.AppendAsync(1);
        List<string> columns = await _log.Store.QueryAsync<string>(
            "select attname::text from pg_attribute where attrelid = 'events.mt_events'::regclass and attnum > 0");
        Assert.Equal(15, columns.Count);
        foreach (string column in columns)
        {
            PostgresException refused = await Assert.ThrowsAsync<PostgresException>(
                () => _log.Store.ExecuteAsync($"update events.mt_events set {column} = {column}"));
            Assert.Equal("EV001", refused.SqlState);
        }
    }

    [Fact]
    public async Task of_a_huge_body()
    {
        await _log.AppendAsync(1);
        await _log.Store.ExecuteAsync(
            """
            insert into events.mt_events (seq_id, id, version, data, type, timestamp)
            values (nextval('events.mt_events_sequence'), gen_random_uuid(), 1, jsonb_build_object('large', repeat('x', 100000000)), 'large', now())
            """);
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        AuditReport report = await AuditAsync();
        Assert.Empty(report.Findings);
        Assert.Equal(302, report.Facts);
    }

    [Fact]
    public async Task of_numbers_that_no_fact_got()
    {
        await _log.AppendAsync(5);
        await _log.SealAllAsync();
        await _log.Store.ExecuteAsync("select nextval('events.mt_events_sequence') from generate_series(1, 1000)");
        await _log.AppendAsync(5);
        await _log.SealAllAsync();
        StoredHead head = (await _log.HeadsAsync())[^1];
        Assert.Equal((10, 1_010), (head.Size, head.LastSeq));
        Assert.Empty((await AuditAsync()).Findings);
    }

    /// <summary>It is never sealed as if nothing had been: the tree goes on without it, and each audit names it.</summary>
    [Fact]
    public async Task of_a_fact_below_what_is_sealed()
    {
        await _log.Store.ExecuteAsync("select setval('events.mt_events_sequence', 50)");
        await _log.AppendAsync(100);
        await _log.SealAllAsync();
        await _log.Store.ExecuteAsync(
            "insert into events.mt_events (seq_id, id, version, data, type, timestamp) values (5, gen_random_uuid(), 1, '{}', 'late', now())");
        await _log.AppendAsync(10);
        await _log.CloseAsync();
        await _log.SealAllAsync();
        Assert.Equal(110, (await _log.HeadsAsync())[^1].Size);
        AuditFinding only = Assert.Single((await AuditAsync()).Findings);
        Assert.Equal(("inserted", 5L, 0L), (only.What, only.Position, only.Index));
    }

    /// <summary>
    /// A sealer that stood still between its state and its signature, while its connection was ended and another one took over.
    /// </summary>
    [Fact]
    public async Task of_two_sealers_of_which_one_stood_still()
    {
        await _log.AppendAsync(100);
        SteppedClock clock = new(DateTimeOffset.UnixEpoch.AddDays(20_000));
        SealingRun first = (await _log.TryOpenAsync(_log.Folder, clock))!;
        clock.OnAsked = () => Task.Run(async () =>
        {
            clock.OnAsked = null;
            await _log.Store.ExecuteAsync(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and pid <> pg_backend_pid() "
                + "and database = (select oid from pg_database where datname = current_database())");
            await _log.AppendAsync(50);
            await _log.SealAllAsync();
        }).GetAwaiter().GetResult();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => first.SealAsync(Token));
        await first.DisposeAsync();
        Assert.Equal([100, 150], (await _log.HeadsAsync()).Select(head => head.Size));
        Assert.Equal((await _log.TreeAsync()).Root(), (await _log.HeadsAsync())[^1].Root);
        Assert.Equal(150, _log.Keys.ReadState()!.Size);
        Assert.Empty((await AuditAsync()).Findings);
    }

    /// <summary>The same before its state: it must not write over what the other one has signed since.</summary>
    [Fact]
    public async Task of_a_sealer_that_comes_back_late()
    {
        await _log.AppendAsync(100);
        await using SealingRun first = (await _log.TryOpenAsync(_log.Folder))!;
        SignedState old = _log.Keys.ReadState()!;
        _log.Keys.WriteState(old with { Size = 60, Root = TreeHash.OfLeaf("another"u8).ToBase64() });
        InvalidDataException late = await Assert.ThrowsAsync<InvalidDataException>(() => first.SealAsync(Token));
        Assert.Contains("another host", late.Message, StringComparison.Ordinal);
        Assert.Equal(60, _log.Keys.ReadState()!.Size);
        Assert.Empty(await _log.HeadsAsync());
    }

    /// <summary>Another one stands still in the microseconds between its look at the state and its own: nothing is written then.</summary>
    [Fact]
    public async Task of_two_sealers_that_write_their_states_at_once()
    {
        await _log.AppendAsync(100);
        await _log.SealAllAsync();
        SignedState before = _log.Keys.ReadState()!;
        await _log.AppendAsync(50);
        SealingRun run = await _log.OpenAsync();
        await using (new FileStream(
            Path.Combine(_log.Folder, "seal-state.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            InvalidDataException busy = await Assert.ThrowsAsync<InvalidDataException>(() => run.SealAsync(Token));
            Assert.Contains("cannot be locked", busy.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, _log.Keys.ReadState());
        Assert.Equal([100], (await _log.HeadsAsync()).Select(head => head.Size));
        Assert.Empty(Directory.GetFiles(_log.Folder, "*.new"));
        await _log.OpenAsync();
        await _log.SealAllAsync();
        Assert.Equal([100, 150], (await _log.HeadsAsync()).Select(head => head.Size));
        Assert.Empty((await AuditAsync()).Findings);
    }

    [Fact]
    public async Task of_a_crash_between_state_and_signature()
    {
        await _log.AppendAsync(300);
        SteppedClock clock = new(DateTimeOffset.UnixEpoch.AddDays(20_000)) { OnAsked = () => throw new IOException("crash") };
        SealingRun run = await _log.OpenAsync(clock);
        await Assert.ThrowsAsync<IOException>(() => run.SealAsync(Token));
        Assert.Empty(await _log.HeadsAsync());
        Assert.Equal(300, _log.Keys.ReadState()!.Size);
        await _log.AppendAsync(10);
        await _log.OpenAsync();
        Assert.Equal([300], (await _log.HeadsAsync()).Select(head => head.Size));
        await _log.SealAllAsync();
        Assert.Empty((await AuditAsync()).Findings);
    }

    /// <summary>Memory or disk that gives another value the second time: here a view that does in the table's place.</summary>
    [Fact]
    public async Task of_a_bit_that_flips_between_two_readings()
    {
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        await _log.AppendAsync(300);
        await _log.Store.ExecuteAsync(
            """
            alter table events.mt_events rename to mt_events_real;
            create view events.mt_events as
              select seq_id, id, stream_id, version,
                     case when seq_id = 432 then jsonb_build_object('now', clock_timestamp()) else data end as data,
                     bdata, type, timestamp, tenant_id, mt_dotnet_type, correlation_id, causation_id, headers, user_name
              from events.mt_events_real
            """);
        SealingRun run = await _log.OpenAsync();
        InvalidDataException flipped = await Assert.ThrowsAsync<InvalidDataException>(() => run.SealAsync(Token));
        Assert.Contains("Two readings", flipped.Message, StringComparison.Ordinal);
        Assert.Equal(300, _log.Keys.ReadState()!.Size);

        await _log.Store.ExecuteAsync("drop view events.mt_events; alter table events.mt_events_real rename to mt_events");
        await _log.SealAllAsync();
        Assert.Equal([300, 600], (await _log.HeadsAsync()).Select(head => head.Size));
        Assert.Empty((await AuditAsync()).Findings);
    }

    /// <summary>An audit of a log that grows meanwhile accuses nobody, and keeps no snapshot over all of it.</summary>
    [Fact]
    public async Task of_an_audit_beside_appends()
    {
        await _log.AppendAsync(30_000);
        await _log.SealAllAsync();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task writer = Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                await _log.AppendAsync(50, "tally-beside");
                await _log.SealAllAsync();
            }
        }, Token);
        for (int round = 0; round < 5; round++)
        {
            AuditReport report = await AuditAsync();
            Assert.Empty(report.Findings);
            Assert.True(report.Facts >= 30_000);
        }

        await end.CancelAsync();
        await writer;
        Assert.True((await _log.HeadsAsync()).Count > 3);
    }

    /// <summary>ECDSA signs differently each time: what counts is what was signed.</summary>
    [Fact]
    public async Task of_a_head_that_is_signed_twice()
    {
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        await _log.CloseAsync();
        string note = (await _log.HeadsAsync())[^1].Note;
        using NoteSigner signer = _log.Keys.ReadKey(_log.Keys.ReadState()!.Origin);
        string again = SignedNote.Sign(SignedNote.Parse(StrictText.Encode(note)).Text, signer).ToString();
        Assert.NotEqual(note, again);
        AuditReport report = await LogAudit.RunAsync(
            _log.Store.ConnectionString,
            new AuditQuestion(All | AuditLevels.Anchors, [], _log.Folder) { Anchors = [note, again] },
            _ => { },
            Token);
        Assert.Empty(report.Findings);
        Assert.Equal(2, report.Anchors);
        await _log.TamperAsync($"update events_own.audit_head set note = '{again}'");
        await _log.OpenAsync();
        Assert.Empty((await AuditAsync()).Findings);
    }

    /// <summary>Anybody may write that the log was forked, and the sealer signs it: only heads of another name excuse kept heads.</summary>
    [Fact]
    public async Task of_a_fork_that_a_fact_alone_tells()
    {
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        string origin = _log.Keys.ReadState()!.Origin;
        using NoteSigner signer = _log.Keys.ReadKey(origin);
        string kept = new TreeHead(origin, 300, TreeHash.Empty).Sign(signer).ToString();
        await _log.Store.ExecuteAsync(
            $$"""
            insert into events.mt_streams (id, version) values ('logbook-all', 0) on conflict do nothing;
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            values (nextval('events.mt_events_sequence'), gen_random_uuid(), 'logbook-all', 1, jsonb_build_object(
              'oldOrigin', '{{origin}}', 'newOrigin', 'host/other', 'lostSize', 300, 'size', 10, 'reason', 'x'), 'log_forked', now())
            """);
        await _log.SealAllAsync();
        AuditReport report = await LogAudit.RunAsync(
            _log.Store.ConnectionString,
            new AuditQuestion(All | AuditLevels.Anchors, [], _log.Folder) { Anchors = [kept] },
            _ => { },
            Token);
        Assert.Contains(report.Findings, one => one.Level == AuditLevels.Anchors);
    }

    /// <summary>A clock that went back accuses nobody; the sealer moves on by a millisecond, and the audit says so.</summary>
    [Fact]
    public async Task of_a_clock_that_goes_back()
    {
        SteppedClock clock = new(DateTimeOffset.UnixEpoch.AddDays(20_000));
        await _log.AppendAsync(1);
        SealingRun run = await _log.OpenAsync(clock);
        await run.SealAsync(Token);
        Assert.Equal(TimeSpan.Zero, run.SteppedBack);
        clock.Now -= TimeSpan.FromHours(1);
        await _log.AppendAsync(1);
        await run.SealAsync(Token);
        Assert.Equal(TimeSpan.FromHours(1), run.SteppedBack);
        clock.Now += TimeSpan.FromHours(2);
        await _log.AppendAsync(1);
        await run.SealAsync(Token);
        Assert.Equal(TimeSpan.Zero, run.SteppedBack);
        AuditReport report = await AuditAsync();
        Assert.Empty(report.Findings);
        Assert.Contains(
            report.Notices,
            text => text.StartsWith("1 heads, the first of 2 facts, were signed while", StringComparison.Ordinal));
    }

    private Task<AuditReport> AuditAsync() =>
        LogAudit.RunAsync(_log.Store.ConnectionString, new AuditQuestion(All, [], _log.Folder), _ => { }, Token);

    /// <param name="how">As in <c>create database</c>.</param>
    private static async Task<string> DatabaseAsync(string how)
    {
        string other = await PostgresFixture.NewDatabaseAsync();
        NpgsqlConnectionStringBuilder place = new(other);
        string name = place.Database + "_other";
        await using NpgsqlConnection connection = new(other);
        await connection.OpenAsync(Token);
        await using NpgsqlCommand create = new($"create database {name} template template0 {how}", connection);
        await create.ExecuteNonQueryAsync(Token);
        place.Database = name;
        return place.ConnectionString;
    }

    /// <summary>By PostgreSQL's own programs, as text.</summary>
    private static async Task CopyAsync(string from, string to)
    {
        string file = Path.GetTempFileName();
        try
        {
            await Commands.RunAsync([Tool("pg_dump"), .. Place(from), "--no-owner", "--file", file]);
            await Commands.RunAsync([Tool("psql"), .. Place(to), "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", file]);
        }
        finally
        {
            File.Delete(file);
        }

        static string Tool(string name) =>
            LocalServer.FindBinaries() is { } folder && File.Exists(Path.Combine(folder, name)) ? Path.Combine(folder, name) : name;

        static string[] Place(string connection)
        {
            NpgsqlConnectionStringBuilder place = new(connection);
            return ["--host", place.Host!, "--username", place.Username!, "--dbname", place.Database!, "--port", $"{place.Port}"];
        }
    }
}
