using System.Globalization;
using Events.Application.Contracts;
using Events.EventStore.Postgres;
using Npgsql;

namespace Events.EventStore.Projections;

/// <summary>One host at a time builds a view anew, also to compare it: they would write to the same table.</summary>
internal sealed class RebuildLock : IAsyncDisposable
{
    /// <summary>First half of the advisory lock's key, the view's checkpoint being the other: "evrb" in ASCII.</summary>
    private const int LockClass = 0x6576_7262;

    private const string Release = "select pg_advisory_unlock_all()";

    private static readonly string Take = string.Create(
        CultureInfo.InvariantCulture, $"select pg_try_advisory_lock({LockClass}, hashtext($1))");

    private readonly NpgsqlConnection _connection;

    private RebuildLock(NpgsqlConnection connection) => _connection = connection;

    /// <returns>Holds the lock until it is disposed. A host that dies loses it with the connection.</returns>
    /// <exception cref="OtherHostRebuildsException">Another host has it.</exception>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    public static async Task<RebuildLock> TakeAsync(Database database, View view, CancellationToken cancellationToken)
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
                ? new RebuildLock(connection)
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

    public async ValueTask DisposeAsync()
    {
        try
        {
            // A server ends a connection when it comes to it: whoever asks next is not to find the lock held.
            await using NpgsqlCommand command = new(Release, _connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (Exception lost) when (lost is InvalidOperationException || Failure.IsAway(lost))
        {
            // The lock is gone with the connection.
        }
        finally
        {
            await _connection.DisposeAsync();
        }
    }
}

/// <summary>A view is being rebuilt or verified by another host on the same database.</summary>
internal sealed class OtherHostRebuildsException(string view)
    : InvalidOperationException($"{view} is being rebuilt or verified already, by another host.");
