using Events.Application;
using Events.Application.Contracts;
using Events.EventStore;
using Events.EventStore.Appending;
using Events.EventStore.Seals;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xunit;

namespace Events.Tests.Engines.EventStore;

/// <summary>The store as a host composes it, with all its loops running, over one database.</summary>
internal sealed class Store : IAsyncDisposable
{
    public static readonly Origin Tester =
        new("tester", "correlation-1", "cause-1", new Dictionary<string, string> { ["via"] = "tests" });

    private readonly ServiceProvider _services;

    private Store(ServiceProvider services, string connectionString)
    {
        _services = services;
        ConnectionString = connectionString;
    }

    public string ConnectionString { get; }

    public IStreams Streams => Get<IEventStore>().For(Tester);

    public ILog Log => Get<ILog>();

    public IReadModels ReadModels => Get<IReadModels>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<Store> StartAsync(
        string connectionString, TimeProvider? time = null, EventCatalogue? catalogue = null, params View[] views) =>
        StartAsync(connectionString, time, catalogue, null, views);

    /// <summary>With keys for what is personal.</summary>
    public static Task<Store> StartPersonalAsync(
        string connectionString, IPersonalData personal, EventCatalogue catalogue, params View[] views) =>
        StartAsync(connectionString, null, catalogue, null, views, personal);

    /// <summary>With the loop that seals the log.</summary>
    public static Task<Store> StartSealingAsync(string connectionString, SealOptions seals) =>
        StartAsync(connectionString, null, null, seals, []);

    private static async Task<Store> StartAsync(
        string connectionString, TimeProvider? time, EventCatalogue? catalogue, SealOptions? seals, View[] views,
        IPersonalData? personal = null)
    {
        ServiceCollection services = new();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddSingleton(catalogue ?? TallyTypes.Catalogue);
        foreach (View view in views)
        {
            services.AddSingleton(view);
        }

        if (personal is not null)
        {
            services.AddSingleton(personal);
        }

        services.AddEventStore(new EventStoreOptions(() => connectionString));
        if (seals is not null)
        {
            services.AddSeals(seals);
        }

        Store store = new(services.BuildServiceProvider(), connectionString);
        await store.Get<EventStoreSchema>().ApplyAsync(Token);
        foreach (IHostedService hosted in store._services.GetServices<IHostedService>())
        {
            await hosted.StartAsync(Token);
        }

        return store;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Until it holds, at most 20 s: long for anything here, short for a person.</summary>
    /// <param name="atMost">For what takes longer.</param>
    public static async Task UntilAsync(Func<Task<bool>> holds, TimeSpan? atMost = null)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(atMost ?? TimeSpan.FromSeconds(20));
        while (!await holds())
        {
            await Task.Delay(10, limit.Token);
        }
    }

    public async Task CaughtUpAsync() =>
        Assert.True(await ReadModels.WaitForAsync(await Log.HeadAsync(Token), TimeSpan.FromSeconds(20), Token));

    public Task<AppendOutcome> AppendAsync(string streamId, ExpectedVersion expected, params object[] facts) =>
        Get<AppendLane>().AppendAsync(
            PendingAppend.Create(
                Get<EventCatalogue>(), "tally", streamId, expected, facts, new OriginRow("tester", "correlation-1", null, "{}")),
            Token);

    public Task<Transacted<Tally, TallyEvent>> TellAsync(string key, TallyCommand command) =>
        Streams.TransactAsync(Tally.For(key), key, command, Token);

    public async Task ExecuteAsync(string sql)
    {
        await using NpgsqlConnection connection = await OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }

    public async Task<List<T>> QueryAsync<T>(string sql)
    {
        await using NpgsqlConnection connection = await OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(Token);
        List<T> rows = [];
        while (await reader.ReadAsync(Token))
        {
            rows.Add(await reader.GetFieldValueAsync<T>(0, Token));
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IHostedService hosted in _services.GetServices<IHostedService>().Reverse())
        {
            await hosted.StopAsync(CancellationToken.None);
        }

        await _services.DisposeAsync();

        // Or each of some hundred databases would keep connections for minutes, and the server has two hundred.
        await using NpgsqlConnection pool = new(ConnectionString);
        NpgsqlConnection.ClearPool(pool);
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        NpgsqlConnection connection = new(ConnectionString);
        await connection.OpenAsync(Token);
        return connection;
    }
}
