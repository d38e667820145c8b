using Events.Application.Contracts;
using Events.EventStore.Postgres;

namespace Events.EventStore;

/// <summary>The hosts that serve one database, as PostgreSQL sees them: each keeps connections open as long as it runs.</summary>
public interface IConnectedHosts
{
    /// <returns>How many there are beside this one. A pooler between hosts and PostgreSQL may hide them.</returns>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task<int> CountOthersAsync(CancellationToken cancellationToken);
}

internal sealed class ConnectedHosts(Database database) : IConnectedHosts
{
    public Task<int> CountOthersAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            static async (connection, cancellation) =>
            {
                await using var command = connection.CreateCommand();
                command.CommandText =
                    $"""
                    select count(distinct application_name)::int from pg_stat_activity
                    where datname = current_database() and application_name like '{EventStoreOptions.HostNamePrefix}%'
                      and application_name <> current_setting('application_name')
                    """;
                return (int)(await command.ExecuteScalarAsync(cancellation))!;
            },
            cancellationToken);
}
