using System.Globalization;
using System.Security.Authentication;
using Npgsql;

namespace Events.Host.Operations;

/// <summary>A PostgreSQL that the settings name: looked at before anything is done with it.</summary>
internal static class GivenPostgres
{
    private const string Key = "PostgreSql.ConnectionString";

    /// <summary>It may be starting beside us, and recover from a crash before it takes connections.</summary>
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private const int ConnectTimeoutSeconds = 5;

    /// <summary>
    /// Returns when it lets us in. Waits up to 60 s for one that does not answer yet; what it refuses is final.
    /// </summary>
    /// <param name="progress">Gets one sentence when there is something to wait for.</param>
    /// <exception cref="StartRefusedException">The message names the setting and the reason, and shows no password.</exception>
    public static async Task RequireAsync(
        string connectionString, Action<string> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        long since = time.GetTimestamp();
        bool isTold = false;
        while (true)
        {
            try
            {
                await LookAsync(connectionString, cancellationToken);
                return;
            }
            catch (NpgsqlException failure) when (IsPassing(failure))
            {
                if (time.GetElapsedTime(since) > WaitMax)
                {
                    throw new StartRefusedException(
                        $"{Key}: {PlaceOf(connectionString)} does not answer: {failure.Message}. "
                        + "Start it, or correct the setting.",
                        failure);
                }

                if (!isTold)
                {
                    progress($"Waiting up to {WaitMax.TotalSeconds} s for {PlaceOf(connectionString)}: {failure.Message}");
                    isTold = true;
                }

                await Task.Delay(LookEvery, time, cancellationToken);
            }
            catch (NpgsqlException failure) when (ReasonOfTls(failure) is { } reason)
            {
                throw new StartRefusedException(
                    $"{Key}: there is no encrypted connection to {PlaceOf(connectionString)}: {reason} Look at the certificates "
                    + "in the setting: Root Certificate, SSL Certificate and SSL Key.",
                    failure);
            }
            catch (NpgsqlException failure)
            {
                throw RefusedBy(failure, connectionString, "Correct user, password or database in the setting.");
            }
        }
    }

    /// <summary>What it refused when the tables were made.</summary>
    public static StartRefusedException RefusedBy(NpgsqlException failure, string connectionString, string fix)
    {
        string words = (failure as PostgresException)?.MessageText ?? failure.Message;
        return new StartRefusedException($"{Key}: {PlaceOf(connectionString)} refuses: {words}. {fix}", failure);
    }

    private static async Task LookAsync(string connectionString, CancellationToken cancellationToken)
    {
        var once = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = ConnectTimeoutSeconds };
        await using var connection = new NpgsqlConnection(once.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("show server_encoding", connection);
        if (await command.ExecuteScalarAsync(cancellationToken) is string encoding and not "UTF8")
        {
            throw new StartRefusedException(
                $"{Key}: the database {once.Database} is in {encoding}, and facts are in UTF8. "
                + $"Make another: CREATE DATABASE {once.Database}_utf8 ENCODING 'UTF8' TEMPLATE template0");
        }
    }

    /// <summary>No answer, or one that it is not ready yet; as opposed to a no.</summary>
    private static bool IsPassing(NpgsqlException failure) =>
        failure is PostgresException { SqlState: var state }
            ? state is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections
                or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            : failure.InnerException is not null && ReasonOfTls(failure) is null;

    /// <returns>Why the two sides do not trust each other; null when it is something else. Neither changes by waiting.</returns>
    private static string? ReasonOfTls(Exception failure)
    {
        bool isTls = false;
        Exception last = failure;
        for (Exception? inner = failure; inner is not null; inner = inner.InnerException)
        {
            // What the other side refuses comes as a broken read, with the words of OpenSSL.
            isTls |= inner is AuthenticationException || inner.Message.Contains("SSL_ERROR", StringComparison.Ordinal);
            last = inner;
        }

        return isTls ? last.Message.TrimEnd('.') + "." : null;
    }

    private static string PlaceOf(string connectionString)
    {
        var given = new NpgsqlConnectionStringBuilder(connectionString);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"PostgreSQL at {given.Host}:{given.Port} (database {given.Database ?? given.Username}, user {given.Username})");
    }
}
