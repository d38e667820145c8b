using System.Text.Json;
using Events.EventStore.Seals;
using Events.Host.Cli;
using Npgsql;

namespace Events.Host.Audit.Custody;

/// <summary>Gathers what became of a recording: its facts, who fetched it, what was taken out, files, and proofs.</summary>
internal sealed class CustodySearch(LogAccess log, TimeProvider time)
{
    /// <summary>In facts. A page of so many is a book; more are taken out as a bundle.</summary>
    private const int FactsMax = 5_000;

    /// <summary>In seconds. What is sought is looked for in the whole log.</summary>
    private const int TimeoutSeconds = 300;

    private const string Requested =
        """
        select data->>'name', data->>'cameraId', 'camera' || (data->>'cameraNumber') from events.mt_events
        where type = 'recording_requested' and data->>'recordingId' = $1 order by seq_id limit 1
        """;

    /// <summary>
    /// An export has the words that it was asked for with, so it is found by those, as <see cref="Trail"/> does; one of a range
    /// of positions by what it holds.
    /// </summary>
    private const string Facts =
        """
        with words as materialized (
          select $1 as word
          union all select $3
          union all select '; camera ' || $4 || ';'
          union all select '; camera ' || (data->>'name') || ';' from events.mt_events
            where stream_id = 'camera-' || $3 and type in ('camera_registered', 'camera_renamed')
          union all select '; chain of custody of recording ' || $2 || ';'),
        own as materialized (
          select min(seq_id) as first, max(seq_id) as last from events.mt_events where stream_id = 'recording-' || $1)
        select seq_id, type, timestamp, user_name, headers->>'way', data::text from events.mt_events
        where stream_id = 'recording-' || $1 or data->>'recordingId' = $1
           or (type = 'pictures_seen' and data->>'what' in ($2 || '.fmp4', $2 || '.mp4', $2 || '.mkv'))
           or (type = 'log_exported' and exists (
             select 1 from words where strpos('; ' || (data->>'scope') || ';', word) > 0))
           or (type = 'log_exported' and case when data->>'scope' ~ '^positions [0-9]{1,18} to ([0-9]{1,18}|the end)$' then (
             select split_part(data->>'scope', ' ', 2)::bigint <= last and case split_part(data->>'scope', ' to ', 2)
               when 'the end' then seq_id else split_part(data->>'scope', ' to ', 2)::bigint end >= first
             from own) else false end)
        order by seq_id limit $5
        """;

    /// <exception cref="CommandFailedException">There is no such recording, or too much of it.</exception>
    /// <exception cref="ExportRefusedException">The facts are not those that were sealed.</exception>
    public async Task<CustodyReport> FindAsync(
        string recordingId, string by, string reason, string program, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(log.Place.Connection);
        await connection.OpenAsync(cancellationToken);
        (string name, string cameraId, string camera) = await RequestedAsync(connection, recordingId, cancellationToken);
        List<CustodyEntry> entries =
            await EntriesAsync(connection, [recordingId, name, cameraId, camera, FactsMax + 1], cancellationToken);
        if (entries.Count > FactsMax)
        {
            throw new CommandFailedException(
                $"More than {FactsMax} facts are about {name}. Take them out as a bundle: events audit export --stream "
                + $"recording-{recordingId}");
        }

        ProvedFacts head = await LogProofs.OfAsync(
            log.Place.Connection, [.. entries.Select(entry => entry.Position)], cancellationToken);
        Dictionary<long, ProvedFact> proofs = head.Facts.ToDictionary(fact => fact.Position);
        AuditStatus status = await LogAudit.StatusAsync(log.Place.Connection, cancellationToken);
        return new CustodyReport(
            name,
            recordingId,
            $"{camera} ({cameraId})",
            time.GetUtcNow(),
            by,
            reason,
            program,
            [.. entries.Select(entry => entry with { Proof = proofs.GetValueOrDefault(entry.Position) })],
            await FilesAsync($"recording-{recordingId}", entries, cancellationToken),
            head,
            status.Keys,
            status.Anchors);
    }

    private static async Task<(string Name, string CameraId, string Camera)> RequestedAsync(
        NpgsqlConnection connection, string recordingId, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(Requested, connection)
        {
            CommandTimeout = TimeoutSeconds,
            Parameters = { new NpgsqlParameter<string> { TypedValue = recordingId } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? (reader.GetString(0), reader.GetString(1), reader.GetString(2))
            : throw new CommandFailedException($"There was never a recording {recordingId}.");
    }

    private static async Task<List<CustodyEntry>> EntriesAsync(
        NpgsqlConnection connection, object[] values, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(Facts, connection) { CommandTimeout = TimeoutSeconds };
        foreach (object value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<CustodyEntry> entries = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            string type = reader.GetString(1);
            JsonElement body = JsonElement.Parse(reader.GetString(5));
            (string who, string way) = CustodyWords.ActorOf(type, body) ?? (Text(reader, 3), Text(reader, 4));
            entries.Add(new CustodyEntry(
                reader.GetInt64(0),
                reader.GetFieldValue<DateTimeOffset>(2),
                who,
                way,
                CustodyWords.Of(type, body),
                null));
        }

        return entries;
    }

    private static string Text(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? string.Empty : reader.GetString(column);

    /// <summary>Files of a recording that was deleted are not asked for: the facts say why they are gone.</summary>
    private async Task<List<CustodyFile>> FilesAsync(
        string stream, List<CustodyEntry> entries, CancellationToken cancellationToken)
    {
        FileCheck check = new(log.Log, log.Facts, log.Place.Storage);
        List<FactFile> files = await check.FilesAsync(entries[0].Position, entries[^1].Position, cancellationToken);
        List<CustodyFile> found = [];
        foreach (FactFile file in files.Where(file => file.Fact.StreamId == stream))
        {
            found.Add(new CustodyFile(
                file.Fact.Position, file.Path, file.SizeBytes, file.Sha256, await check.StateOfAsync(file, cancellationToken)));
        }

        return found;
    }
}
