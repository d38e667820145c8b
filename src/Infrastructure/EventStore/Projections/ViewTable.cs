using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Events.Application.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace Events.EventStore.Projections;

/// <summary>One row to store, or to remove when <paramref name="Row"/> is null.</summary>
/// <param name="Position">Of the last fact folded into it.</param>
internal readonly record struct RowChange<TRow>(string Key, TRow? Row, long Position)
    where TRow : class;

/// <summary>Where a view's checkpoint stands, and which table it speaks of.</summary>
/// <param name="TableOid">Another table under the same name (a rebuild was swapped in) has another.</param>
internal readonly record struct Checkpoint(long Position, long TableOid);

/// <summary>A view's table and checkpoint in SQL. Names are the program's own and checked; values are parameters.</summary>
internal sealed partial class ViewTable<TRow>
    where TRow : class
{
    /// <summary>In bytes; PostgreSQL cuts longer names off without a word.</summary>
    private const int NameLengthMax = 63;

    /// <summary>Advisory lock under which view tables are made: "evviewmk" in ASCII.</summary>
    private const long LockKey = 0x6576_7669_6577_6D6B;

    /// <summary>In seconds. Dropping and making tables waits for readers of them.</summary>
    private const int ShapeTimeoutSeconds = 60;

    /// <summary>In seconds. A million rows take some; nobody waits for it.</summary>
    private const int IndexTimeoutSeconds = 3_600;

    /// <summary>In rows. Nobody reads more; the count is told.</summary>
    private const int DifferencesMax = 100;

    private const string ReadCheckpoint =
        "select last_seq_id, coalesce(to_regclass($2)::oid::bigint, 0) from events.mt_event_progression where name = $1";

    private const string MoveCheckpoint =
        """
        update events.mt_event_progression set last_seq_id = $2, last_updated = transaction_timestamp() where name = $1
        """;

    private readonly View<TRow> _view;
    private readonly string _table;
    private readonly string _checkpoint;
    private readonly string _write;
    private readonly bool _isIndexedLater;

    /// <param name="isIndexedLater">
    /// Whether its indexes wait for <see cref="IndexAsync"/>: a table that is filled as a whole is filled faster without.
    /// </param>
    public ViewTable(View<TRow> view, string table, string checkpoint, bool isIndexedLater = false)
    {
        _isIndexedLater = isIndexedLater;
        _view = view;
        _table = table;
        _checkpoint = checkpoint;
        CheckName(table);
        foreach (ViewColumn<TRow> column in view.Columns)
        {
            CheckName(column.Name);
            CheckName(IndexName(table, column.Name));
        }

        _write = WriteText();
    }

    private string Name => $"views.{_table}";

    /// <summary>
    /// Makes the table, and its checkpoint at zero, unless both are there. Neither is of use without the other.
    /// </summary>
    /// <exception cref="ViewFaultException">The table has other columns than the view.</exception>
    public async Task EnsureAsync(NpgsqlConnection connection, bool isAfresh, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await RunAsync(connection, string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_xact_lock({LockKey})"));
        if (isAfresh || await ReadCheckpointAsync(connection, cancellationToken) is not { TableOid: > 0 })
        {
            await RunAsync(connection, CreateText());
            await using NpgsqlCommand reset = new(
                """
                insert into events.mt_event_progression (name, last_seq_id) values ($1, 0)
                on conflict (name) do update set last_seq_id = 0, last_updated = transaction_timestamp()
                """,
                connection)
            {
                Parameters = { new() { Value = _checkpoint } },
            };
            await reset.ExecuteNonQueryAsync(cancellationToken);
        }
        else
        {
            await CheckColumnsAsync(connection, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);

        async Task RunAsync(NpgsqlConnection on, string text)
        {
            await using NpgsqlCommand command = new(text, on) { CommandTimeout = ShapeTimeoutSeconds };
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>Makes the indexes that are not there yet.</summary>
    public async Task IndexAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (IndexText() is { Length: > 0 } text)
        {
            // By one process: commands that come meanwhile need the other processors.
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using NpgsqlCommand command = new($"set local max_parallel_maintenance_workers = 0; {text}", connection)
            {
                CommandTimeout = IndexTimeoutSeconds,
            };
            await command.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    /// <returns>Null when there is none.</returns>
    public async Task<Checkpoint?> ReadCheckpointAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(ReadCheckpoint, connection)
        {
            Parameters = { new() { Value = _checkpoint }, new() { Value = Name } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new Checkpoint(reader.GetInt64(0), reader.GetInt64(1)) : null;
    }

    /// <returns>The rows that there are, of those asked for.</returns>
    public async Task<Dictionary<string, TRow>> ReadRowsAsync(
        NpgsqlConnection connection, string[] keys, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new($"select key, row from {Name} where key = any($1)", connection)
        {
            Parameters = { new NpgsqlParameter<string[]> { TypedValue = keys } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        Dictionary<string, TRow> rows = new(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(reader.GetString(0), JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(1), _view.Json)!);
        }

        return rows;
    }

    /// <summary>Rows and checkpoint in one statement, so that neither is ever seen without the other.</summary>
    /// <returns>
    /// False when the checkpoint was not at <paramref name="from"/>: another runner did the work; nothing was written.
    /// </returns>
    public async Task<bool> WriteAsync(
        NpgsqlConnection connection,
        Checkpoint from,
        long to,
        IReadOnlyCollection<RowChange<TRow>> changes,
        CancellationToken cancellationToken)
    {
        RowChange<TRow>[] kept = [.. changes.Where(change => change.Row is not null)];
        await using NpgsqlCommand command = new(_write, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = _checkpoint },
                new NpgsqlParameter<long> { TypedValue = to },
                new NpgsqlParameter<long> { TypedValue = from.Position },
                new NpgsqlParameter<string> { TypedValue = Name },
                new NpgsqlParameter<long> { TypedValue = from.TableOid },
                new NpgsqlParameter<string[]> { TypedValue = [.. changes.Where(c => c.Row is null).Select(c => c.Key)] },
                new NpgsqlParameter<string[]> { TypedValue = Array.ConvertAll(kept, change => change.Key) },
                new NpgsqlParameter<string[]>
                {
                    NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb,
                    TypedValue = Array.ConvertAll(kept, change => JsonSerializer.Serialize(change.Row!, _view.Json)),
                },
                new NpgsqlParameter<long[]> { TypedValue = Array.ConvertAll(kept, change => change.Position) },
            },
        };
        foreach (ViewColumn<TRow> column in _view.Columns)
        {
            command.Parameters.Add(Values(column, kept));
        }

        return (long)(await command.ExecuteScalarAsync(cancellationToken))! == 1;
    }

    /// <summary>
    /// Puts this table (a finished rebuild) in the place of <paramref name="live"/>, in the caller's transaction, which holds
    /// the lock of the live table. Readers see the one or the other, never neither.
    /// </summary>
    public async Task ReplaceAsync(
        ViewTable<TRow> live, NpgsqlConnection connection, long position, CancellationToken cancellationToken)
    {
        IEnumerable<string> indexes = _view.Columns.Where(column => column.IsIndexed).Select(column =>
            $"alter index views.{IndexName(_table, column.Name)} rename to {IndexName(live._table, column.Name)};");
        string rename =
            $"""
            drop table {live.Name};
            alter table {Name} rename to {live._table};
            alter table {live.Name} rename constraint pk_{_table} to pk_{live._table};
            {string.Concat(indexes)}
            """;
        await using NpgsqlCommand swap = new(rename, connection);
        await swap.ExecuteNonQueryAsync(cancellationToken);
        await using NpgsqlBatch checkpoints = new(connection)
        {
            BatchCommands =
            {
                new(MoveCheckpoint)
                {
                    Parameters = { new() { Value = live._checkpoint }, new() { Value = position } },
                },
                new("delete from events.mt_event_progression where name = $1")
                {
                    Parameters = { new() { Value = _checkpoint } },
                },
            },
        };
        await checkpoints.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Keeps the live loops of every node out. <see cref="WriteAsync"/> also takes the table before the checkpoint's row, so the
    /// two never wait for each other.
    /// </summary>
    public async Task LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            $"set local lock_timeout = '2s'; lock table {Name} in access exclusive mode", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Keeps the live loops of every node from writing; readers go on.</summary>
    public async Task HoldAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            $"set local lock_timeout = '2s'; lock table {Name} in share row exclusive mode", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task DropAsync(NpgsqlConnection connection)
    {
        await using NpgsqlCommand command = new(
            $"drop table if exists {Name}; delete from events.mt_event_progression where name = '{_checkpoint}'", connection)
        {
            CommandTimeout = ShapeTimeoutSeconds,
        };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Compares this table (a shadow at the same position) with the live one, every column of every row.</summary>
    public async Task<ViewComparison> CompareAsync(
        ViewTable<TRow> live, NpgsqlConnection connection, long position, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            $"""
            with both_rows as (
              select coalesce(l.key, s.key) as key, l.row as live, s.row as shadow,
                     l.key is null as is_new, s.key is null as is_old
              from {live.Name} l full join {Name} s on l.key = s.key where row(l.*) is distinct from row(s.*)
            )
            select (select count(*) from {live.Name}), (select count(*) from {Name}), (select count(*) from both_rows),
                   d.key, case when d.is_new then null else d.live::text end, case when d.is_old then null else d.shadow::text end
            from (select 1) one left join (select * from both_rows order by key limit $1) d on true
            """,
            connection)
        {
            CommandTimeout = ShapeTimeoutSeconds,
            Parameters = { new NpgsqlParameter<int> { TypedValue = DifferencesMax } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<RowDifference> differences = [];
        (long Live, long Shadow, long Different) counts = default;
        while (await reader.ReadAsync(cancellationToken))
        {
            counts = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
            if (!await reader.IsDBNullAsync(3, cancellationToken))
            {
                differences.Add(new RowDifference(
                    reader.GetString(3),
                    await reader.IsDBNullAsync(4, cancellationToken) ? null : reader.GetString(4),
                    await reader.IsDBNullAsync(5, cancellationToken) ? null : reader.GetString(5)));
            }
        }

        return new ViewComparison(_view.Name, position, counts.Live, counts.Shadow, counts.Different, differences);
    }

    private static NpgsqlParameter Values(ViewColumn<TRow> column, RowChange<TRow>[] rows) =>
        column.Type switch
        {
            ViewColumnType.Text => new NpgsqlParameter<string?[]>
            {
                TypedValue = Array.ConvertAll(rows, row => (string?)column.Value(row.Row!)),
            },
            ViewColumnType.Number => new NpgsqlParameter<long?[]>
            {
                TypedValue = Array.ConvertAll(
                    rows,
                    row => column.Value(row.Row!) is { } value
                        ? Convert.ToInt64(value, CultureInfo.InvariantCulture)
                        : (long?)null),
            },
            ViewColumnType.Instant => new NpgsqlParameter<DateTime?[]>
            {
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
                TypedValue = Array.ConvertAll(rows, row => ((DateTimeOffset?)column.Value(row.Row!))?.UtcDateTime),
            },
            ViewColumnType.Flag => new NpgsqlParameter<bool?[]>
            {
                TypedValue = Array.ConvertAll(rows, row => (bool?)column.Value(row.Row!)),
            },
            _ => throw new InvalidOperationException($"Column {column.Name} has the unknown type {column.Type}."),
        };

    private static string SqlType(ViewColumnType type) =>
        type switch
        {
            ViewColumnType.Text => "text",
            ViewColumnType.Number => "bigint",
            ViewColumnType.Instant => "timestamp with time zone",
            ViewColumnType.Flag => "boolean",
            _ => throw new InvalidOperationException($"Unknown column type {type}."),
        };

    private static string IndexName(string table, string column) => $"ix_{table}_{column}";

    private static void CheckName(string name)
    {
        if (name.Length > NameLengthMax || !SnakeCase().IsMatch(name) || name is "key" or "row" or "position")
        {
            throw new ArgumentException(
                $"'{name}' is no name for a view's table or column: snake_case, "
                + $"at most {NameLengthMax} characters, and not key, row or position.");
        }
    }

    [GeneratedRegex(@"^[a-z][a-z0-9_]*\z")]
    private static partial Regex SnakeCase();

    private string CreateText()
    {
        IEnumerable<string> columns = _view.Columns.Select(column => $",\n  \"{column.Name}\" {SqlType(column.Type)}");
        return $"""
            drop table if exists {Name};
            create table {Name} (
              key text not null,
              row jsonb not null,
              position bigint not null{string.Concat(columns)},
              constraint pk_{_table} primary key (key)
            );
            {(_isIndexedLater ? string.Empty : IndexText())}
            comment on column {Name}.position is 'Position of the last fact folded into this row';
            """;
    }

    private string IndexText() =>
        string.Concat(_view.Columns.Where(column => column.IsIndexed).Select(column =>
            $"create index if not exists {IndexName(_table, column.Name)} on {Name} (\"{column.Name}\", key);\n"));

    /// <summary>
    /// Does not wait for the disk: a crash of PostgreSQL takes rows and checkpoint back together, and the log, which waits, has
    /// what is folded again.
    /// </summary>
    private string WriteText()
    {
        string names = string.Concat(_view.Columns.Select(column => $", \"{column.Name}\""));
        string values = string.Concat(_view.Columns.Select((column, i) =>
            string.Create(CultureInfo.InvariantCulture, $", ${i + 10}::{SqlType(column.Type)}[]")));
        string sets = string.Concat(_view.Columns.Select(column => $", \"{column.Name}\" = excluded.\"{column.Name}\""));
        return $"""
            with mine as (
              update events.mt_event_progression set last_seq_id = $2, last_updated = transaction_timestamp()
              where name = $1 and last_seq_id = $3 and to_regclass($4)::oid::bigint = $5
              returning 1
            ), gone as (
              delete from {Name} where key = any($6::text[]) and exists (select 1 from mine)
            ), kept as (
              insert into {Name} (key, row, position{names})
              select * from unnest($7::text[], $8::jsonb[], $9::bigint[]{values}) where exists (select 1 from mine)
              on conflict (key) do update set row = excluded.row, position = excluded.position{sets}
            )
            select count(*), set_config('synchronous_commit', 'off', true) from mine
            """;
    }

    private async Task CheckColumnsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            """
            select coalesce(string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum), '')
            from pg_attribute where attrelid = to_regclass($1) and attnum > 3 and not attisdropped
            """,
            connection)
        {
            Parameters = { new() { Value = Name } },
        };
        string found = (string)(await command.ExecuteScalarAsync(cancellationToken))!;
        string wanted = string.Join(", ", _view.Columns.Select(column => $"{column.Name} {SqlType(column.Type)}"));
        if (found != wanted)
        {
            throw new ViewFaultException(
                $"The table {Name} has the columns [{found}], the view has [{wanted}]. Raise the view's version, or rebuild it.");
        }
    }
}

/// <summary>One view cannot go on; the others can.</summary>
public sealed class ViewFaultException(string message, Exception? inner = null) : Exception(message, inner);
