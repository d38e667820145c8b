using Events.Application.Contracts;
using Events.EventStore;
using Events.EventStore.Appending;
using Events.Tests.Engines.Postgres;
using Npgsql;
using Xunit;

namespace Events.Tests.Engines.EventStore;

public sealed class The_schema : IAsyncLifetime
{
    /// <summary>Every column, constraint, index, sequence of the schema events, by a database that Marten 9 made.</summary>
    private const string Format =
        """
        column mt_event_progression 1 name character varying not null
        column mt_event_progression 2 last_seq_id bigint
        column mt_event_progression 3 last_updated timestamp with time zone default transaction_timestamp()
        column mt_events 1 seq_id bigint not null
        column mt_events 2 id uuid not null
        column mt_events 3 stream_id character varying
        column mt_events 4 version bigint not null
        column mt_events 5 data jsonb not null
        column mt_events 6 bdata bytea
        column mt_events 7 type character varying(500) not null
        column mt_events 8 timestamp timestamp with time zone not null default now()
        column mt_events 9 tenant_id character varying default '*DEFAULT*'::character varying
        column mt_events 10 mt_dotnet_type character varying
        column mt_events 11 correlation_id character varying
        column mt_events 12 causation_id character varying
        column mt_events 13 headers jsonb
        column mt_events 14 user_name character varying
        column mt_events 15 is_archived boolean default false
        column mt_high_water_skips 1 ending_sequence bigint not null
        column mt_high_water_skips 2 starting_sequence bigint not null
        column mt_high_water_skips 3 timestamp timestamp with time zone default transaction_timestamp()
        column mt_streams 1 id character varying not null
        column mt_streams 2 type character varying
        column mt_streams 3 version bigint
        column mt_streams 4 timestamp timestamp with time zone not null default now()
        column mt_streams 5 created timestamp with time zone not null default now()
        column mt_streams 6 tenant_id character varying default '*DEFAULT*'::character varying
        column mt_streams 7 is_archived boolean default false
        constraint mt_event_progression pk_mt_event_progression PRIMARY KEY (name)
        constraint mt_events fkey_mt_events_stream_id FOREIGN KEY (stream_id) REFERENCES events.mt_streams(id) ON DELETE CASCADE
        constraint mt_events pkey_mt_events_seq_id PRIMARY KEY (seq_id)
        constraint mt_high_water_skips pkey_mt_high_water_skips_ending_sequence PRIMARY KEY (ending_sequence)
        constraint mt_streams pkey_mt_streams_id PRIMARY KEY (id)
        function none
        index CREATE UNIQUE INDEX pk_mt_event_progression ON mt_event_progression USING btree (name)
        index CREATE UNIQUE INDEX pk_mt_events_stream_and_version ON mt_events USING btree (stream_id, version)
        index CREATE UNIQUE INDEX pkey_mt_events_seq_id ON mt_events USING btree (seq_id)
        index CREATE UNIQUE INDEX pkey_mt_high_water_skips_ending_sequence ON mt_high_water_skips USING btree (ending_sequence)
        index CREATE UNIQUE INDEX pkey_mt_streams_id ON mt_streams USING btree (id)
        sequence mt_events_sequence bigint from 1 by 1 owned by mt_events.seq_id
        """;

    private const string Describe =
        """
        select line from (
          select format('column %s %s %s %s%s%s', c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
                   case when a.attnotnull then ' not null' else '' end,
                   coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')) as line,
                 1 as kind, c.relname as relation, a.attnum as place
          from pg_attribute a join pg_class c on c.oid = a.attrelid
          left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
          where c.relnamespace = 'events'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
          union all
          select format('constraint %s %s %s', conrelid::regclass::text, conname, pg_get_constraintdef(oid)), 2,
                 conrelid::regclass::text || conname, 0
          from pg_constraint where connamespace = 'events'::regnamespace and contype <> 'n'
          union all
          select coalesce('function ' || string_agg(proname, ', '), 'function none'), 3, '', 0
          from pg_proc where pronamespace = 'events'::regnamespace
          union all
          select 'index ' || replace(indexdef, ' ON events.', ' ON '), 4, indexdef, 0 from pg_indexes where schemaname = 'events'
          union all
          select format('sequence %s %s from %s by %s owned by %s.%s', c.relname, format_type(s.seqtypid, null), s.seqstart,
                   s.seqincrement, d.refobjid::regclass, a.attname), 5, c.relname, 0
          from pg_sequence s join pg_class c on c.oid = s.seqrelid
          join pg_depend d on d.objid = c.oid and d.deptype = 'a' and d.classid = 'pg_class'::regclass
          join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
          where c.relnamespace = 'events'::regnamespace
        ) lines order by kind, relation collate "C", place
        """;

    private Store _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _store = await Store.StartAsync(await PostgresFixture.NewDatabaseAsync());

    public async ValueTask DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task is_Marten_9s_to_the_letter() =>
        Assert.Equal(
            Format.Split('\n'),
            (await _store.QueryAsync<string>(Describe)).Select(line => line
                .Replace("constraint events.", "constraint ", StringComparison.Ordinal)
                .Replace("owned by events.", "owned by ", StringComparison.Ordinal)));

    [Fact]
    public async Task applied_again_changes_nothing()
    {
        List<string> before = await _store.QueryAsync<string>(Describe);
        Guid installation = await _store.Get<EventStoreSchema>().InstallationIdAsync(Token);

        await using Store again = await Store.StartAsync(_store.ConnectionString);

        Assert.Equal(before, await again.QueryAsync<string>(Describe));
        Assert.Equal(installation, await again.Get<EventStoreSchema>().InstallationIdAsync(Token));
        Assert.NotEqual(Guid.Empty, installation);
    }

    [Fact]
    public async Task is_applied_once_by_many_programs_that_start_together()
    {
        string database = await PostgresFixture.NewDatabaseAsync();

        Store[] stores = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Store.StartAsync(database)));

        Assert.Equal(
            Enumerable.Range(1, 11),
            await stores[0].QueryAsync<int>("select version from events_own.schema_version order by version"));
        Guid[] ids = await Task.WhenAll(stores.Select(store => store.Get<EventStoreSchema>().InstallationIdAsync(Token)));
        Assert.Single(ids.Distinct());
        await Task.WhenAll(stores.Select(store => store.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task of_a_newer_program_is_refused_in_words()
    {
        await _store.ExecuteAsync("insert into events_own.schema_version (version, name) values (999, '0999_later')");

        SchemaRefusedException refused = await Assert.ThrowsAsync<SchemaRefusedException>(
            () => Store.StartAsync(_store.ConnectionString));

        Assert.Contains("newer program", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update events.mt_events set data = '{}'")]
    [InlineData("delete from events.mt_events")]
    [InlineData("truncate events.mt_events")]
    [InlineData("truncate events.mt_streams cascade")]
    [InlineData("delete from events.mt_streams")]
    [InlineData("set session_replication_role = replica; delete from events.mt_events")]
    [InlineData("insert into events.mt_events select * from events.mt_events on conflict (seq_id) do update set data = '{}'")]
    public async Task refuses_to_change_or_remove_facts(string statement)
    {
        await _store.AppendAsync("tally-a", ExpectedVersion.NewStream, new TallyAdded("a", 1));

        PostgresException refused = await Assert.ThrowsAsync<PostgresException>(() => _store.ExecuteAsync(statement));

        Assert.Equal("EV001", refused.SqlState);
        Assert.Contains("append-only", refused.MessageText, StringComparison.Ordinal);
        Assert.Single(await _store.Log.ReadAsync(0, 10, Token));
    }

    [Fact]
    public async Task has_a_unit_or_meaning_on_every_column() =>
        Assert.Empty(await _store.QueryAsync<string>(
            """
            select c.relname || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.relnamespace in ('events'::regnamespace, 'events_own'::regnamespace) and c.relkind = 'r' and a.attnum > 0
              and col_description(c.oid, a.attnum) is null
            """));

    [Theory]
    [InlineData("CameraRegistered", "camera_registered")]
    [InlineData("IPCameraV2Added", "ip_camera_v2_added")]
    [InlineData("RTSPSourceLost", "rtsp_source_lost")]
    [InlineData("SegmentCommitted", "segment_committed")]
    [InlineData("A", "a")]
    [InlineData("Mp4Written", "mp4_written")]
    [InlineData("CameraView", "camera_view")]
    public void names_types_as_Marten_does(string type, string alias) => Assert.Equal(alias, StoredName.Of(type));
}
