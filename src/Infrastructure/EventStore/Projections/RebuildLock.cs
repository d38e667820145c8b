using System.Globalization;
using Events.Application.Contracts;
using Events.EventStore.Postgres;
using Npgsql;

namespace Events.EventStore.Projections;

/// <summary>One host at a time builds a view anew: they would write to the same table.</summary>
internal static class RebuildLock
{
    /// <summary>First half of the advisory lock's key, the view's checkpoint being the other: "evrb" in ASCII.</summary>
    private const int LockClass = 0x6576_7262;

    private static readonly string Take = string.Create(
        CultureInfo.InvariantCulture, $"select pg_try_advisory_lock({LockClass}, hashtext($1))");

    /// <returns>Holds the lock until it is disposed. A host that dies loses it with the connection.</returns>
    /// <exception cref="OtherHostRebuildsException">Another host has it.</exception>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    public static async Task<NpgsqlConnection> TakeAsync(Database database, View view, CancellationToken cancellationToken)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = await database.OpenSingleAsync(cancellationToken);
            await using NpgsqlCommand command = new(Take, connection)
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = view.Checkpoint } },
            };
            return await command.ExecuteScalarAsync(cancellationToken) is true
                ? connection
                : throw new OtherHostRebuildsException(view.Name);
        }
        catch (Exception failed)
        {
            await (connection?.DisposeAsync() ?? ValueTask.CompletedTask);
            if (Failure.IsAway(failed))
            {
                throw Failure.Unavailable(failed);
            }

            throw;
        }
    }
}

/// <summary>A view is being rebuilt by another host on the same database.</summary>
internal sealed class OtherHostRebuildsException(string view)
    : InvalidOperationException($"{view} is being rebuilt already, by another host.");
