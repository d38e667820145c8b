using System.Globalization;
using Npgsql;

namespace Events.EventStore.Seals.Checking;

/// <summary>
/// Level side: the mark of archived streams is no part of a leaf, so a fact must account for it; and the table of streams must
/// say what the facts say, since an append goes by it.
/// </summary>
internal sealed class SideCheck(NpgsqlConnection connection, Findings findings)
{
    private const int SearchTimeoutSeconds = 300;

    private const string Unexplained =
        """
        select seq_id, stream_id, version from events.mt_events e
        where is_archived and not exists (
          select from events.mt_events a where a.stream_id is not distinct from e.stream_id and a.type = 'archived')
        order by seq_id limit $1
        """;

    private const string OtherVersions =
        """
        select coalesce(s.id, e.stream_id), s.version, e.version
        from events.mt_streams s
        full join (select stream_id, max(version) as version from events.mt_events group by stream_id) e on e.stream_id = s.id
        where s.version is distinct from e.version
        order by 1 limit $1
        """;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await CheckMarksAsync(cancellationToken);
        await CheckStreamsAsync(cancellationToken);
    }

    private async Task CheckStreamsAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(OtherVersions, connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = Findings.CountMax } },
            CommandTimeout = SearchTimeoutSeconds,
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            string? stream = await reader.IsDBNullAsync(0, cancellationToken) ? null : reader.GetString(0);
            long? said = await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetInt64(1);
            long? found = await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetInt64(2);
            string text = $"The table of streams gives {stream ?? "no stream"} the version {Number(said)}; the newest fact in it "
                + $"has {Number(found)}.";
            findings.Add(
                new AuditFinding(AuditLevels.Side, "changed", null, null, stream, found, null, null, text), findings.GoodHead);
        }
    }

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "none";

    private async Task CheckMarksAsync(CancellationToken cancellationToken)
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
