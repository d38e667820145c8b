namespace Events.EventStore;

/// <summary>What the event store needs to know. The schema's name is fixed: <c>events</c>.</summary>
/// <param name="ConnectionString">
/// Npgsql connection string of the database. Asked once, at the first use, so that a database the host makes itself may get
/// its address late. Time-outs, pooling and the application name in it are replaced by the store's own.
/// </param>
public sealed record EventStoreOptions(Func<string> ConnectionString);
