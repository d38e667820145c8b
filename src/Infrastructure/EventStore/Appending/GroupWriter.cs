using System.Globalization;
using Events.EventStore.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Events.EventStore.Appending;

/// <summary>
/// Writes one group of appends in one transaction and one round trip, on a connection of its own. The advisory lock is held
/// from before the sequence numbers are taken until the commit is visible, over all nodes: commit order is position order.
/// </summary>
internal sealed partial class GroupWriter(
    Database database, EventStoreSchema schema, RisingClock clock, TimeProvider time, ILogger<GroupWriter> logger)
    : IAsyncDisposable
{
    public const string Channel = "events_appended";

    /// <summary>Advisory lock of all appenders: "evappend" in ASCII.</summary>
    public const long LockKey = 0x6576_6170_7065_6E64;

    /// <summary>
    /// An idle connection may have died unseen. It is asked first, so that no append's outcome is left unknown for that.
    /// </summary>
    private static readonly TimeSpan IdleBeforeAsking = TimeSpan.FromSeconds(1);

    /// <summary>Above the statement's own time-out, for the case that a broken connection does not even time out.</summary>
    private static readonly TimeSpan GroupTimeout = TimeSpan.FromSeconds(Database.CommandTimeoutSeconds + 1);

    // The index is always right for a handful of streams; plans made while the tables were small must not scan them later.
    // Durability is the log's promise, whatever the server's default is.
    private const string Session =
        """
        select set_config('enable_seqscan', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false),
               set_config('jit', 'off', false),
               set_config('synchronous_commit',
                 case current_setting('synchronous_commit') when 'off' then 'on' else current_setting('synchronous_commit') end,
                 false)
        """;

    // $1-$9 one element per append: number, stream, category, expected version (-1 any), count, correlation, causation,
    // headers, user. $10-$15 one element per fact: append's number, place in it, id, body, type, .NET type. $16 the moment.
    // A sequence that somebody set back would put facts below those that views have passed and seals cover: it is moved up to
    // the newest fact before a number is taken, which is why "taken", and so all that writes, reads "numbers".
    private const string Append =
        """
        with asked as materialized (
          select a.*, coalesce(s.version, 0) as found
          from unnest($1::int[], $2::text[], $3::text[], $4::bigint[], $5::int[], $6::text[], $7::text[], $8::jsonb[], $9::text[])
            as a(n, stream_id, category, expected, facts, correlation_id, causation_id, headers, user_name)
          left join events.mt_streams s on s.id = a.stream_id
        ), numbers as materialized (
          select e.newest, s.last_value as stood,
                 case when s.last_value - (not s.is_called)::int < e.newest
                   then setval('events.mt_events_sequence', e.newest) end as moved
          from (select coalesce(max(seq_id), 0) as newest from events.mt_events) e, events.mt_events_sequence s
        ), taken as materialized (
          select a.* from asked a, numbers where a.expected < 0 or a.expected = a.found
        ), streams as (
          insert into events.mt_streams (id, type, version, timestamp, created)
          select stream_id, category, found + facts, $16, $16 from taken
          on conflict (id) do update set version = excluded.version, timestamp = excluded.timestamp
        ), written as (
          insert into events.mt_events
            (seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type,
             correlation_id, causation_id, headers, user_name)
          select nextval('events.mt_events_sequence'), o.id, o.stream_id, o.found + o.place, o.data, o.type, $16, o.dotnet_type,
                 o.correlation_id, o.causation_id, o.headers, o.user_name
          from (
            select f.id, f.place, f.data, f.type, f.dotnet_type,
                   t.stream_id, t.found, t.correlation_id, t.causation_id, t.headers, t.user_name
            from unnest($10::int[], $11::int[], $12::uuid[], $13::jsonb[], $14::text[], $15::text[])
              as f(n, place, id, data, type, dotnet_type)
            join taken t on t.n = f.n
            order by f.n, f.place
          ) o
          returning stream_id, version, seq_id
        )
        select a.n, a.found, coalesce(w.seq_id, 0), coalesce(m.moved, 0), m.stood
        from asked a
        cross join numbers m
        left join written w on w.stream_id = a.stream_id and w.version = a.found + a.facts
        """;

    private NpgsqlConnection? _connection;
    private NpgsqlBatch? _batch;
    private long _lastUsed;

    /// <summary>Process id of this writer's backend, as notifications name their sender; 0 without a connection.</summary>
    public int BackendId { get; private set; }

    /// <summary>Outcomes in the order of <paramref name="group"/>, which has at most one append per stream.</summary>
    public async Task<AppendOutcome[]> WriteAsync(IReadOnlyList<PendingAppend> group)
    {
        try
        {
            return await WriteBoundedAsync(group).WaitAsync(GroupTimeout, time);
        }
        catch (PostgresException e) when (!Failure.IsAway(e))
        {
            throw;
        }
        catch
        {
            await DropAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync() => await DropAsync();

    private async Task<AppendOutcome[]> WriteBoundedAsync(IReadOnlyList<PendingAppend> group)
    {
        NpgsqlBatch batch = await ReadyAsync();
        Fill(batch.BatchCommands[1].Parameters, group, clock.Next());
        AppendOutcome[] outcomes = new AppendOutcome[group.Count];

        // No caller's token: once sent, the outcome belongs to several callers.
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        await reader.NextResultAsync(CancellationToken.None);
        while (await reader.ReadAsync(CancellationToken.None))
        {
            int n = reader.GetInt32(0);
            long found = reader.GetInt64(1);
            long position = reader.GetInt64(2);
            outcomes[n] = position == 0
                ? new AppendOutcome(true, found, 0)
                : new AppendOutcome(false, found + group[n].Facts.Length, position);
            if (n == 0 && reader.GetInt64(3) is > 0 and long newest)
            {
                LogMovedUp(reader.GetInt64(4), newest);
            }
        }

        // The commit's answer comes last: only after it are the facts in the log.
        await reader.NextResultAsync(CancellationToken.None);
        await reader.CloseAsync();
        _lastUsed = time.GetTimestamp();
        return outcomes;
    }

    private async Task<NpgsqlBatch> ReadyAsync()
    {
        if (_batch is not null && time.GetElapsedTime(_lastUsed) > IdleBeforeAsking)
        {
            try
            {
                await using NpgsqlCommand ask = new("select 1", _connection);
                await ask.ExecuteNonQueryAsync(CancellationToken.None);
            }
            catch (NpgsqlException lost) when (Failure.IsLostConnection(lost))
            {
                await DropAsync();
            }
        }

        return _batch ??= await ConnectAsync();
    }

    private async Task<NpgsqlBatch> ConnectAsync()
    {
        await schema.ApplyOnceAsync(CancellationToken.None);
        _connection = await database.OpenSingleAsync(CancellationToken.None);
        await using (NpgsqlCommand session = new(Session, _connection))
        {
            await session.ExecuteNonQueryAsync(CancellationToken.None);
        }

        NpgsqlBatch batch = new(_connection)
        {
            BatchCommands =
            {
                new(string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_xact_lock({LockKey})")),
                new(Append),
                new($"notify {Channel}"),
            },
        };
        Declare(batch.BatchCommands[1].Parameters);
        await batch.PrepareAsync(CancellationToken.None);
        BackendId = _connection.ProcessID;
        return batch;
    }

    private async Task DropAsync()
    {
        (NpgsqlConnection? connection, _connection, _batch, BackendId) = (_connection, null, null, 0);
        if (connection is not null)
        {
            // Closing a connection that is stuck may itself wait for the server; nobody has to wait for that.
            await Task.WhenAny(connection.DisposeAsync().AsTask(), Task.Delay(TimeSpan.FromSeconds(1), time));
        }
    }

    private static void Declare(NpgsqlParameterCollection parameters)
    {
        Add<int[]>(NpgsqlDbType.Integer);
        Add<string[]>(NpgsqlDbType.Text);
        Add<string[]>(NpgsqlDbType.Text);
        Add<long[]>(NpgsqlDbType.Bigint);
        Add<int[]>(NpgsqlDbType.Integer);
        Add<string[]>(NpgsqlDbType.Text);
        Add<string?[]>(NpgsqlDbType.Text);
        Add<string[]>(NpgsqlDbType.Jsonb);
        Add<string[]>(NpgsqlDbType.Text);
        Add<int[]>(NpgsqlDbType.Integer);
        Add<int[]>(NpgsqlDbType.Integer);
        Add<Guid[]>(NpgsqlDbType.Uuid);
        Add<string[]>(NpgsqlDbType.Jsonb);
        Add<string[]>(NpgsqlDbType.Text);
        Add<string[]>(NpgsqlDbType.Text);
        parameters.Add(new NpgsqlParameter<DateTimeOffset> { NpgsqlDbType = NpgsqlDbType.TimestampTz });

        void Add<T>(NpgsqlDbType element) =>
            parameters.Add(new NpgsqlParameter<T> { NpgsqlDbType = NpgsqlDbType.Array | element });
    }

    private static void Fill(NpgsqlParameterCollection parameters, IReadOnlyList<PendingAppend> group, DateTimeOffset now)
    {
        int count = group.Sum(append => append.Facts.Length);
        int[] n = new int[count];
        int[] place = new int[count];
        FactRow[] facts = new FactRow[count];
        int at = 0;
        for (int i = 0; i < group.Count; i++)
        {
            for (int k = 0; k < group[i].Facts.Length; k++, at++)
            {
                (n[at], place[at], facts[at]) = (i, k + 1, group[i].Facts[k]);
            }
        }

        Set(0, Each(i => i));
        Set(1, Each(i => group[i].StreamId));
        Set(2, Each(i => group[i].Category));
        Set(3, Each(i => group[i].Expected.Value));
        Set(4, Each(i => group[i].Facts.Length));
        Set(5, Each(i => group[i].Origin.CorrelationId));
        Set(6, Each(i => group[i].Origin.CausationId));
        Set(7, Each(i => group[i].Origin.Headers));
        Set(8, Each(i => group[i].Origin.UserName));
        Set(9, n);
        Set(10, place);
        Set(11, Array.ConvertAll(facts, fact => fact.Id));
        Set(12, Array.ConvertAll(facts, fact => fact.Data));
        Set(13, Array.ConvertAll(facts, fact => fact.Type.Alias));
        Set(14, Array.ConvertAll(facts, fact => fact.Type.DotNetType));
        Set(15, now);

        void Set<T>(int index, T value) => ((NpgsqlParameter<T>)parameters[index]).TypedValue = value;

        T[] Each<T>(Func<int, T> value)
        {
            T[] values = new T[group.Count];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = value(i);
            }

            return values;
        }
    }

    [LoggerMessage(EventId = 4103, Level = LogLevel.Warning,
        Message = "The sequence of positions stood at {Stood}, the newest fact at {Newest}: somebody set it back, or numbered a "
            + "fact without it. It was moved up, and facts go on behind the newest")]
    private partial void LogMovedUp(long stood, long newest);
}
