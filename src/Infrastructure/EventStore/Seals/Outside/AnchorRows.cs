using Npgsql;

namespace Events.EventStore.Seals.Outside;

/// <summary>Rows of <c>audit_anchor</c>: what reached which place, and what came back.</summary>
internal static class AnchorRows
{
    public const string Stamps = "timestamp";
    public const string Witness = "witness";

    /// <summary>Of each place, the newest: a witness that cosigned a head vouches for all that it cosigned before.</summary>
    public const int ReceiptsMax = 1_000;

    /// <returns>Signed heads with what came back for them, by place, the newest first.</returns>
    public static async Task<IReadOnlyList<(string Sink, byte[] Receipt)>> ReceiptsAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            """
            select sink, receipt from (
              select sink, receipt, row_number() over (partition by sink order by sent_at desc, size desc) n
              from events_own.audit_anchor
              where sink in ('timestamp', 'witness') and receipt is not null) newest
            where n <= $1 order by sink, n
            """,
            connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = ReceiptsMax } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<(string, byte[])> found = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((reader.GetString(0), reader.GetFieldValue<byte[]>(1)));
        }

        return found;
    }

    /// <summary>That a head reached a place. A row that is there already keeps its receipt.</summary>
    /// <param name="origin">The log's name in the head: after a fork there may be a head of the same size.</param>
    public static async Task<int> AddAsync(
        NpgsqlConnection connection,
        string origin,
        long size,
        string sink,
        byte[]? receipt,
        CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            """
            insert into events_own.audit_anchor (origin, size, sink, state, receipt) values ($1, $2, $3, 'done', $4)
            on conflict (size, sink, origin) do update set state = excluded.state
            """,
            connection)
        {
            Parameters =
            {
                new() { Value = origin },
                new() { Value = size },
                new() { Value = sink },
                new() { Value = (object?)receipt ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea },
            },
        };
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
