using Npgsql;

namespace Events.EventStore.Seals.Checking;

/// <summary>Level side: the mark of archived streams is no part of a leaf, so a fact must account for it.</summary>
internal sealed class SideCheck(NpgsqlConnection connection, Findings findings)
{
    private const string Unexplained =
        """
        select seq_id, stream_id, version from events.mt_events e
        where is_archived and not exists (
          select from events.mt_events a where a.stream_id is not distinct from e.stream_id and a.type = 'archived')
        order by seq_id limit $1
        """;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(Unexplained, connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = Findings.CountMax } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            long position = reader.GetInt64(0);
            string? stream = await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetString(1);
            long version = reader.GetInt64(2);
            findings.Add(
                new AuditFinding(
                    AuditLevels.Side,
                    "changed",
                    null,
                    position,
                    stream,
                    version,
                    null,
                    null,
                    $"The fact at position {position} (stream {stream ?? "none"}, version {version}) is marked as archived, and "
                    + "no fact in its stream says so."),
                findings.GoodHead);
        }
    }
}
