using System.Text;
using Events.Application;
using Events.Application.Contracts;
using Events.EventStore.Personal;
using Events.EventStore.Postgres;
using Npgsql;

namespace Events.EventStore.Reading;

/// <summary>The log in pages. A body is handed on as text and as a fact.</summary>
internal sealed class Log(Database database, EventCatalogue catalogue, PersonalBodies personal) : ILog
{
    /// <summary>
    /// In bytes of bodies. A page of the largest facts stops here instead of filling the memory; it then has fewer facts.
    /// </summary>
    internal const int PageBytesMax = 16 * 1024 * 1024;

    /// <summary>
    /// A row of another program may be in no stream, and of a time that no <see cref="DateTimeOffset"/> holds: infinity, or a
    /// year before 1 or after 9999. Its stream is then empty, and its time the nearest that can be told.
    /// </summary>
    internal const string Columns =
        "seq_id, id, coalesce(stream_id, ''), version, type, "
        + "least(greatest(timestamp, '0001-01-01 00:00:00+00'), '9999-12-31 23:59:59.999999+00'), "
        + "data, user_name, correlation_id, causation_id";

    private const string ReadAll = $"select {Columns} from events.mt_events where seq_id > $1 order by seq_id limit $2";

    private const string ReadOne =
        $"select {Columns} from events.mt_events where stream_id = $1 and version > $2 order by version limit $3";

    public Task<IReadOnlyList<StoredFact>> ReadAsync(long after, int countMax, CancellationToken cancellationToken) =>
        PageAsync(ReadAll, [new NpgsqlParameter<long> { TypedValue = after }], countMax, areBroken: false, cancellationToken);

    public Task<IReadOnlyList<StoredFact>> ReadStreamAsync(
        string streamId, long afterVersion, int countMax, CancellationToken cancellationToken) =>
        ReadStreamAsync(streamId, afterVersion, countMax, areBroken: false, cancellationToken);

    public Task<IReadOnlyList<StoredFact>> ReadStreamAsync(
        string streamId, long afterVersion, int countMax, bool areBroken, CancellationToken cancellationToken) =>
        StorableText.IsStorable(streamId)
            ? PageAsync(
                ReadOne,
                [new NpgsqlParameter<string> { TypedValue = streamId }, new NpgsqlParameter<long> { TypedValue = afterVersion }],
                countMax,
                areBroken,
                cancellationToken)
            : Task.FromResult<IReadOnlyList<StoredFact>>([]);

    /// <summary>
    /// As <see cref="ReadAsync"/>, but a body that cannot be read gives a null fact: one such must not end the feed.
    /// </summary>
    public Task<IReadOnlyList<StoredFact>> ReadForFeedAsync(long after, int countMax, CancellationToken cancellationToken) =>
        PageAsync(ReadAll, [new NpgsqlParameter<long> { TypedValue = after }], countMax, areBroken: true, cancellationToken);

    public Task<long> HeadAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            static async (connection, token) =>
            {
                await using NpgsqlCommand command = new("select coalesce(max(seq_id), 0) from events.mt_events", connection);
                return (long)(await command.ExecuteScalarAsync(token))!;
            },
            cancellationToken);

    /// <param name="areBroken">Whether unreadable bodies are let through as null.</param>
    private Task<IReadOnlyList<StoredFact>> PageAsync(
        string sql, NpgsqlParameter[] parameters, int countMax, bool areBroken, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(countMax, 1);
        int limit = Math.Min(countMax, ILog.PageCountMax);
        return database.ReadAsync<IReadOnlyList<StoredFact>>(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = new(sql, connection);
                foreach (NpgsqlParameter parameter in parameters)
                {
                    command.Parameters.Add(parameter.Clone());
                }

                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                List<StoredFact> page = [];
                int bytes = 0;
                while (bytes < PageBytesMax && await reader.ReadAsync(token))
                {
                    byte[] data = reader.GetFieldValue<byte[]>(6);
                    bytes += data.Length;
                    page.Add(Read(reader, data, areBroken));
                }

                return page;
            },
            cancellationToken);
    }

    /// <summary>One row of <see cref="Columns"/>, whose body was read already.</summary>
    internal StoredFact Read(NpgsqlDataReader reader, byte[] data, bool areBroken)
    {
        long position = reader.GetInt64(0);
        Guid id = reader.GetGuid(1);
        string type = reader.GetString(4);
        object? fact = null;
        try
        {
            data = personal.Open(type, id, data, position);
            fact = Body.Read(catalogue, type, data, position);
        }
        catch (UnreadableFactException) when (areBroken)
        {
            Measures.UnreadableFacts.Add(1);
        }

        return new StoredFact(
            position,
            id,
            reader.GetString(2),
            reader.GetInt64(3),
            type,
            reader.GetFieldValue<DateTimeOffset>(5),
            fact,
            Encoding.UTF8.GetString(data),
            Text(7),
            Text(8),
            Text(9));

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }
}
