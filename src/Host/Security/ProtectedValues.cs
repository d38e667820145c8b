using Events.Application.Contracts;
using Npgsql;

namespace Events.Host.Security;

/// <summary>A row's value as it was read, and the one that takes its place.</summary>
internal sealed record RenewedValue(string Name, byte[] Old, byte[] Renewed);

/// <summary>Rows of <c>events_own.protected_value</c>: ciphertext by name. What they mean is the caller's secret.</summary>
internal sealed class ProtectedValues(NpgsqlDataSource database)
{
    /// <summary>Whatever the server is set to: what is read from this is on disk when the statement returns.</summary>
    private const string Durable =
        """
        durable as (select set_config(
          'synchronous_commit',
          case current_setting('synchronous_commit') when 'off' then 'on' else current_setting('synchronous_commit') end,
          true))
        """;

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

    /// <summary>It is on disk when this returns.</summary>
    /// <returns>False when there is one of that name already; it stays as it is.</returns>
    public async Task<bool> AddAsync(string name, byte[] value, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = CommandFor(
            $"with {Durable} insert into events_own.protected_value (name, value, changed_at) "
            + "select $1, $2, now() from durable on conflict (name) do nothing",
            name);
        command.Parameters.AddWithValue(value);
        return await RunAsync(command.ExecuteNonQueryAsync, cancellationToken) > 0;
    }

    /// <returns>Rows by their names, behind one of them.</returns>
    public async Task<IReadOnlyList<(string Name, byte[] Value)>> PageAsync(
        string after, int limit, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = CommandFor(
            "select name, value from events_own.protected_value where name > $1 order by name limit $2", after);
        command.Parameters.AddWithValue(limit);
        return await RunAsync(
            async token =>
            {
                List<(string Name, byte[] Value)> page = [];
                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                while (await reader.ReadAsync(token))
                {
                    page.Add((reader.GetString(0), reader.GetFieldValue<byte[]>(1)));
                }

                return page;
            },
            cancellationToken);
    }

    /// <summary>Rows that are still as they were read get other values, which are on disk when this returns.</summary>
    /// <returns>How many were.</returns>
    public async Task<int> ReplaceAsync(IReadOnlyList<RenewedValue> renewed, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = database.CreateCommand(
            $"with {Durable} update events_own.protected_value as kept set value = anew.value, changed_at = now() "
            + "from unnest($1::text[], $2::bytea[], $3::bytea[]) as anew(name, old, value), durable "
            + "where kept.name = anew.name and kept.value = anew.old");
        command.Parameters.AddWithValue(renewed.Select(one => one.Name).ToArray());
        command.Parameters.AddWithValue(renewed.Select(one => one.Old).ToArray());
        command.Parameters.AddWithValue(renewed.Select(one => one.Renewed).ToArray());
        return await RunAsync(command.ExecuteNonQueryAsync, cancellationToken);
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

    /// <summary>It is gone from disk, too, when this returns.</summary>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = CommandFor(
            $"with {Durable} delete from events_own.protected_value using durable where name = $1", name);
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
