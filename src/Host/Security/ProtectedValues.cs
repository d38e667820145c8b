using Events.Application.Contracts;
using Npgsql;

namespace Events.Host.Security;

/// <summary>Rows of <c>events_own.protected_value</c>: ciphertext by name. What they mean is the caller's secret.</summary>
internal sealed class ProtectedValues(NpgsqlDataSource database)
{
    public async Task SetAsync(string name, byte[] value, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = CommandFor(
            """
            insert into events_own.protected_value (name, value, changed_at) values ($1, $2, now())
            on conflict (name) do update set value = excluded.value, changed_at = excluded.changed_at
            """,
            name);
        command.Parameters.AddWithValue(value);
        await RunAsync(command.ExecuteNonQueryAsync, cancellationToken);
    }

    /// <returns>False when there is one of that name already; it stays as it is.</returns>
    public async Task<bool> AddAsync(string name, byte[] value, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = CommandFor(
            """
            insert into events_own.protected_value (name, value, changed_at) values ($1, $2, now())
            on conflict (name) do nothing
            """,
            name);
        command.Parameters.AddWithValue(value);
        return await RunAsync(command.ExecuteNonQueryAsync, cancellationToken) > 0;
    }

    /// <summary>For readers that cannot wait otherwise, and ask once for each name.</summary>
    /// <inheritdoc cref="FindAsync"/>
    public byte[]? Find(string name)
    {
        using NpgsqlCommand command = CommandFor("select value from events_own.protected_value where name = $1", name);
        try
        {
            return (byte[]?)command.ExecuteScalar();
        }
        catch (NpgsqlException e)
        {
            throw new DependencyUnavailableException("postgresql", "PostgreSQL does not answer.", e);
        }
    }

    /// <returns>Null when there is none of that name.</returns>
    public async Task<byte[]?> FindAsync(string name, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = CommandFor("select value from events_own.protected_value where name = $1", name);
        return (byte[]?)await RunAsync(command.ExecuteScalarAsync, cancellationToken);
    }

    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = CommandFor("delete from events_own.protected_value where name = $1", name);
        await RunAsync(command.ExecuteNonQueryAsync, cancellationToken);
    }

    private NpgsqlCommand CommandFor(string sql, string name)
    {
        NpgsqlCommand command = database.CreateCommand(sql);
        command.Parameters.AddWithValue(name);
        return command;
    }

    private static async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        try
        {
            return await run(cancellationToken);
        }
        catch (NpgsqlException e)
        {
            throw new DependencyUnavailableException("postgresql", "PostgreSQL does not answer.", e);
        }
    }
}
