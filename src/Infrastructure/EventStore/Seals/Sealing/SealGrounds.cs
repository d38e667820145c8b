using Npgsql;

namespace Events.EventStore.Seals.Sealing;

/// <summary>
/// What a sealer's look rests on and people can change: cheap to ask, where a look reads facts, files and a witness. Where one
/// refused, another can find something else only when any of this is another one.
/// </summary>
/// <param name="Logbook">Version of the stream in which adoptions and forks are.</param>
/// <param name="Size">Of the newest head: another host may seal again.</param>
/// <param name="Folder">Trace of key and state.</param>
internal sealed record SealGrounds(long Logbook, long Size, string Folder)
{
    private const string Ask =
        """
        select coalesce((select max(version) from events.mt_events where stream_id = 'logbook-all'), 0)::bigint,
               coalesce((select max(size) from events_own.audit_head), 0)::bigint
        """;

    public static async Task<SealGrounds> ReadAsync(
        NpgsqlConnection connection, string folder, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(Ask, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new SealGrounds(reader.GetInt64(0), reader.GetInt64(1), folder);
    }
}
