using Npgsql;

namespace Events.EventStore.Projections;

/// <summary>What people said of one view.</summary>
/// <param name="RebuildStamp">Of the program that began to build it anew; null when none is under way.</param>
internal sealed record ViewControl(bool IsPaused, string? RebuildStamp, IReadOnlySet<long> Parked)
{
    private const string Read =
        """
        select coalesce(bool_or(is_paused), false), max(rebuild_stamp),
               array(select position from events_own.parked_fact where checkpoint = $1 order by position)
        from events_own.view_control where checkpoint = $1
        """;

    private const string Pause =
        """
        insert into events_own.view_control (checkpoint, is_paused) values ($1, $2)
        on conflict (checkpoint) do update set is_paused = excluded.is_paused, changed_at = now()
        """;

    private const string Rebuild =
        """
        insert into events_own.view_control (checkpoint, rebuild_stamp) values ($1, $2)
        on conflict (checkpoint) do update set rebuild_stamp = excluded.rebuild_stamp, changed_at = now()
        """;

    private const string Park =
        "insert into events_own.parked_fact (checkpoint, position) values ($1, $2) on conflict do nothing";

    private const string Unpark = "delete from events_own.parked_fact where checkpoint = $1 and position = $2";

    /// <summary>A rebuild that was cut off behind the fact took it the other way: it begins anew and does not go on.</summary>
    private const string Void =
        """
        update events_own.view_control set rebuild_stamp = 'asked'
        where checkpoint = $1 and rebuild_stamp is not null and exists (
          select from events.mt_event_progression where name = $1 || ':Rebuild' and last_seq_id >= $2)
        """;

    public static ViewControl None { get; } = new(false, null, new HashSet<long>());

    public static async Task<ViewControl> LoadAsync(
        NpgsqlConnection connection, string checkpoint, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(Read, connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = checkpoint } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new ViewControl(
            reader.GetBoolean(0),
            await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetString(1),
            reader.GetFieldValue<long[]>(2).ToHashSet());
    }

    public static Task PauseAsync(
        NpgsqlConnection connection, string checkpoint, bool isPaused, CancellationToken cancellationToken) =>
        RunAsync(connection, Pause, checkpoint, isPaused, cancellationToken);

    /// <param name="stamp">Null when it is done.</param>
    public static Task RebuildAsync(
        NpgsqlConnection connection, string checkpoint, string? stamp, CancellationToken cancellationToken) =>
        RunAsync(connection, Rebuild, checkpoint, (object?)stamp ?? DBNull.Value, cancellationToken);

    public static async Task ParkAsync(
        NpgsqlConnection connection, string checkpoint, long position, bool isParked, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await RunAsync(connection, isParked ? Park : Unpark, checkpoint, position, cancellationToken);
        await RunAsync(connection, Void, checkpoint, position, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task RunAsync(
        NpgsqlConnection connection, string sql, string checkpoint, object value, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(sql, connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = checkpoint }, new() { Value = value } },
        };
        if (value is DBNull)
        {
            command.Parameters[1].NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text;
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
