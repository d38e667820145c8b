using System.Net;
using Events.Application;
using Events.Application.Access;
using Events.Application.ApiKeys;
using Events.Application.Broadcasts;
using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Application.Users;
using Events.Domain.Retention;
using Events.EventStore;
using Events.EventStore.Seals;
using Events.GraphQL;
using Events.Host.Backups;
using Events.Host.ApiKeys;
using Events.Host.Audit;
using Events.Host.Cameras;
using Events.Host.Control;
using Events.Host.ExternalStreams;
using Events.Host.Files;
using Events.Host.GraphQL;
using Events.Host.Health;
using Events.Host.Identity;
using Events.Host.JsonRpc;
using Events.Host.Live;
using Events.Host.Notifications;
using Events.Host.Operations;
using Events.Host.Projections;
using Events.Host.Recordings;
using Events.Host.Retention;
using Events.Host.Security;
using Events.Host.Settings;
using Events.Host.Snapshots;
using Events.Host.Status;
using Events.Host.Users;
using Events.JsonRpc;
using Events.Media;
using Events.Media.Rtsp;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Npgsql;
using Microsoft.Extensions.Logging.Console;

namespace Events.Host;

/// <summary>What only a start knows: where things are, and the installation's secrets.</summary>
/// <param name="ConnectionString">For Npgsql.</param>
/// <param name="TokenSecret">Signs access tokens and links.</param>
/// <param name="Secrets">Encrypt what is secret in the database.</param>
internal sealed record Installation(
    EventsSettings Settings,
    string ConnectionString,
    string TokenSecret,
    SecretsKeys Secrets,
    string StorageFolder,
    ControlFacts Control);

/// <summary>Puts the parts together. The order of hosted services is the order of start, and reversed of stop.</summary>
internal static class Composition
{
    /// <summary>Beside the WebSockets: downloads, players, probes, and those who are turned away with an answer.</summary>
    private const int OtherConnectionsMax = 1_000;

    /// <summary>Who has not sent a request's head by then never will.</summary>
    private static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Longer than players pause between two requests; a silent connection holds a place for no longer.</summary>
    private static readonly TimeSpan SilenceTimeout = TimeSpan.FromSeconds(60);

    /// <summary>The older contract has idle sockets live for 120 s; one that has not logged in by then is nobody's.</summary>
    private static readonly TimeSpan LoginWait = TimeSpan.FromSeconds(150);

    public static WebApplication Build(Installation installation, IChildProcesses processes)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [] });
        EventsSettings settings = installation.Settings;
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled; // Only what is clean is printed, see Terminal.
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "HH:mm:ss ";
        });
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        builder.Services.AddPolledSockets();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Limits.MaxRequestBufferSize = 64 * 1024;
            kestrel.Limits.RequestHeadersTimeout = HeadTimeout;
            kestrel.Limits.KeepAliveTimeout = SilenceTimeout;
            kestrel.Limits.MaxConcurrentConnections = settings.Server.MaxConnections + OtherConnectionsMax;
            var guard = kestrel.ApplicationServices.GetRequiredService<AddressGuard>();
            void Count(ListenOptions listen)
            {
                // Over HTTP/2 one connection could carry 100 sockets or downloads, and what is counted is connections.
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => connection => guard.CountAsync(connection, next));
            }

            kestrel.Listen(Addresses.Of(settings.PlainHost), settings.Server.Port, Count);
            void CountEncrypted(ListenOptions listen)
            {
                Count(listen);
                var certificate = kestrel.ApplicationServices.GetRequiredService<TlsCertificate>();
                listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => new(certificate.Current()) });
            }

            if (settings.Tls.IsOn)
            {
                kestrel.Listen(Addresses.Of(settings.Server.Host), settings.Tls.Port, CountEncrypted);
            }

            kestrel.Listen(
                Addresses.Of(settings.Health.Host), settings.Health.Port, settings.Health.IsEncrypted ? CountEncrypted : Count);
        });
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = TimeSpan.FromSeconds(30);
            host.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.StopHost;
        });
        AddServices(builder.Services, installation, processes);
        WebApplication app = builder.Build();
        app.Services.GetService<TlsCertificate>()?.Load();
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
        services.AddSingleton(new BroadcastRule(settings.Live.AutoCloseAfter));
        services.AddSingleton(DiscoveryRules.Of(settings.Discovery));
        services.AddSingleton(new RetentionOptions(
            TimeSpan.FromSeconds(settings.Storage.MeasurePauseS),
            TimeSpan.FromSeconds(settings.Retention.CleanupPauseS),
            settings.Retention.Type is { } type
                ? new SetRetentionPolicy(
                    type,
                    settings.Retention.IsEnabled,
                    settings.Retention.MaxAgeDays,
                    settings.Retention.MaxSizeGb is { } size ? RetentionWords.BytesOf(size) : null)
                : null));
        services.AddEventStore(new EventStoreOptions(() => installation.ConnectionString).AsHost());
        services.AddSeals(new SealOptions(Path.Combine(installation.Control.Data, "keys"), Environment.MachineName)
        {
            Anchors = AnchorRules.Of(settings.Anchors),
        });
        if (AnchorRules.Of(settings.Witness, installation.Control.Data) is { } witness)
        {
            services.AddWitness(witness);
        }

        services.AddSingleton(settings.Backup);
        services.AddHostedService<BackupKeeper>();
        var sources = new SourceGuard(new SourceRule(
            settings.Security.AllowsPrivateSources, settings.Security.AllowsLoopbackSources));
        services.AddSingleton(sources);
        services.AddMedia(new MediaOptions
        {
            StorageFolder = installation.StorageFolder,
            InstallationId = installation.Control.Installation.ToString("d"),
            SegmentDuration = TimeSpan.FromSeconds(settings.Recording.SegmentDurationS),
            StallTimeout = TimeSpan.FromSeconds(settings.Media.StallTimeoutS),
            ConnectTimeout = TimeSpan.FromSeconds(settings.Media.ConnectTimeoutS),
            BackoffMax = TimeSpan.FromSeconds(settings.Media.ReconnectPauseMaxS),
            Sources = sources,
        });
        services.AddApplication();
        AddSecurity(services, installation);
        AddWays(services, installation);
    }

    private static void AddSecurity(IServiceCollection services, Installation installation)
    {
        services.AddSingleton(_ => NpgsqlDataSource.Create(installation.ConnectionString));
        services.AddSingleton<ProtectedValues>();
        if (installation.Settings.Tls.IsOn)
        {
            services.AddSingleton(provider => new TlsCertificate(
                installation.Settings.Tls.CertificateFile!,
                installation.Settings.Tls.KeyFile!,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<TlsCertificate>>()));
        }

        services.AddSingleton(installation.Secrets);
        services.AddSingleton<SealedValues>();
        services.AddSingleton<SecretsRotation>();
        services.AddHostedService(provider => provider.GetRequiredService<SecretsRotation>());
        services.AddSingleton(provider => new PersonalKeys(
            provider.GetRequiredService<SealedValues>(),
            new ErasedList(installation.Control.Data, provider.GetRequiredService<TimeProvider>()),
            installation.Settings.Security.Pseudonyms));
        services.AddSingleton<IPersonalData>(provider => provider.GetRequiredService<PersonalKeys>());
        services.AddSingleton<IUserNames>(provider => provider.GetRequiredService<PersonalKeys>());
        services.AddSingleton<ISourceSecrets, SourceSecrets>();
        services.AddSingleton<IPasswordStore, PasswordStore>();
        services.AddSingleton<IFootageKeys>(provider => new FootageKeys(
            provider.GetRequiredService<SealedValues>(), installation.Settings.Security.EncryptsRecordings));
        services.AddSingleton<IOneTimeCodes, OneTimeCodes>();
        AddIdentities(services, installation);
        services.AddSingleton<HttpCallers>();
        RateLimitSettings rate = installation.Settings.Security.RateLimit;
        services.AddSingleton(provider => new AccountLimits(
            new RateRule(rate.AccountRequests / rate.Window.TotalSeconds, rate.AccountRequests),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(new AccountSeats(installation.Settings.Security.MaxSocketsPerAccount));
        services.AddSingleton<StrangerLimits>();
        services.AddSingleton(provider => new AddressGuard(
            new AddressRule(
                installation.Settings.Security.MaxConnectionsPerAddress,
                new RateRule(
                    installation.Settings.Security.AddressRequestsPerSecond,
                    2.0 * installation.Settings.Security.AddressRequestsPerSecond),
                installation.Settings.Security.UnlimitedAddresses),
            provider.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Who is behind what is shown: tokens, keys, signed links.</summary>
    private static void AddIdentities(IServiceCollection services, Installation installation)
    {
        services.AddSingleton(provider => new SigningKeys(
            Path.Combine(installation.Control.Data, "keys"),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SigningKeys>>()));
        services.AddSingleton(provider => new SessionTokens(
            provider.GetRequiredService<SigningKeys>(),
            provider.GetRequiredService<UserRing>(),
            installation.Control.Installation,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider =>
            new AccessTokens(installation.TokenSecret, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SignedLinks(
            installation.TokenSecret,
            provider.GetRequiredService<ApiKeyRing>(),
            provider.GetRequiredService<UserRing>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(new ApiKeyTimes(installation.Settings.Security.UseReportPause, Environment.MachineName));
        services.AddSingleton(new AccessTimes(Environment.MachineName, installation.Settings.Security.UseReportPause));
        if (installation.Settings.Oidc is { } oidc)
        {
            services.AddSingleton(provider => new ExternalTokens(
                oidc, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ExternalTokens>>()));
        }

        services.AddSingleton(provider => new Authenticator(
            provider.GetRequiredService<AccessTokens>(),
            provider.GetRequiredService<SessionTokens>(),
            provider.GetRequiredService<ApiKeyRing>(),
            provider.GetRequiredService<AccessLedger>(),
            provider.GetService<ExternalTokens>()));
    }

    private static void AddLive(IServiceCollection services, EventsSettings settings)
    {
        services.AddSingleton(provider =>
            new FileLinks(provider.GetRequiredService<SignedLinks>(), settings.Server.PublicUrl?.ToString()));
        services.AddSingleton(provider => new LiveLinks(
            provider.GetRequiredService<SignedLinks>(),
            settings.Server.PublicUrl?.ToString(),
            Addresses.UrlOf("http", settings.PlainHost, settings.Server.Port),
            provider.GetRequiredService<IRtspOutput>(),
            settings.Rtsp.IsEncryptedOutside));
        services.AddSingleton(provider => new LiveViewers(settings.Live, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ILiveAudience>(provider => provider.GetRequiredService<LiveViewers>());
        services.AddSingleton<LegacyStreamList>();
        services.AddSingleton<LiveAccess>();
        services.AddSingleton<ILiveGate>(provider => provider.GetRequiredService<LiveAccess>());
        services.AddSingleton(provider => new LiveSockets(
            provider.GetRequiredService<ILiveOutput>(),
            provider.GetRequiredService<Authenticator>(),
            settings.Security.AllowedOrigins,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<LiveSockets>>()));
        services.AddRtsp(provider => new RtspOptions(
            new IPEndPoint(Addresses.Of(settings.PlainRtspHost), settings.Rtsp.Port),
            settings.Rtsp.UdpPortFirst,
            settings.Rtsp.UdpPortCount)
        {
            Limits = new RtspLimits
            {
                ConnectionsMax = settings.Rtsp.MaxConnections,
                ConnectionsPerAddressMax = settings.Rtsp.MaxConnectionsPerAddress,
                StrangersPerAddressMax = settings.Rtsp.MaxStrangersPerAddress,
                SignInMax = settings.Rtsp.SignInWait,
            },
            Tls = settings.Rtsp.TlsPort is { } port
                ? new RtspTls(
                    new IPEndPoint(Addresses.Of(settings.Rtsp.Host), port),
                    provider.GetRequiredService<TlsCertificate>().Current)
                : null,
        });
        services.AddSingleton<LiveEndpoints>();
    }

    private static void AddWays(IServiceCollection services, Installation installation)
    {
        EventsSettings settings = installation.Settings;
        AddLive(services, settings);
        services.AddSingleton<FileEndpoints>();
        services.AddSingleton<TileEndpoints>();
        services.AddSingleton<WitnessEndpoints>();
        services.AddSingleton<IControlRoutes>(provider => provider.GetRequiredService<WitnessEndpoints>());
        services.AddSingleton<HealthChecks>();
        services.AddSingleton<IReadiness>(provider => provider.GetRequiredService<HealthChecks>());
        services.AddHostedService(provider => provider.GetRequiredService<HealthChecks>());
        services.AddSingleton<SystemMeter>();
        services.AddHostedService(provider => provider.GetRequiredService<SystemMeter>());
        services.AddSingleton<LegacyStatus>();
        services.AddSingleton<MetricsPage>();
        services.AddSingleton<HealthEndpoints>();
        services.AddSingleton<ControlEndpoints>();
        services.AddSingleton<LegacyCameras>();
        services.AddSingleton<LegacyRecordings>();
        services.AddSingleton<ClientSessions>();
        services.AddSingleton<LegacyGate>();
        services.AddSingleton(provider => RateLimitsOf(settings.Security.RateLimit, provider));
        services.AddSingleton(new NoticeRule(settings.Server.NotifyUnsubscribed));
        services.AddSingleton<Notices>();
        services.AddSingleton<IJsonRpcMethods, IdentityJsonRpc>();
        services.AddSingleton<IJsonRpcMethods, CameraJsonRpc>();
        services.AddSingleton<IJsonRpcMethods, RecordingJsonRpc>();
        services.AddSingleton<IJsonRpcMethods, SnapshotJsonRpc>();
        services.AddSingleton<IJsonRpcMethods, SubscriptionJsonRpc>();
        services.AddSingleton<StorageReport>();
        services.AddSingleton<IJsonRpcMethods, RetentionJsonRpc>();
        services.AddSingleton<IControlRoutes, RetentionControl>();
        services.AddSingleton<IControlRoutes, RecordingControl>();
        services.AddSingleton<IControlRoutes, SnapshotControl>();
        AddAccess(services);
        services.AddSingleton<IControlRoutes, SecretsControl>();
        services.AddSingleton<IControlRoutes, AuditControl>();
        services.AddSingleton<ProjectionDesk>();
        services.AddSingleton<ProjectionCalls>();
        services.AddSingleton<IControlRoutes, ProjectionControl>();
        services.AddSingleton<IJsonRpcMethods, StreamJsonRpc>();
        services.AddSingleton<IJsonRpcMethods, StatusJsonRpc>();
        services.AddSingleton<ExternalStreamList>();
        services.AddSingleton<IJsonRpcMethods, ExternalStreamJsonRpc>();
        services.AddGraphQLDoor(settings);
        services.AddHostedService<Notifier>();
        services.AddHostedService<FactPrinter>();
        services.AddHostedService<QuietMemory>();
        AddSockets(services, settings);
    }

    /// <summary>Keys and users, by every way in.</summary>
    private static void AddAccess(IServiceCollection services)
    {
        services.AddSingleton<ApiKeyDesk>();
        services.AddSingleton<ApiKeyCalls>();
        services.AddSingleton<UserCalls>();
        services.AddSingleton<SignInAttempts>();
        services.AddSingleton<SignInEndpoints>();
        services.AddSingleton<OwnAccounts>();
        services.AddSingleton<IControlRoutes, ApiKeyControl>();
        services.AddSingleton<IControlRoutes, UserControl>();
        services.AddSingleton<AdministrationCalls>();
        services.AddSingleton<IAdministrationMethods, ApiKeyJsonRpc>();
        services.AddSingleton<IAdministrationMethods, UserJsonRpc>();
        services.AddSingleton<IAdministrationMethods, OwnAccountJsonRpc>();
    }

    private static void AddSockets(IServiceCollection services, EventsSettings settings)
    {
        services.AddJsonRpc(provider =>
        {
            var sessions = provider.GetRequiredService<ClientSessions>();
            var gate = provider.GetRequiredService<LegacyGate>();
            return new JsonRpcOptions
            {
                Methods =
                [
                    .. provider.GetServices<IJsonRpcMethods>().SelectMany(feature => feature.Methods)
                        .Select(MethodTable.Require)
                        .Select(LegacyGate.Guard),
                    .. provider.GetServices<IAdministrationMethods>().SelectMany(feature => feature.Methods)
                        .Select(AdministrationTable.Require)
                        .Select(LegacyGate.Guard),
                ],
                Rate = provider.GetRequiredService<RateLimits>().Check,
                Gate = gate.Check,
                OriginAllowed = settings.Security.AllowedOrigins.Contains,
                Closed = sessions.Forget,
                Clock = provider.GetRequiredService<TimeProvider>(),
                ConnectionsMax = settings.Server.MaxConnections,
                LoginWait = LoginWait,
                MessageBytesMax = settings.Server.MaxMessageBytes,
                PingInterval = settings.Server.PingInterval,
                PongWait = settings.Server.PongWait,
            };
        });

        // After the sockets: stopping goes the other way round, and they are to be told before they are closed.
        services.AddHostedService<SystemAnnouncer>();
    }

    private static RateLimits RateLimitsOf(RateLimitSettings limit, IServiceProvider provider)
    {
        double seconds = limit.Window.TotalSeconds;
        return new RateLimits(
            new RateRule(limit.Requests / seconds, limit.Burst),
            provider.GetRequiredService<AccountLimits>(),
            provider.GetRequiredService<ClientSessions>(),
            provider.GetRequiredService<TimeProvider>());
    }

    private static void Map(WebApplication app, EventsSettings settings)
    {
        IServiceProvider services = app.Services;
        app.Use(new WebGuard(settings.Security.AllowedOrigins).GuardAsync);
        app.Use(services.GetRequiredService<AddressGuard>().GuardAsync);
        app.Use(HttpBoundary.GuardAsync);
        bool isPlainOutside = !IPAddress.IsLoopback(Addresses.Of(settings.Server.Host))
            && (settings.Tls.CertificateFile is null || settings.Tls.PlainOutside);
        app.Use(FileEndpoints.RefuseClimbingAsync);
        app.Use((context, next) => KeepApart(context, next, settings.Health.Port, isPlainOutside));
        app.MapJsonRpc(settings.Server.WebSocketPath);
        app.MapGraphQL(GraphQLDoor.Path);
        services.GetRequiredService<LiveEndpoints>().Map(app);
        services.GetRequiredService<ControlEndpoints>().Map(app);
        services.GetRequiredService<FileEndpoints>().Map(app);
        services.GetRequiredService<TileEndpoints>().Map(app);
        services.GetRequiredService<WitnessEndpoints>().Map((IEndpointRouteBuilder)app);
        services.GetRequiredService<SignInEndpoints>().Map(app);
        services.GetRequiredService<HealthEndpoints>().Map(app);
    }

    /// <summary>
    /// Health checks answer on their own port, everything else on the main one, files on both. By the port that was connected
    /// to, not by the <c>Host</c> header, which a client may choose. Consent to health in the clear is none to pictures, so files
    /// leave this machine by the health port only when that is encrypted, or the main one hands them out in the clear, too.
    /// </summary>
    private static Task KeepApart(HttpContext context, RequestDelegate next, int healthPort, bool isPlainOutside)
    {
        PathString path = context.Request.Path;
        bool isHealthPort = context.Connection.LocalPort == healthPort;
        bool isFile = path.StartsWithSegments("/files", StringComparison.OrdinalIgnoreCase);
        if (isFile && isHealthPort && !isPlainOutside && !context.Request.IsHttps
            && !IPAddress.IsLoopback(context.Connection.RemoteIpAddress!))
        {
            return Results.Problem(
                "This port is not encrypted and hands out no files. Use the main one, or set Health.Tls to true.",
                statusCode: StatusCodes.Status403Forbidden).ExecuteAsync(context);
        }

        if (isFile || HealthEndpoints.Owns(path) == isHealthPort)
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
