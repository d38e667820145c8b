using Events.Application;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.EventStore;
using Events.GraphQL;
using Events.Host.Cameras;
using Events.Host.Control;
using Events.Host.Files;
using Events.Host.GraphQL;
using Events.Host.Health;
using Events.Host.Identity;
using Events.Host.JsonRpc;
using Events.Host.Live;
using Events.Host.Notifications;
using Events.Host.Recordings;
using Events.Host.Security;
using Events.Host.Settings;
using Events.Host.Snapshots;
using Events.JsonRpc;
using Events.Media;
using Npgsql;

namespace Events.Host;

/// <summary>What only a start knows: where things are, and the installation's secrets.</summary>
/// <param name="ConnectionString">For Npgsql.</param>
/// <param name="TokenSecret">Signs access tokens and links.</param>
/// <param name="SourceKey">Encrypts camera credentials; 256 bits, base64url.</param>
internal sealed record Installation(
    EventsSettings Settings,
    string ConnectionString,
    string TokenSecret,
    string SourceKey,
    string StorageFolder,
    ControlFacts Control);

/// <summary>Puts the parts together. The order of hosted services is the order of start, and reversed of stop.</summary>
internal static class Composition
{
    public static WebApplication Build(Installation installation, IChildProcesses processes)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Configuration.Sources.Clear();
        EventsSettings settings = installation.Settings;
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "HH:mm:ss ";
        });
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Limits.MaxRequestBufferSize = 64 * 1024;
            kestrel.Listen(Addresses.Of(settings.Server.Host), settings.Server.Port);
            kestrel.Listen(Addresses.Of(settings.Health.Host), settings.Health.Port);
        });
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = TimeSpan.FromSeconds(30);
            host.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.StopHost;
        });
        AddServices(builder.Services, installation, processes);
        WebApplication app = builder.Build();
        Map(app, settings);
        return app;
    }

    private static void AddServices(IServiceCollection services, Installation installation, IChildProcesses processes)
    {
        EventsSettings settings = installation.Settings;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(processes);
        services.AddSingleton(installation.Control);
        services.AddSingleton(new StorageRule(settings.Storage.WarnPercent, settings.Storage.BlockPercent));
        services.AddEventStore(new EventStoreOptions(() => installation.ConnectionString));
        services.AddMedia(new MediaOptions
        {
            StorageFolder = installation.StorageFolder,
            InstallationId = installation.Control.Installation.ToString("d"),
            SegmentDuration = TimeSpan.FromSeconds(settings.Recording.SegmentDurationS),
            StallTimeout = TimeSpan.FromSeconds(settings.Media.StallTimeoutS),
            ConnectTimeout = TimeSpan.FromSeconds(settings.Media.ConnectTimeoutS),
            BackoffMax = TimeSpan.FromSeconds(settings.Media.ReconnectPauseMaxS),
        });
        services.AddApplication();
        AddSecurity(services, installation);
        AddWays(services, installation);
    }

    private static void AddSecurity(IServiceCollection services, Installation installation)
    {
        services.AddSingleton(_ => NpgsqlDataSource.Create(installation.ConnectionString));
        services.AddSingleton<ProtectedValues>();
        services.AddSingleton<ISourceSecrets>(provider =>
            new SourceSecrets(provider.GetRequiredService<ProtectedValues>(), installation.SourceKey));
        services.AddSingleton(provider =>
            new AccessTokens(installation.TokenSecret, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SignedLinks(installation.TokenSecret, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<HttpCallers>();
    }

    private static void AddWays(IServiceCollection services, Installation installation)
    {
        EventsSettings settings = installation.Settings;
        services.AddSingleton(provider =>
            new FileLinks(provider.GetRequiredService<SignedLinks>(), settings.Server.PublicUrl?.ToString()));
        services.AddSingleton(provider => new LiveLinks(
            provider.GetRequiredService<SignedLinks>(),
            settings.Server.PublicUrl?.ToString(),
            Addresses.UrlOf("http", settings.Server.Host, settings.Server.Port)));
        services.AddSingleton<LiveViewers>();
        services.AddSingleton<LiveEndpoints>();
        services.AddSingleton<FileEndpoints>();
        services.AddSingleton<HealthChecks>();
        services.AddSingleton<HealthEndpoints>();
        services.AddSingleton<ControlEndpoints>();
        services.AddSingleton<LegacyCameras>();
        services.AddSingleton<LegacyRecordings>();
        services.AddSingleton<ClientSessions>();
        services.AddSingleton<LegacyGate>();
        services.AddSingleton<IJsonRpcMethods, IdentityJsonRpc>();
        services.AddSingleton<IJsonRpcMethods, CameraJsonRpc>();
        services.AddSingleton<IJsonRpcMethods, RecordingJsonRpc>();
        services.AddSingleton<IJsonRpcMethods, SnapshotJsonRpc>();
        services.AddSingleton<IJsonRpcMethods, SubscriptionJsonRpc>();
        services.AddGraphQLDoor(settings);
        services.AddHostedService<Notifier>();
        services.AddHostedService<FactPrinter>();
        services.AddJsonRpc(provider =>
        {
            var sessions = provider.GetRequiredService<ClientSessions>();
            var gate = provider.GetRequiredService<LegacyGate>();
            return new JsonRpcOptions
            {
                Methods =
                [
                    .. provider.GetServices<IJsonRpcMethods>().SelectMany(feature => feature.Methods).Select(LegacyGate.Guard),
                ],
                Gate = gate.Check,
                OriginAllowed = settings.Security.AllowedOrigins.Contains,
                Closed = sessions.Forget,
                Clock = provider.GetRequiredService<TimeProvider>(),
                ConnectionsMax = settings.Server.MaxConnections,
                MessageBytesMax = settings.Server.MaxMessageBytes,
            };
        });
    }

    private static void Map(WebApplication app, EventsSettings settings)
    {
        IServiceProvider services = app.Services;
        app.Use((context, next) => KeepApart(context, next, settings.Health.Port));
        app.MapJsonRpc(settings.Server.WebSocketPath);
        app.MapGraphQL(GraphQLDoor.Path);
        services.GetRequiredService<LiveEndpoints>().Map(app);
        services.GetRequiredService<ControlEndpoints>().Map(app);
        services.GetRequiredService<FileEndpoints>().Map(app);
        services.GetRequiredService<HealthEndpoints>().Map(app);
    }

    /// <summary>
    /// Health checks answer on their own port, everything else on the main one, files on both. By the port that was connected
    /// to, not by the <c>Host</c> header, which a client may choose.
    /// </summary>
    private static Task KeepApart(HttpContext context, RequestDelegate next, int healthPort)
    {
        PathString path = context.Request.Path;
        bool isHealthPort = context.Connection.LocalPort == healthPort;
        if (path.StartsWithSegments("/files", StringComparison.Ordinal)
            || path.StartsWithSegments("/health", StringComparison.Ordinal) == isHealthPort)
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
