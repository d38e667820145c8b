using System.Globalization;
using System.Text;
using Events.EventStore.Appending;
using Events.EventStore.Seals;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Events.Tests.Engines.Postgres;
using Npgsql;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>A store with real facts, a folder for the key, and a sealer that signs when the test says so.</summary>
internal sealed class SealedLog : IAsyncDisposable
{
    public const string HostName = "events.example";

    /// <summary>"evseals": who has it seals, or looks whether it may.</summary>
    public const long SealerLock = 0x0065_7673_6561_6C73;

    private SealingRun? _run;

    private SealedLog(Store store, string folder)
    {
        Store = store;
        Folder = folder;
    }

    public Store Store { get; }

    public string Folder { get; }

    public KeyFolder Keys => new(Folder);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<SealedLog> StartAsync() => await StartAsync(await PostgresFixture.NewDatabaseAsync());

    public static async Task<SealedLog> StartAsync(string database) =>
        new(
            await Store.StartAsync(database),
            Path.Combine(Directory.CreateTempSubdirectory("seals").FullName, "keys"));

    public async Task AppendAsync(int facts, string stream = "tally-one")
    {
        const int Largest = 1_000;
        for (; facts > 0; facts -= Largest)
        {
            object[] some = [.. Enumerable.Range(0, Math.Min(facts, Largest)).Select(number => new TallyAdded(stream, number, $"note {number}"))];
            AppendOutcome outcome = await Store.AppendAsync(stream, ExpectedVersion.Any, some);
            Assert.False(outcome.IsConflict);
        }
    }

    /// <summary>Has an advisory lock, as another host would, until it is disposed.</summary>
    public async Task<NpgsqlConnection> HoldAsync(long key)
    {
        NpgsqlConnection connection = new(Single);
        await connection.OpenAsync(Token);
        await using NpgsqlCommand hold = new(
            string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_lock({key})"), connection);
        await hold.ExecuteNonQueryAsync(Token);
        return connection;
    }

    /// <summary>Ends the sealer that runs and starts another one, as a restart does.</summary>
    public async Task<SealingRun> OpenAsync(TimeProvider? time = null)
    {
        await CloseAsync();

        // PostgreSQL lets go of a closed connection's lock a moment after the client has closed it.
        await Store.UntilAsync(async () => (_run = await TryOpenAsync(Folder, time)) is not null);
        return _run!;
    }

    public async Task<SealingRun?> TryOpenAsync(string folder, TimeProvider? time = null)
    {
        NpgsqlConnection connection = new(Single);
        await connection.OpenAsync(Token);
        return await SealingRun.OpenAsync(connection, new KeyFolder(folder), HostName, time ?? TimeProvider.System, Token);
    }

    public async Task CloseAsync()
    {
        if (_run is not null)
        {
            await _run.DisposeAsync();
            _run = null;
        }
    }

    public async Task SealAllAsync(TimeProvider? time = null)
    {
        SealingRun run = _run ?? await OpenAsync(time);
        while (await run.SealAsync(Token))
        {
        }
    }

    /// <summary>As somebody does who owns the database: nothing of ours is in the way.</summary>
    public Task TamperAsync(string sql) =>
        Store.ExecuteAsync(
            $"""
            alter table events.mt_events disable trigger all;
            alter table events_own.audit_head disable trigger all;
            alter table events_own.audit_tile disable trigger all;
            {sql};
            alter table events.mt_events enable trigger all;
            alter table events.mt_events enable always trigger events_append_only;
            alter table events_own.audit_head enable always trigger audit_append_only;
            alter table events_own.audit_tile enable always trigger audit_append_only;
            """);

    /// <summary>As the host does it: the key first, then the fact.</summary>
    public async Task<(string Old, string Next)> AnnounceNextKeyAsync()
    {
        string origin = Keys.ReadState()!.Origin;
        using NoteSigner present = Keys.ReadKey(origin);
        using NoteSigner next = Keys.NextKey(origin);
        await AppendRotationAsync(present.Key, next.Key, KeyRotation.Sign(present, next.Key));
        return (present.Key.ToString(), next.Key.ToString());
    }

    /// <summary>Whoever may write facts can write this one.</summary>
    public Task AppendRotationAsync(NoteKey old, NoteKey next, string signature) => Store.ExecuteAsync(
        $$"""
        insert into events.mt_streams (id, version) values ('logbook-all', 0) on conflict do nothing;
        insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
        select nextval('events.mt_events_sequence'), gen_random_uuid(), 'logbook-all', 1 + count(*), jsonb_build_object(
          'oldKey', '{{old}}', 'newKey', '{{next}}', 'reason', 'Once a year', 'signature', '{{signature}}'), 'log_key_rotated', now()
        from events.mt_events where stream_id = 'logbook-all'
        """);

    /// <summary>As the host does it: what the fact says is what is stored of the row now.</summary>
    public async Task<AdoptableRow> AdoptAsync(long position)
    {
        AdoptableRow row = await LogAdoption.FindAsync(Store.ConnectionString, position, Token);
        await NoteAdoptionAsync("nextval('events.mt_events_sequence')", position, row.Leaf);
        return row;
    }

    /// <summary>The fact alone, whatever it says.</summary>
    /// <param name="at">Its own position, in SQL.</param>
    public Task NoteAdoptionAsync(string at, long position, string leaf) => Store.ExecuteAsync(
        $$"""
        insert into events.mt_streams (id, version) values ('logbook-all', 0) on conflict do nothing;
        insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
        select {{at}}, gen_random_uuid(), 'logbook-all', 1 + count(*), jsonb_build_object(
          'position', {{position}}, 'version', 1, 'leaf', '{{leaf}}', 'reason', 'An importer ended late'), 'fact_adopted', now()
        from events.mt_events where stream_id = 'logbook-all'
        """);

    public async Task<IReadOnlyList<StoredHead>> HeadsAsync()
    {
        await using NpgsqlConnection connection = new(Store.ConnectionString);
        await connection.OpenAsync(Token);
        return await new SealTables(connection).HeadsAsync(0, 10_000, Token);
    }

    public async Task<IReadOnlyList<string>> KeyTextsAsync()
    {
        await using NpgsqlConnection connection = new(Store.ConnectionString);
        await connection.OpenAsync(Token);
        return await new SealTables(connection).KeysAsync(Token);
    }

    /// <summary>
    /// The tree of all facts, from PostgreSQL's text in a session that shows times in another zone and style: another way than the
    /// sealer's in every step that it can be.
    /// </summary>
    public async Task<MemoryTree> TreeAsync()
    {
        await using NpgsqlConnection connection = new(Store.ConnectionString);
        await connection.OpenAsync(Token);
        await using NpgsqlCommand command = new(
            """
            set time zone 'Asia/Kathmandu'; set datestyle to 'SQL, DMY'; set extra_float_digits to 0;
            select seq_id, id, stream_id, version, data::text, encode(bdata, 'hex'), type,
                   case when isfinite(timestamp) then (extract(epoch from timestamp)::numeric * 1000000)::numeric(30, 0)::text
                        else timestamp::text end,
                   tenant_id, mt_dotnet_type, correlation_id, causation_id, headers::text, user_name
            from events.mt_events order by seq_id
            """,
            connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(Token);
        MemoryTree tree = new();
        LeafForm form = new();
        while (await reader.ReadAsync(Token))
        {
            tree.Append(form.HashOf(RowOf(reader)));
        }

        return tree;
    }

    /// <summary>Leaf hashes of the first facts, by the sealer's own reader.</summary>
    public async Task<IReadOnlyList<TreeHash>> EdgeAsync(int count)
    {
        await using NpgsqlConnection connection = new(Single);
        await connection.OpenAsync(Token);
        GrowingTree tree = await GrowingTree.LoadAsync(connection, null, Token);
        return [.. (await tree.NextAsync(connection, long.MaxValue, count, Token)).Select(leaf => leaf.Leaf)];
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await Store.DisposeAsync();
        Directory.Delete(Path.GetDirectoryName(Folder)!, recursive: true);
    }

    /// <summary>As the host's own: kept alive, or PostgreSQL would take a run's lock while a test does something else for long.</summary>
    private string Single =>
        new NpgsqlConnectionStringBuilder(Store.ConnectionString) { Pooling = false, KeepAlive = 10 }.ConnectionString;

    private static LeafRow RowOf(NpgsqlDataReader reader)
    {
        return new LeafRow
        {
            SeqId = reader.GetInt64(0),
            Id = reader.GetGuid(1),
            StreamId = Text(2),
            Version = reader.GetInt64(3),
            Data = Text(4),
            BinaryData = reader.IsDBNull(5) ? Column.Null : new Column(Convert.FromHexString(reader.GetString(5))),
            Type = Text(6),
            Timestamp = reader.GetString(7) switch
            {
                "infinity" => long.MaxValue,
                "-infinity" => long.MinValue,
                var micros => (long)(Int128.Parse(micros, CultureInfo.InvariantCulture) - LeafTime.PostgresEpoch),
            },
            TenantId = Text(8),
            DotNetType = Text(9),
            CorrelationId = Text(10),
            CausationId = Text(11),
            Headers = Text(12),
            UserName = Text(13),
        };

        Column Text(int column) =>
            reader.IsDBNull(column) ? Column.Null : new Column(Encoding.UTF8.GetBytes(reader.GetString(column)));
    }
}

/// <summary>A clock that stands where the test puts it.</summary>
internal sealed class SteppedClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    /// <summary>Done each time that somebody asks it.</summary>
    public Action? OnAsked { get; set; }

    public override DateTimeOffset GetUtcNow()
    {
        OnAsked?.Invoke();
        return Now;
    }
}
