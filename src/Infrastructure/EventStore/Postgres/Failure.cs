using System.Net.Sockets;
using Events.Application.Contracts;
using Npgsql;

namespace Events.EventStore.Postgres;

/// <summary>Which failures mean "PostgreSQL is away", told by type and SQLSTATE and never by text.</summary>
internal static class Failure
{
    public const string Dependency = "postgresql";

    /// <summary>No such table or schema: the schema scripts have not run yet.</summary>
    private static bool IsSchemaMissing(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName;

    public static bool IsAway(Exception failure) =>
        failure switch
        {
            DependencyUnavailableException => true,
            PostgresException e => IsServerAway(e.SqlState) || IsSchemaMissing(e),
            NpgsqlException => true,
            SocketException or IOException or TimeoutException => true,
            _ => false,
        };

    /// <summary>The connection broke, rather than timed out: a new one may well work at once.</summary>
    public static bool IsLostConnection(NpgsqlException failure) =>
        failure switch
        {
            PostgresException e => e.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown,
            { InnerException: TimeoutException } => false,
            { InnerException: IOException or SocketException } => true,
            _ => false,
        };

    public static DependencyUnavailableException Unavailable(Exception cause) =>
        cause switch
        {
            DependencyUnavailableException known => known,
            PostgresException e when IsSchemaMissing(e) =>
                new(Dependency, "PostgreSQL is there, but the event store's schema is not applied yet. Try again.", cause),
            PostgresException e => new(Dependency, $"PostgreSQL refuses work (SQLSTATE {e.SqlState}). Try again.", cause),
            _ => new(Dependency, "PostgreSQL does not answer. Try again.", cause),
        };

    /// <summary>
    /// Classes 08 (connection), 53 (resources), 57 (operator), 58 (system) and 25006 (a standby): they pass by themselves or by
    /// an operator's hand, and no other statement would fare better.
    /// </summary>
    private static bool IsServerAway(string sqlState) =>
        sqlState.StartsWith("08", StringComparison.Ordinal)
        || sqlState.StartsWith("53", StringComparison.Ordinal)
        || sqlState.StartsWith("57", StringComparison.Ordinal)
        || sqlState.StartsWith("58", StringComparison.Ordinal)
        || sqlState == PostgresErrorCodes.ReadOnlySqlTransaction;
}
