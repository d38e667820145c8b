using Events.Application.Contracts;
using Npgsql;

namespace Events.EventStore.Postgres;

/// <summary>
/// The connections to PostgreSQL: a pool for short reads and the views, and single ones for what keeps a connection for long.
/// Every wait in it is bounded, so a PostgreSQL that hangs looks like one that is away.
/// </summary>
internal sealed class Database : IAsyncDisposable
{
    /// <summary>A local server answers in milliseconds; above this it is taken for gone.</summary>
    public const int ConnectTimeoutSeconds = 3;

    /// <summary>
    /// The longest that one statement of the service takes, and so the longest that a caller waits for a hung server.
    /// </summary>
    public const int CommandTimeoutSeconds = 5;

    /// <summary>
    /// Of PostgreSQL's default of 100, with room for a second node and for people. More would only queue inside it.
    /// </summary>
    private const int PoolSizeMax = 30;

    /// <summary>Statements of ours that differ: about ten, and four for each view.</summary>
    private const int PreparedStatementsMax = 100;

    /// <summary>Finds out within this time that the other machine of an idle connection has gone.</summary>
    private const int KeepAliveSeconds = 10;

    private readonly Lazy<NpgsqlDataSource> _pool;
    private readonly Lazy<NpgsqlDataSource> _single;

    public Database(EventStoreOptions options)
    {
        _pool = new(() => NpgsqlDataSource.Create(Settings(options, isPooled: true)));
        _single = new(() => NpgsqlDataSource.Create(Settings(options, isPooled: false)));
    }

    /// <summary>A connection that belongs to the caller and ends when disposed.</summary>
    public async Task<NpgsqlConnection> OpenSingleAsync(CancellationToken cancellationToken) =>
        await _single.Value.OpenConnectionAsync(cancellationToken);

    /// <summary>Work that may be repeated: reads. A connection that turns out dead is replaced once.</summary>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    public async Task<T> ReadAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            return await OnceAsync(read, cancellationToken);
        }
        catch (NpgsqlException lost) when (Failure.IsLostConnection(lost))
        {
            return await UseAsync(read, cancellationToken);
        }
        catch (Exception away) when (Failure.IsAway(away))
        {
            throw Failure.Unavailable(away);
        }
    }

    /// <summary>Work that changes something, on a pooled connection; tried once.</summary>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer. What was changed is then unknown.</exception>
    public async Task<T> UseAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await OnceAsync(work, cancellationToken);
        }
        catch (Exception away) when (Failure.IsAway(away))
        {
            throw Failure.Unavailable(away);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_pool.IsValueCreated)
        {
            await _pool.Value.DisposeAsync();
        }

        if (_single.IsValueCreated)
        {
            await _single.Value.DisposeAsync();
        }
    }

    private static string Settings(EventStoreOptions options, bool isPooled) =>
        new NpgsqlConnectionStringBuilder(options.ConnectionString())
        {
            ApplicationName = options.ApplicationName,
            Timeout = ConnectTimeoutSeconds,
            CommandTimeout = CommandTimeoutSeconds,
            // A hung server does not answer a request to cancel either: the connection is dropped at once.
            CancellationTimeout = -1,
            KeepAlive = isPooled ? 0 : KeepAliveSeconds,
            Pooling = isPooled,
            MaxPoolSize = PoolSizeMax,
            MinPoolSize = 0,
            MaxAutoPrepare = isPooled ? PreparedStatementsMax : 0,
            AutoPrepareMinUsages = 2,
            Enlist = false,
            IncludeErrorDetail = false,
        }.ConnectionString;

    private async Task<T> OnceAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await _pool.Value.OpenConnectionAsync(cancellationToken);
        return await work(connection, cancellationToken);
    }
}
