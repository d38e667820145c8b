using System.Globalization;
using System.Reflection;
using Events.Application.Contracts;
using Events.EventStore.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Events.EventStore;

/// <summary>The database was made by a newer program than this one, which therefore leaves it alone.</summary>
public sealed class SchemaRefusedException(string message) : Exception(message);

/// <summary>The start step of the event store: its tables, made and moved on by numbered scripts.</summary>
public sealed partial class EventStoreSchema : IDisposable
{
    /// <summary>A PostgreSQL that recovers from a crash may need this long before it takes connections.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(250);

    /// <summary>In seconds. A script may rewrite a table; no request waits for it.</summary>
    private const int ScriptTimeoutSeconds = 600;

    /// <summary>Advisory lock that lets one program at a time apply scripts: "evschema" in ASCII.</summary>
    private const long LockKey = 0x6576_7363_6865_6D61;

    private const string Ground =
        """
        create schema if not exists events_own;
        create table if not exists events_own.schema_version (
          version    int         not null,
          name       text        not null,
          applied_at timestamptz not null default now(),
          constraint pk_schema_version primary key (version)
        );
        comment on column events_own.schema_version.version is 'Number of the script, from 1, without gaps';
        comment on column events_own.schema_version.name is 'File name of the script';
        comment on column events_own.schema_version.applied_at is 'UTC, by the database''s clock';
        """;

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly ILogger<EventStoreSchema> _logger;
    private readonly SemaphoreSlim _one = new(1, 1);
    private volatile bool _isApplied;

    internal EventStoreSchema(Database database, TimeProvider time, ILogger<EventStoreSchema> logger)
    {
        _database = database;
        _time = time;
        _logger = logger;
    }

    /// <summary>
    /// Applies each script that this database has not seen, in order, each once however many programs start together. Does
    /// nothing when all are there. Tried again for up to 60 s while PostgreSQL is starting or away.
    /// </summary>
    /// <exception cref="SchemaRefusedException">A newer program has moved the database on.</exception>
    /// <exception cref="DependencyUnavailableException">PostgreSQL did not answer within 60 s.</exception>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        while (true)
        {
            try
            {
                await ApplyOnceAsync(cancellationToken);
                return;
            }
            catch (DependencyUnavailableException away) when (_time.GetElapsedTime(start) < StartTimeout)
            {
                LogWaiting(away.Message);
                await Task.Delay(RetryPause, _time, cancellationToken);
            }
        }
    }

    public void Dispose() => _one.Dispose();

    /// <returns>The identity that this database was given when it was made.</returns>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    public Task<Guid> InstallationIdAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = new("select id from events_own.installation", connection);
                return (Guid)(await command.ExecuteScalarAsync(token))!;
            },
            cancellationToken);

    /// <summary>The schema's version that this program makes.</summary>
    public static int KnownVersion { get; } = Scripts().Count;

    /// <returns>The version that the database has; 0 when it was never used.</returns>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    public Task<int> VersionAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync(
            async (connection, token) =>
            {
                await using NpgsqlCommand there = new(
                    "select to_regclass('events_own.schema_version') is not null", connection);
                if (await there.ExecuteScalarAsync(token) is not true)
                {
                    return 0;
                }

                await using NpgsqlCommand newest = new(
                    "select coalesce(max(version), 0) from events_own.schema_version", connection);
                return (int)(await newest.ExecuteScalarAsync(token))!;
            },
            cancellationToken);

    /// <summary>As <see cref="ApplyAsync"/>, tried once. Costs nothing once it has succeeded in this process.</summary>
    internal async Task ApplyOnceAsync(CancellationToken cancellationToken)
    {
        if (_isApplied)
        {
            return;
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            if (!_isApplied)
            {
                await RunScriptsAsync(cancellationToken);
                _isApplied = true;
            }
        }
        catch (Exception away) when (Failure.IsAway(away))
        {
            throw Failure.Unavailable(away);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task RunScriptsAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<Script> scripts = Scripts();
        await using NpgsqlConnection connection = await _database.OpenSingleAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await RunAsync(connection, string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_xact_lock({LockKey})"));
        await RunAsync(connection, Ground);
        await using NpgsqlCommand newest = new("select coalesce(max(version), 0) from events_own.schema_version", connection);
        int found = (int)(await newest.ExecuteScalarAsync(cancellationToken))!;
        if (found > scripts.Count)
        {
            throw new SchemaRefusedException(
                $"The database is at schema version {found}; this program knows versions up to {scripts.Count}. "
                + "A newer program has used it. Start that one, or restore a backup from before.");
        }

        foreach (Script script in scripts.Skip(found))
        {
            await RunAsync(connection, script.Text);
            await using NpgsqlCommand record =
                new("insert into events_own.schema_version (version, name) values ($1, $2)", connection)
                {
                    Parameters = { new() { Value = script.Version }, new() { Value = script.Name } },
                };
            await record.ExecuteNonQueryAsync(cancellationToken);
            LogApplied(script.Name);
        }

        await transaction.CommitAsync(cancellationToken);

        async Task RunAsync(NpgsqlConnection on, string text)
        {
            await using NpgsqlCommand command = new(text, on) { CommandTimeout = ScriptTimeoutSeconds };
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static List<Script> Scripts()
    {
        Assembly assembly = typeof(EventStoreSchema).Assembly;
        List<Script> scripts = [];
        foreach (string resource in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            string[] parts = resource.Split('.');
            if (parts[^1] != "sql")
            {
                continue;
            }

            string name = parts[^2];
            using Stream stream = assembly.GetManifestResourceStream(resource)!;
            using StreamReader reader = new(stream);
            int version = int.Parse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture);
            if (version != scripts.Count + 1)
            {
                throw new InvalidOperationException($"Schema script {name} is out of line: expected number {scripts.Count + 1}.");
            }

            scripts.Add(new Script(version, name, reader.ReadToEnd()));
        }

        return scripts;
    }

    private sealed record Script(int Version, string Name, string Text);

    [LoggerMessage(EventId = 4001, Level = LogLevel.Information, Message = "Schema script {Script} applied")]
    private partial void LogApplied(string script);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Warning, Message = "Waiting to apply the event store's schema: {Why}")]
    private partial void LogWaiting(string why);
}
