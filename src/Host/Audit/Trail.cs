using Events.Application.Users;
using Npgsql;

namespace Events.Host.Audit;

/// <summary>One fact of a trail.</summary>
internal sealed record TrailFact(
    long Position, string Type, DateTimeOffset At, string Id, string? Stream, long Version, string? User, string? Way);

/// <summary>What one request did, and what followed from it.</summary>
/// <param name="Correlation">Of the request; null for facts that name none.</param>
/// <param name="Cause">What it followed from; null for nothing known.</param>
internal sealed record TrailNode(
    string? Correlation, string? Cause, IReadOnlyList<TrailFact> Facts, IReadOnlyList<TrailNode> Followed);

/// <summary>What touched a camera or a recording, or was done by a user: as a tree, by correlation and causation.</summary>
internal sealed class Trail(string connectionString)
{
    /// <summary>In facts. Nobody reads more in one answer; narrow it with --from and --to.</summary>
    public const int FactsMax = 2_000;

    /// <summary>In seconds. What is sought is looked for in the whole log.</summary>
    private const int TimeoutSeconds = 300;

    /// <summary>Facts that fit, and all others of the same requests.</summary>
    private const string Search =
        """
        with fits as (
          select seq_id, correlation_id from events.mt_events
          where ($1::text[] is null or user_name = any($1))
            and ($2::text is null or data->>'cameraId' = $2 or stream_id like '%-' || $2)
            and ($3::text is null or data->>'recordingId' = $3 or stream_id = 'recording-' || $3)
            and seq_id >= $4 and seq_id <= $5
          order by seq_id desc limit $6
        )
        select seq_id, type, timestamp, id::text, stream_id, version, user_name, headers->>'way', correlation_id, causation_id
        from events.mt_events e
        where seq_id in (select seq_id from fits)
           or correlation_id in (select correlation_id from fits where correlation_id is not null)
        order by seq_id limit $6
        """;

    /// <summary>Users as the log names them, with the names that can still be read.</summary>
    private static readonly string _users =
        $"""select 'user-' || key, "name" from views.{UserViewProjection.View.Table} where key <> "name" """;

    private const string Camera =
        """
        select distinct data->>'cameraId' from events.mt_events
        where type in ('camera_registered', 'camera_renamed')
          and (data->>'cameraId' = $1 or data->>'name' = $1 or 'camera' || (data->>'number') = $1 or data->>'number' = $1)
        """;

    private const string Recording =
        """
        select distinct data->>'recordingId' from events.mt_events
        where type = 'recording_requested' and (data->>'recordingId' = $1 or data->>'name' = $1)
        """;

    /// <returns>The ids that a name stands for, by all facts that ever gave it.</returns>
    public Task<IReadOnlyList<string>> CamerasAsync(string name, CancellationToken cancellationToken) =>
        IdsAsync(Camera, name, cancellationToken);

    /// <inheritdoc cref="CamerasAsync"/>
    public Task<IReadOnlyList<string>> RecordingsAsync(string name, CancellationToken cancellationToken) =>
        IdsAsync(Recording, name, cancellationToken);

    /// <summary>Facts that meet all that is given, newest requests last.</summary>
    /// <param name="user">A user's name, or an account as the log has it.</param>
    public async Task<IReadOnlyList<TrailNode>> FindAsync(
        string? user, string? cameraId, string? recordingId, long from, long to, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync(cancellationToken);
        Dictionary<string, string> names = await NamesAsync(connection, cancellationToken);
        string[]? accounts = user is null ? null : [user, .. names.Where(one => one.Value == user).Select(one => one.Key)];
        await using NpgsqlCommand command = new(Search, connection) { CommandTimeout = TimeoutSeconds };
        foreach (object? value in new object?[] { accounts, cameraId, recordingId, from, to, FactsMax })
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        List<(TrailFact Fact, string? Correlation, string? Cause)> found = [];
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((
                new TrailFact(
                    reader.GetInt64(0),
                    reader.GetString(1),
                    reader.GetFieldValue<DateTimeOffset>(2),
                    reader.GetString(3),
                    Text(reader, 4),
                    reader.GetInt64(5),
                    Text(reader, 6) is { } account ? names.GetValueOrDefault(account, account) : null,
                    Text(reader, 7)),
                Text(reader, 8),
                Text(reader, 9)));
        }

        return Tree(found);
    }

    /// <summary>A request hangs below the one whose correlation, or one of whose facts, it names as its cause.</summary>
    private static List<TrailNode> Tree(List<(TrailFact Fact, string? Correlation, string? Cause)> found)
    {
        List<Request> requests = [];
        Dictionary<string, Request> byName = new(StringComparer.Ordinal);
        foreach ((TrailFact fact, string? correlation, string? cause) in found)
        {
            string name = correlation ?? fact.Id;
            if (!byName.TryGetValue(name, out Request? request))
            {
                request = new Request(correlation, cause);
                requests.Add(request);
                byName.Add(name, request);
            }

            request.Facts.Add(fact);
            byName.TryAdd(fact.Id, request);
        }

        List<Request> roots = [];
        foreach (Request request in requests)
        {
            // Only what is older can be a cause: so there is no way round in a circle.
            bool hasCause = request.Cause is { } cause && byName.TryGetValue(cause, out Request? parent) && parent != request
                && parent.Facts[0].Position < request.Facts[0].Position;
            (hasCause ? byName[request.Cause!].Followed : roots).Add(request);
        }

        return [.. roots.Select(NodeOf)];
    }

    private static TrailNode NodeOf(Request request) =>
        new(request.Correlation, request.Cause, request.Facts, [.. request.Followed.Select(NodeOf)]);

    private static async Task<Dictionary<string, string>> NamesAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        try
        {
            await using NpgsqlCommand command = new(_users, connection) { CommandTimeout = TimeoutSeconds };
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                names[reader.GetString(0)] = reader.GetString(1);
            }
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            // No host has built the views yet: accounts are shown as the log has them.
        }

        return names;
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private async Task<IReadOnlyList<string>> IdsAsync(string sql, string name, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = new(sql, connection)
        {
            CommandTimeout = TimeoutSeconds,
            Parameters = { new NpgsqlParameter<string> { TypedValue = name } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<string> ids = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            ids.Add(reader.GetString(0));
        }

        return ids;
    }

    private sealed record Request(string? Correlation, string? Cause)
    {
        public List<TrailFact> Facts { get; } = [];

        public List<Request> Followed { get; } = [];
    }
}
