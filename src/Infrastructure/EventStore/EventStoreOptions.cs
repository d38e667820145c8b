namespace Events.EventStore;

/// <summary>What the event store needs to know. The schema's name is fixed: <c>events</c>.</summary>
/// <param name="ConnectionString">
/// Npgsql connection string of the database. Asked once, at the first use, so that a database the host makes itself may get
/// its address late. Time-outs, pooling and the application name in it are replaced by the store's own.
/// </param>
public sealed record EventStoreOptions(Func<string> ConnectionString)
{
    internal const string HostNamePrefix = "events host ";

    /// <summary>Told to PostgreSQL by each connection: other hosts and people see by it whose that is.</summary>
    public string ApplicationName { get; init; } = "events";

    /// <summary>For a program that serves the database for long: it counts in <see cref="IConnectedHosts"/>.</summary>
    public EventStoreOptions AsHost() => this with { ApplicationName = $"{HostNamePrefix}{Guid.CreateVersion7():n}" };
}
