using System.CommandLine;
using System.Diagnostics;
using Events.Application;
using Events.Application.Contracts;
using Events.EventStore;
using Events.Host.Audit;
using Events.Host.Backups;
using Events.Host.Operations;
using Events.Processes;
using Npgsql;
using static System.FormattableString;

namespace Events.Host.Cli;

/// <summary><c>migrate</c>: moves the database's schema on, as <c>up</c> does, or tries that on a copy first.</summary>
internal static class MigrateVerb
{
    private const int RefusedCode = 1;

    /// <summary>A copy of the whole database is written; as long as that takes.</summary>
    private const int CopyTimeoutSeconds = 24 * 3_600;

    public static Command Build(Option<string> data)
    {
        var check = new Option<bool>("--check") { Description = "Only try it, on a copy of the database, which goes again." };
        var command = new Command(
            "migrate", "Moves the database to this program's schema. 0: done or nothing to do, 1: refused.")
        {
            check,
        };
        command.SetAction((given, cancellationToken) => AuditVerbs.RunAsync(data, given, async log =>
        {
            int found = await log.Schema.VersionAsync(cancellationToken);
            int known = EventStoreSchema.KnownVersion;
            if (found > known)
            {
                await Console.Error.WriteLineAsync(Invariant(
                    $"The database is at schema version {found}; this program knows versions up to {known}. ")
                    + "Start the newer program, or restore a backup from before.");
                return RefusedCode;
            }

            if (found == known)
            {
                Console.Out.WriteLine(Invariant($"The database is at schema version {found}: there is nothing to do."));
                return 0;
            }

            if (given.GetValue(check))
            {
                return await TryAsync(log.Place.Connection, found, isInUse: log.Host is not null, cancellationToken);
            }

            return log.Host is null
                ? await ApplyAsync(log, found, cancellationToken)
                : throw new CommandFailedException("A host uses the database. Stop it first, or only try it: --check");
        }));
        return command;
    }

    private static async Task<int> ApplyAsync(LogAccess log, int found, CancellationToken cancellationToken)
    {
        await log.Schema.ApplyAsync(cancellationToken);
        Console.Out.WriteLine(
            Invariant($"The database was moved from schema version {found} to {EventStoreSchema.KnownVersion}."));
        return 0;
    }

    /// <param name="isInUse">By a host, which goes on: the copy is then made by a dump, which takes longer.</param>
    private static async Task<int> TryAsync(
        string connection, int found, bool isInUse, CancellationToken cancellationToken)
    {
        var place = new NpgsqlConnectionStringBuilder(connection);
        string original = place.Database!;
        string copy = original + "_migrate_check";
        await RunAsync(connection, $"drop database if exists {Quoted(copy)}", cancellationToken);
        try
        {
            await (isInUse
                ? DumpAsync(place, copy, cancellationToken)
                : CloneAsync(connection, original, copy, cancellationToken));
            place.Database = copy;
            place.Pooling = false;
            long start = Stopwatch.GetTimestamp();
            await using (ServiceProvider services = new ServiceCollection()
                .AddLogging()
                .AddSingleton(EventTypes.Catalogue)
                .AddEventStore(new EventStoreOptions(() => place.ConnectionString))
                .BuildServiceProvider())
            {
                await services.GetRequiredService<EventStoreSchema>().ApplyAsync(cancellationToken);
            }

            Console.Out.WriteLine(
                Invariant($"On a copy the database went from schema version {found} to {EventStoreSchema.KnownVersion} ")
                + Invariant($"in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s. The original is as it was."));
            return 0;
        }
        catch (PostgresException failed)
        {
            await Console.Error.WriteLineAsync(
                $"On a copy the migration failed: {failed.MessageText} (SQLSTATE {failed.SqlState}). The original is as it was.");
            return RefusedCode;
        }
        finally
        {
            await RunAsync(connection, $"drop database if exists {Quoted(copy)} with (force)", CancellationToken.None);
        }
    }

    private static async Task CloneAsync(string connection, string original, string copy, CancellationToken cancellationToken)
    {
        // Our own pool's: a database that somebody is connected to is not copied. Others' connections are left alone, and told.
        await RunAsync(
            connection,
            $"""
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = '{original.Replace("'", "''", StringComparison.Ordinal)}' and application_name like 'events%'
            """,
            cancellationToken);
        await RunAsync(connection, $"create database {Quoted(copy)} template {Quoted(original)}", cancellationToken);
    }

    /// <summary>Of one moment, while others write. Needs room for the dump beside the copy.</summary>
    private static async Task DumpAsync(
        NpgsqlConnectionStringBuilder place, string copy, CancellationToken cancellationToken)
    {
        IChildProcesses processes = ProcessesModule.Create();
        int major;
        await using (NpgsqlConnection connection = new(place.ConnectionString))
        {
            await connection.OpenAsync(cancellationToken);
            major = connection.PostgreSqlVersion.Major;
        }

        EmbeddedPostgresBinaries binaries = await EmbeddedPostgresBinaries.FindAsync(processes, major, cancellationToken);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("events-migrate-");
        try
        {
            string file = Path.Combine(folder.FullName, "dump");
            string[] at = ["-h", place.Host!, "-p", $"{place.Port}", "-U", place.Username!, "--no-password"];
            await ProgramRun.RequireAsync(
                processes,
                Path.Combine(binaries.Folder, "pg_dump"),
                [.. at, "--format=custom", "--file", file, "--dbname", place.Database!],
                null,
                cancellationToken);
            await RunAsync(
                place.ConnectionString, $"create database {Quoted(copy)} template template0 encoding 'UTF8'", cancellationToken);
            await ProgramRun.RequireAsync(
                processes,
                Path.Combine(binaries.Folder, "pg_restore"),
                [.. at, "--no-owner", "--exit-on-error", "--dbname", copy, file],
                null,
                cancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>From another database: the one that is copied must have no connection.</summary>
    private static async Task RunAsync(string connectionString, string sql, CancellationToken cancellationToken)
    {
        var elsewhere = new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres", Pooling = false };
        await using NpgsqlConnection connection = new(elsewhere.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = CopyTimeoutSeconds };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
