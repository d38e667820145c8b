using System.Text.Json.Serialization;
using Events.Application;
using Events.Application.Contracts;
using Events.EventStore;
using Events.EventStore.Appending;
using Events.EventStore.Seals;
using Events.Tests.Engines.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Events.Benchmarks;

internal abstract record GateEvent(Guid Key);

internal sealed record GateRegistered(Guid Key, string Name, string Source, string Site, DateTimeOffset At) : GateEvent(Key);

internal sealed record GateRenamed(Guid Key, string Name, string By, string Reason, DateTimeOffset At) : GateEvent(Key);

internal sealed record GateConnected(
    Guid Key, string Codec, int Width, int Height, double Fps, string Source, DateTimeOffset At) : GateEvent(Key);

internal sealed record GateDisconnected(Guid Key, string Why, int Attempts, string Source, DateTimeOffset At) : GateEvent(Key);

internal sealed record GateRow(
    Guid Key, string Name, string Source, bool IsConnected, string? Codec, int Drops, DateTimeOffset At, long Version);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GateRegistered))]
[JsonSerializable(typeof(GateRenamed))]
[JsonSerializable(typeof(GateConnected))]
[JsonSerializable(typeof(GateDisconnected))]
[JsonSerializable(typeof(GateRow))]
internal sealed partial class GateJson : JsonSerializerContext;

/// <summary>The store with its loops, over a fresh cluster with durable settings, and facts like a camera's.</summary>
internal sealed class EventStoreBed : IAsyncDisposable
{
    private static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private const string Source = "rtsp://10.20.30.40:554/streams/main";

    private static readonly OriginRow Origin = new("bench", "bench-0199a0de-0000-7000-8000-000000000001", null, "{}");

    private readonly PostgresServer _server;
    private readonly ServiceProvider _services;

    private EventStoreBed(PostgresServer server, ServiceProvider services, string connectionString)
    {
        _server = server;
        _services = services;
        ConnectionString = connectionString;
    }

    public static View<GateRow> View { get; } = new(
        "GateView",
        1,
        GateJson.Default.GateRow,
        [
            new("name", ViewColumnType.Text, true, row => row.Name),
            new("is_connected", ViewColumnType.Flag, false, row => row.IsConnected),
        ],
        new ViewFold<GateRow, GateEvent>(fact => fact.Key.ToString(), Fold));

    public string ConnectionString { get; }

    public AppendLane Lane => Get<AppendLane>();

    public static Task<EventStoreBed> StartAsync(BenchContext context, params View[] views) => StartAsync(context, null, views);

    /// <summary>With the loop that signs the log.</summary>
    public static Task<EventStoreBed> StartSealingAsync(BenchContext context, SealOptions seals) => StartAsync(context, seals, []);

    private static async Task<EventStoreBed> StartAsync(BenchContext context, SealOptions? seals, View[] views)
    {
        PostgresServer server = await PostgresServer.StartOwnAsync();
        string connectionString = await server.NewDatabaseAsync();
        ServiceCollection services = new();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton(new EventCatalogue(
        [
            new EventType("gate_registered", typeof(GateRegistered), GateJson.Default.GateRegistered),
            new EventType("gate_renamed", typeof(GateRenamed), GateJson.Default.GateRenamed),
            new EventType("gate_connected", typeof(GateConnected), GateJson.Default.GateConnected),
            new EventType("gate_disconnected", typeof(GateDisconnected), GateJson.Default.GateDisconnected),
        ]));
        foreach (View view in views)
        {
            services.AddSingleton(view);
        }

        services.AddEventStore(new EventStoreOptions(() => connectionString));
        if (seals is not null)
        {
            services.AddSeals(seals);
        }

        EventStoreBed bed = new(server, services.BuildServiceProvider(), connectionString);
        await bed.Get<EventStoreSchema>().ApplyAsync(CancellationToken.None);
        foreach (IHostedService hosted in bed._services.GetServices<IHostedService>())
        {
            await hosted.StartAsync(CancellationToken.None);
        }

        context.PostgresVersion = (string)(await bed.ScalarAsync("select current_setting('server_version')"))!;
        return bed;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Bodies of about 190 to 250 bytes.</summary>
    public static GateEvent Fact(Guid key, int n) =>
        (n % 4) switch
        {
            _ when n == 0 => new GateRegistered(key, "Gate north, left lane", Source, "Depot 7", At),
            1 => new GateConnected(key, "h264", 1920, 1080, 29.97, Source, At.AddSeconds(n)),
            2 => new GateDisconnected(key, "No answer in 5 s, after a frame", n, Source, At.AddSeconds(n)),
            _ =>
                new GateRenamed(key, $"Gate north, lane {n}", "operator-17", "The yard's signs changed", At.AddSeconds(n)),
        };

    public PendingAppend Pending(Guid key, ExpectedVersion expected, params GateEvent[] facts) =>
        PendingAppend.Create(Get<EventCatalogue>(), "gate", $"gate-{key:d}", expected, facts, Origin);

    public async Task<CpuMeter> MeterAsync()
    {
        string folder = (string)(await ScalarAsync("select current_setting('data_directory')"))!;
        string[] pid = await File.ReadAllLinesAsync(Path.Combine(folder, "postmaster.pid"));
        return new CpuMeter(int.Parse(pid[0], System.Globalization.CultureInfo.InvariantCulture));
    }

    public async Task<object?> ScalarAsync(string sql)
    {
        await using NpgsqlConnection connection = new(ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 300 };
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IHostedService hosted in _services.GetServices<IHostedService>().Reverse())
        {
            await hosted.StopAsync(CancellationToken.None);
        }

        await _services.DisposeAsync();
        await _server.DisposeAsync();
    }

    private static GateRow? Fold(GateRow? row, Recorded<GateEvent> recorded) =>
        (row, recorded.Fact) switch
        {
            (null, GateRegistered e) => new(e.Key, e.Name, e.Source, false, null, 0, e.At, recorded.Version),
            (null, _) => null,
            ({ }, GateRenamed e) => row with { Name = e.Name, Version = recorded.Version },
            ({ }, GateConnected e) => row with { IsConnected = true, Codec = e.Codec, Version = recorded.Version },
            ({ }, GateDisconnected) => row with { IsConnected = false, Drops = row.Drops + 1, Version = recorded.Version },
            _ => row,
        };
}
