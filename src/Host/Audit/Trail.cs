using System.Globalization;
using Events.Application.Users;
using Npgsql;

namespace Events.Host.Audit;

/// <summary>One fact of a trail.</summary>
/// <param name="User">Who did it; of an access, who came in or looked. Null for nobody known.</param>
/// <param name="What">What was looked at or taken out, or why it was refused; null for facts of other types.</param>
internal sealed record TrailFact(
    long Position, string Type, DateTimeOffset At, string Id, string? Stream, long Version, string? User, string? Way,
    string? What);

/// <summary>What one request did at once, or what the program did later because of it, and what followed from that.</summary>
/// <param name="Correlation">Of the request; null for facts that name none.</param>
/// <param name="Cause">The id of the fact that it followed from; null for none known.</param>
internal sealed record TrailNode(
    string? Correlation, string? Cause, IReadOnlyList<TrailFact> Facts, IReadOnlyList<TrailNode> Followed);

/// <summary>A trail, the oldest request first.</summary>
/// <param name="IsCut">Whether there is more than is shown.</param>
/// <param name="More">How to see it, in words; null when there is no more.</param>
internal sealed record TrailFound(IReadOnlyList<TrailNode> Requests, bool IsCut, string? More);

/// <summary>
/// What touched a camera or a recording, who looked at it and what was taken out, or what a user did: as a tree, by correlation
/// and causation.
/// </summary>
internal sealed class Trail(string connectionString)
{
    /// <summary>In facts. Nobody reads more in one answer; narrow it with --from and --to.</summary>
    public const int FactsMax = 2_000;

    /// <summary>In steps from fact to cause or from cause to fact, each of which may read the whole log.</summary>
    private const int StepsMax = 10;

    /// <summary>In requests, one below the other: as deep as any reader of JSON goes.</summary>
    private const int DepthMax = 20;

    /// <summary>In seconds. What is sought is looked for in the whole log.</summary>
    private const int TimeoutSeconds = 300;

    /// <summary>
    /// Accesses. The program writes those of several people down at once: who it was is in each, and what was written with it
    /// is not of the same request.
    /// </summary>
    private const string IsAccess = "type in ('access_granted', 'access_refused', 'pictures_seen')";

    private const string Account = $"case when {IsAccess} then nullif(data->>'who', '') else user_name end";

    private const string Columns =
        $"""
        seq_id, type, timestamp, id::text, stream_id, version, {Account},
        case when {IsAccess} then data->>'way' else headers->>'way' end,
        case when {IsAccess} then null else correlation_id end,
        case when {IsAccess} then null else causation_id end,
        case type when 'pictures_seen' then data->>'what' when 'access_refused' then data->>'why'
          when 'log_exported' then data->>'scope' end
        """;

    /// <summary>
    /// Facts that fit. The newest count when there are too many. What was looked at has the camera's wire name, or the name of a
    /// file; an export has the words that it was asked for with, so it is found by those: one of a range of positions is not.
    /// Names of a camera's files take one reading of the log, all else that is looked up is found by its stream.
    /// </summary>
    private const string Fitting =
        $"""
        with asked as materialized (
          select coalesce($5::text, (
            select data->>'cameraId' from events.mt_events
            where stream_id = 'recording-' || $6::text and type = 'recording_requested' limit 1)) as camera),
        called as materialized (
          select data->>'name' as name, 'camera' || (data->>'number') as wire from events.mt_events
          where stream_id = 'camera-' || (select camera from asked) and type in ('camera_registered', 'camera_renamed')),
        made as materialized (
          select coalesce(data->>'recordingId', data->>'snapshotId') as id,
            coalesce(data->>'name', data->>'fileName') as file
          from events.mt_events
          where coalesce($5::text, $6::text) is not null and ($6::text is null or stream_id = 'recording-' || $6::text)
            and type in ('recording_requested', 'snapshot_taken') and data->>'cameraId' = (select camera from asked)),
        words as materialized (
          select camera as word from asked
          union all select '; camera ' || name || ';' from called
          union all select '; camera ' || wire || ';' from called
          union all select id from made
          union all select '; chain of custody of recording ' || file || ';' from made)
        select {Columns} from events.mt_events
        where seq_id between $1 and $2
          and ($4::text[] is null or {Account} = any($4))
          and ((($5::text is null or data->>'cameraId' = $5 or stream_id like '%-' || $5)
              and ($6::text is null or data->>'recordingId' = $6 or stream_id = 'recording-' || $6))
            or (type = 'pictures_seen' and (
              regexp_replace(data->>'what', '\.(fmp4|mp4|mkv)$', '') in (select file from made)
              or ($6::text is null and data->>'what' in (select wire from called))))
            or (type = 'log_exported' and exists (
              select 1 from words where strpos('; ' || (data->>'scope') || ';', word) > 0)))
        order by seq_id desc limit $3
        """;

    /// <summary>Others of the same requests, what they followed from, and what followed from them.</summary>
    private const string Related =
        $"""
        select {Columns} from events.mt_events
        where seq_id between $1 and $2
          and (correlation_id = any($4) or id = any($5) or causation_id = any($6))
        order by seq_id desc limit $3
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

    /// <summary>Facts that meet all that is given, with all of the same requests and what led to them and followed.</summary>
    /// <param name="user">A user's name, or an account as the log has it.</param>
    /// <param name="recordingId">Also who fetched its file, and exports that hold it by what they were asked for with.</param>
    /// <param name="from">No fact from before this position is shown.</param>
    /// <param name="to">And none from after this one.</param>
    public async Task<TrailFound> FindAsync(
        string? user, string? cameraId, string? recordingId, long from, long to, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync(cancellationToken);
        Dictionary<string, string> names = await NamesAsync(connection, cancellationToken);
        string[]? accounts = user is null ? null : [user, .. names.Where(one => one.Value == user).Select(one => one.Key)];
        SortedList<long, Row> found = [];
        List<Row> fresh = await ReadAsync(Fitting, accounts, cameraId, recordingId);
        bool isCut = false;
        for (int step = 0; fresh.Count > 0; step++)
        {
            fresh.ForEach(row => found.Add(row.Fact.Position, row));
            isCut = found.Count > FactsMax || step == StepsMax;
            if (isCut)
            {
                break;
            }

            string[] requests = [.. fresh.Select(row => row.Correlation).OfType<string>().Distinct()];
            Guid[] causes = [.. fresh.Select(row => Guid.TryParse(row.Cause, out Guid id) ? id : default).Distinct()];
            string[] followed = [.. fresh.Select(row => row.Fact.Id), .. requests];
            fresh = await ReadAsync(Related, requests, causes, followed);
            fresh.RemoveAll(row => found.ContainsKey(row.Fact.Position));
        }

        Row[] newest = [.. found.Values.TakeLast(FactsMax)];
        return new TrailFound(Tree(newest), isCut, isCut ? MoreOf(newest) : null);

        async Task<List<Row>> ReadAsync(string sql, params object?[] values)
        {
            await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = TimeoutSeconds };
            foreach (object? value in (object?[])[from, to, FactsMax + 1, .. values])
            {
                command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
            }

            List<Row> rows = [];
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(RowOf(reader, names));
            }

            return rows;
        }
    }

    private static string MoreOf(Row[] newest) => string.Create(
        CultureInfo.InvariantCulture,
        $"There is more: only the newest {newest.Length} facts are shown, from position {newest[0].Fact.Position} on. ")
        + string.Create(CultureInfo.InvariantCulture, $"For older ones add --to {newest[0].Fact.Position - 1}");

    private static Row RowOf(NpgsqlDataReader reader, Dictionary<string, string> names) =>
        new(
            new TrailFact(
                reader.GetInt64(0),
                reader.GetString(1),
                reader.GetFieldValue<DateTimeOffset>(2),
                reader.GetString(3),
                Text(reader, 4),
                reader.GetInt64(5),
                Text(reader, 6) is { } account ? names.GetValueOrDefault(account, account) : null,
                Text(reader, 7),
                Text(reader, 10)),
            Text(reader, 8),
            Text(reader, 9));

    /// <summary>
    /// What followed from a fact hangs below the request that the fact is of, also where it is of the same one; a cause that is
    /// a request's name, below that request.
    /// </summary>
    private static List<TrailNode> Tree(Row[] found)
    {
        List<Request> requests = [];
        Dictionary<(string Name, string? Cause), Request> byNameAndCause = [];
        Dictionary<string, Request> byName = new(StringComparer.Ordinal);
        foreach ((TrailFact fact, string? correlation, string? cause) in found)
        {
            string name = correlation ?? fact.Id;
            if (!byNameAndCause.TryGetValue((name, cause), out Request? request))
            {
                request = new Request(correlation, cause);
                requests.Add(request);
                byNameAndCause.Add((name, cause), request);
                byName.TryAdd(name, request);
            }

            request.Facts.Add(fact);
            byName.TryAdd(fact.Id, request);
        }

        List<Request> roots = [];
        foreach (Request request in requests)
        {
            // Only what is older can be a cause: so there is no way round in a circle.
            Request? parent = request.Cause is not { } cause ? null
                : byName.GetValueOrDefault(cause) ?? byName.GetValueOrDefault(request.Correlation ?? cause);
            bool hasCause = parent is not null && parent.Depth < DepthMax
                && parent.Facts[0].Position < request.Facts[0].Position;
            request.Depth = hasCause ? parent!.Depth + 1 : 0;
            (hasCause ? parent!.Followed : roots).Add(request);
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

    private sealed record Row(TrailFact Fact, string? Correlation, string? Cause);

    private sealed record Request(string? Correlation, string? Cause)
    {
        /// <summary>In requests above it.</summary>
        public int Depth { get; set; }

        public List<TrailFact> Facts { get; } = [];

        public List<Request> Followed { get; } = [];
    }
}
