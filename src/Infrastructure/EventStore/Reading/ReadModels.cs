using System.Globalization;
using System.Text.Json;
using Events.Application.Contracts;
using Events.EventStore.Postgres;
using Events.EventStore.Projections;
using Npgsql;

namespace Events.EventStore.Reading;

/// <summary>The views' tables, read. Column names come from the view and are checked; every value is a parameter.</summary>
internal sealed class ReadModels(Database database, ILog log, ViewProgress progress, TimeProvider time) : IReadModels
{
    /// <summary>Where another node does the folding, this process learns of it from the checkpoints, this often.</summary>
    private static readonly TimeSpan CheckpointPause = TimeSpan.FromMilliseconds(250);

    /// <summary>A screen filters by a few columns.</summary>
    private const int FilterCountMax = 20;

    public Task<TRow?> FindAsync<TRow>(View<TRow> view, string key, CancellationToken cancellationToken)
        where TRow : class =>
        !StorableText.IsStorable(key)
            ? Task.FromResult<TRow?>(null)
            : database.ReadAsync(
                async (connection, token) =>
                {
                    await using NpgsqlCommand command = new($"select row from views.{view.Table} where key = $1", connection)
                    {
                        Parameters = { new NpgsqlParameter<string> { TypedValue = key } },
                    };
                    await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                    return await reader.ReadAsync(token) ? Row(view, reader) : null;
                },
                cancellationToken);

    public Task<Page<TRow>> ListAsync<TRow>(View<TRow> view, ViewQuery query, CancellationToken cancellationToken)
        where TRow : class
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, ViewQuery.LimitMax);
        ArgumentOutOfRangeException.ThrowIfNegative(query.Offset);
        string where = Where(view, query.Filters);
        string order = query.OrderBy is string by
            ? $"\"{Column(view, by).Name}\" {(query.IsDescending ? "desc nulls last" : "asc nulls first")}, key"
            : query.IsDescending ? "key desc" : "key";
        object[] values = Values(view, query.Filters);
        int next = values.Length + 1;
        string rows = string.Create(
            CultureInfo.InvariantCulture,
            $"select row from views.{view.Table}{where} order by {order} limit ${next} offset ${next + 1}");
        string total = $"select count(*) from views.{view.Table}{where}";
        return database.ReadAsync(
            async (connection, token) =>
            {
                await using NpgsqlBatch batch = new(connection)
                {
                    BatchCommands = { Command(total, values), Command(rows, [.. values, query.Limit, query.Offset]) },
                };
                await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(token);
                await reader.ReadAsync(token);
                long count = reader.GetInt64(0);
                await reader.NextResultAsync(token);
                List<TRow> page = [];
                while (await reader.ReadAsync(token))
                {
                    page.Add(Row(view, reader));
                }

                return new Page<TRow>(page, count);
            },
            cancellationToken);
    }

    public Task<long> SumAsync<TRow>(
        View<TRow> view, string column, IReadOnlyList<ViewFilter> filters, CancellationToken cancellationToken)
        where TRow : class
    {
        ViewColumn<TRow> summed = Column(view, column);
        if (summed.Type is not ViewColumnType.Number)
        {
            throw new ArgumentException($"Column {column} is no number and cannot be added up.", nameof(column));
        }

        string text =
            $"select coalesce(sum(\"{summed.Name}\"), 0)::bigint from views.{view.Table}{Where(view, filters)}";
        object[] values = Values(view, filters);
        return database.ReadAsync(
            async (connection, token) =>
            {
                await using NpgsqlBatch batch = new(connection) { BatchCommands = { Command(text, values) } };
                return (long)(await batch.ExecuteScalarAsync(token))!;
            },
            cancellationToken);
    }

    /// <remarks>Answers false early when the only views missing stand still with a fault: waiting would not help.</remarks>
    public async Task<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        Task<bool> reached = progress.ReachAsync(position, null, out IDisposable registration);
        using (registration)
        {
            while (true)
            {
                if (reached.IsCompleted)
                {
                    return await reached;
                }

                TimeSpan left = timeout - time.GetElapsedTime(start);
                if (left <= TimeSpan.Zero)
                {
                    return false;
                }

                try
                {
                    return await reached.WaitAsync(left < CheckpointPause ? left : CheckpointPause, time, cancellationToken);
                }
                catch (TimeoutException)
                {
                    if (await AreCheckpointsAtAsync(position, cancellationToken))
                    {
                        return true;
                    }
                }
            }
        }
    }

    public async Task<ViewReach> WaitForAsync(
        View view, long position, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Task<bool> reached = progress.ReachAsync(position, view, out IDisposable registration);
        using (registration)
        {
            try
            {
                await reached.WaitAsync(timeout, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // Where it is by now is an answer, too.
            }
        }

        return progress.ReachOf(view);
    }

    public async Task<IReadOnlyList<ViewStatus>> StatusAsync(CancellationToken cancellationToken)
    {
        long head = await log.HeadAsync(cancellationToken);
        return
        [
            .. progress.Snapshot().Select(view => new ViewStatus(
                view.View.Name, view.Position, Math.Max(0, head - view.Position), view.Fault)),
        ];
    }

    private async Task<bool> AreCheckpointsAtAsync(long position, CancellationToken cancellationToken)
    {
        string[] names = [.. progress.Snapshot().Select(view => view.View.Checkpoint)];
        try
        {
            return await database.ReadAsync(
                async (connection, token) =>
                {
                    await using NpgsqlCommand command = new(
                        "select count(*) from events.mt_event_progression where name = any($1) and last_seq_id >= $2", connection)
                    {
                        Parameters =
                        {
                            new NpgsqlParameter<string[]> { TypedValue = names },
                            new NpgsqlParameter<long> { TypedValue = position },
                        },
                    };
                    return (long)(await command.ExecuteScalarAsync(token))! == names.Length;
                },
                cancellationToken);
        }
        catch (DependencyUnavailableException)
        {
            // The facts are in the log; only the views cannot be asked. The caller is told that they are late.
            return false;
        }
    }

    private static TRow Row<TRow>(View<TRow> view, NpgsqlDataReader reader)
        where TRow : class => JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(0), view.Json)!;

    private static ViewColumn<TRow> Column<TRow>(View<TRow> view, string name)
        where TRow : class =>
        view.Columns.FirstOrDefault(column => column.Name == name)
            ?? throw new ArgumentException(
                $"{view.Name} has no column of that name. "
                + $"It has: {string.Join(", ", view.Columns.Select(column => column.Name))}.");

    private static string Where<TRow>(View<TRow> view, IReadOnlyList<ViewFilter> filters)
        where TRow : class
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filters.Count, FilterCountMax);
        return filters.Count == 0
            ? ""
            : $" where {string.Join(" and ", filters.Select((filter, i) => Condition(view, filter, i + 1)))}";
    }

    private static object[] Values<TRow>(View<TRow> view, IReadOnlyList<ViewFilter> filters)
        where TRow : class => [.. filters.Select(filter => Value(Column(view, filter.Column), filter.Value))];

    private static string Condition<TRow>(View<TRow> view, ViewFilter filter, int parameter)
        where TRow : class
    {
        if (filter.Value is string text && !StorableText.IsStorable(text))
        {
            // No row has such a value.
            return filter.Operator is ViewOperator.NotEqual ? "true" : "false";
        }

        string comparison = filter.Operator switch
        {
            ViewOperator.Equal => "=",
            ViewOperator.NotEqual => "is distinct from",
            ViewOperator.Below => "<",
            ViewOperator.Above => ">",
            ViewOperator.In => "= any",
            _ => throw new ArgumentException($"There is no operator {filter.Operator}."),
        };
        string column = Column(view, filter.Column).Name;
        return string.Create(CultureInfo.InvariantCulture, $"\"{column}\" {comparison} (${parameter})");
    }

    private static object Value<TRow>(ViewColumn<TRow> column, object value)
        where TRow : class =>
        (column.Type, value) switch
        {
            (ViewColumnType.Text, string text) => StorableText.IsStorable(text) ? text : string.Empty,
            (ViewColumnType.Text, string[] texts) => texts.Where(StorableText.IsStorable).ToArray(),
            (ViewColumnType.Number, long number) => number,
            (ViewColumnType.Number, int number) => (long)number,
            (ViewColumnType.Instant, DateTimeOffset instant) => instant.UtcDateTime,
            (ViewColumnType.Flag, bool flag) => flag,
            _ => throw new ArgumentException($"Column {column.Name} is compared with a {column.Type}, not with this value."),
        };

    private static NpgsqlBatchCommand Command(string text, object[] values)
    {
        NpgsqlBatchCommand command = new(text);
        foreach (object value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
