using Events.Application;
using Events.Application.Contracts;
using Events.EventStore;
using Events.EventStore.Seals;
using Events.Host.Cli;
using Events.Host.Operations;
using Events.Host.Security;
using Events.Host.Settings;
using Events.Processes;
using Npgsql;

namespace Events.Host.Audit;

/// <summary>Where an installation's log is, as a running host tells the command line of its own machine.</summary>
/// <param name="Connection">For Npgsql.</param>
/// <param name="Keys">The folder with the sealer's key and state.</param>
/// <param name="Storage">The folder with the footage.</param>
/// <param name="Anchors">The folder that heads are shown in; null for none.</param>
/// <param name="Trouble">Why no head is signed; null if all is well.</param>
internal sealed record LogPlace(string Connection, string Keys, string Storage, string? Anchors = null, string? Trouble = null)
{
    /// <summary>How heads fare outside; null when no host runs.</summary>
    public IReadOnlyList<AnchorStatus>? Shown { get; init; }
}

/// <summary>
/// The log behind a data folder, for verbs that read it themselves: that of the host that serves the folder, or, when none does,
/// its PostgreSQL started for the verb and stopped again. The folder is held meanwhile, so that no host starts beside it.
/// </summary>
internal sealed class LogAccess : IAsyncDisposable
{
    private readonly DataFolder? _data;
    private readonly EmbeddedPostgres? _postgres;
    private readonly ILoggerFactory? _logs;
    private readonly Lazy<ServiceProvider> _services;

    private LogAccess(
        LogPlace place,
        ControlClient? host,
        DataFolder? data = null,
        EmbeddedPostgres? postgres = null,
        ILoggerFactory? logs = null)
    {
        (Place, Host, _data, _postgres, _logs) = (place, host, data, postgres, logs);
        _services = new(() =>
        {
            IServiceCollection services = new ServiceCollection()
                .AddLogging()
                .AddSingleton(EventTypes.Catalogue)
                .AddSingleton<PastViews>()
                .AddSingleton(_ => NpgsqlDataSource.Create(place.Connection))
                .AddSingleton<ProtectedValues>()
                .AddEventStore(new EventStoreOptions(() => place.Connection));
            services.AddPersonalKeys(place.Connection, place.Storage, place.Keys);
            return services.BuildServiceProvider();
        });
    }

    public LogPlace Place { get; }

    /// <summary>Null when no host serves the folder.</summary>
    public ControlClient? Host { get; }

    public ILog Log => Get<ILog>();

    public EventStoreSchema Schema => Get<EventStoreSchema>();

    public IFacts Facts => Get<IFacts>();

    public PastViews PastViews => Get<PastViews>();

    /// <summary>Keys of encrypted recordings; null where the installation's own key is not in its folder.</summary>
    /// <exception cref="CommandFailedException">It is there, and others may read it or it holds no key.</exception>
    public IFootageKeys? FootageKeys
    {
        get
        {
            try
            {
                return SecretsKeys.OpenExisting(Place.Keys) is { } keys
                    ? new FootageKeys(new SealedValues(Get<ProtectedValues>(), keys), encryptsNew: false)
                    : null;
            }
            catch (StartRefusedException refused)
            {
                throw new CommandFailedException(refused.Message);
            }
        }
    }

    /// <param name="config">A settings file for when no host runs; null for the usual one.</param>
    /// <param name="say">Gets a sentence when a PostgreSQL is started for this.</param>
    /// <exception cref="CommandFailedException">The log cannot be reached; the message says why.</exception>
    public static async Task<LogAccess> OpenAsync(
        string folder, string? config, Action<string> say, CancellationToken cancellationToken)
    {
        if (await RunningAsync(folder, cancellationToken) is { } running)
        {
            return running;
        }

        if (!Directory.Exists(folder))
        {
            throw new CommandFailedException($"There is no data folder {folder}. Name another one with --data.");
        }

        try
        {
            EventsSettings settings = SettingsReader.Read(
                SettingsSources.OfProcess(config, new Dictionary<string, string> { ["--data"] = folder }), []);
            return await StartAsync(settings, say, cancellationToken);
        }
        catch (Exception refused) when (refused is StartRefusedException or SettingsException or DependencyUnavailableException)
        {
            throw new CommandFailedException(refused.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_services.IsValueCreated)
        {
            await _services.Value.DisposeAsync();
        }

        Host?.Dispose();
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        _data?.Dispose();
        _logs?.Dispose();
    }

    private T Get<T>()
        where T : notnull => _services.Value.GetRequiredService<T>();

    /// <returns>Null when no host answers.</returns>
    private static async Task<LogAccess?> RunningAsync(string folder, CancellationToken cancellationToken)
    {
        if (!File.Exists(ControlClient.PathOf(folder)))
        {
            return null;
        }

        ControlClient client = ControlClient.For(folder);
        try
        {
            return new LogAccess(await client.GetAsync("/control/log", AuditJson.Default.LogPlace, cancellationToken), client);
        }
        catch (HostAwayException)
        {
            client.Dispose();
            return null;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private static async Task<LogAccess> StartAsync(
        EventsSettings settings, Action<string> say, CancellationToken cancellationToken)
    {
        DataFolder data = DataFolder.Open(settings.Data.Folder);
        ILoggerFactory logs = LoggerFactory.Create(_ => { });
        try
        {
            if (settings.PostgreSql.ConnectionString is { } given)
            {
                await GivenPostgres.RequireAsync(given, say, TimeProvider.System, cancellationToken);
                return new LogAccess(
                    new LogPlace(given, data.KeysPath, data.FullPath, settings.Anchors.Folder), null, data, null, logs);
            }

            if (!Directory.Exists(data.PostgresPath))
            {
                throw new CommandFailedException($"{data.FullPath} holds no log. Name another folder with --data.");
            }

            say($"No host serves {data.FullPath}: its PostgreSQL is started for this, and stopped again.");
            EmbeddedPostgres postgres = await EmbeddedPostgres.StartAsync(
                data, ProcessesModule.Create(), say, TimeProvider.System, logs.CreateLogger("PostgreSQL"), cancellationToken);
            return new LogAccess(
                new LogPlace(postgres.ConnectionString, data.KeysPath, data.FullPath, settings.Anchors.Folder),
                null,
                data,
                postgres,
                logs);
        }
        catch
        {
            data.Dispose();
            logs.Dispose();
            throw;
        }
    }
}
