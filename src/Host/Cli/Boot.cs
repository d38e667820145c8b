using System.Text.Json;
using Events.Application;
using Events.Application.Contracts;
using Events.EventStore;
using Events.Host.Control;
using Events.Host.Operations;
using Events.Host.Security;
using Events.Host.Settings;
using Events.Media.Storage;
using Events.Processes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Events.Host.Cli;

/// <summary>Everything that a start brings up, in order. Disposed, it takes it down again, however far it came.</summary>
/// <param name="areSecretsLost">Whether the key for secrets is gone for good, as somebody said.</param>
internal sealed class Boot(EventsSettings settings, bool areSecretsLost, Action<string> say) : IAsyncDisposable
{
    private ILoggerFactory? _logs;
    private DataFolder? _data;
    private EmbeddedPostgres? _postgres;
    private WebApplication? _app;

    /// <summary>Whether everything runs, or ran when it was asked to end.</summary>
    public bool HasStarted { get; private set; }

    public WebApplication App => _app!;

    public DataFolder Data => _data!;

    /// <summary>Whether this installation was never started before.</summary>
    public bool IsFirstRun { get; private set; }

    /// <exception cref="StartRefusedException">It cannot start here and now.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StartAsync(cancellationToken);
        }
        catch (Exception e) when (WordsOf(e) is { } words)
        {
            throw new StartRefusedException(words, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        _data?.Dispose();
        _logs?.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        // The folder first: of two starts on one folder, the second is to hear of the folder and not of its ports.
        _data = DataFolder.Open(settings.Data.Folder);
        Ports.RequireFree(settings.PlainHost, settings.Server.Port, "Server.Port", "--port");
        if (settings.Tls.IsOn)
        {
            Ports.RequireFree(settings.Server.Host, settings.Tls.Port, "Tls.Port", "EVENTS__Tls__Port");
            (string certificate, string key) = (settings.Tls.CertificateFile!, settings.Tls.KeyFile!);
            new TlsCertificate(certificate, key, TimeProvider.System, NullLogger<TlsCertificate>.Instance).Load();
        }

        Ports.RequireFree(settings.Health.Host, settings.Health.Port, "Health.Port", "--health-port");
        Ports.RequireFree(settings.PlainRtspHost, settings.Rtsp.Port, "Rtsp.Port", "--rtsp-port");
        if (settings.Rtsp.TlsPort is { } rtsps)
        {
            Ports.RequireFree(settings.Rtsp.Host, rtsps, "Rtsp.TlsPort", "EVENTS__Rtsp__TlsPort");
        }

        // Before anything is started: a key that others can read, or a file without one, is refused at once.
        SecretsKeys secrets = SecretsKeys.Open(_data.KeysPath);
        string tokens = settings.Security.JwtSecretKey ?? KeyFiles.ReadOrMake(Path.Combine(_data.KeysPath, "tokens.key"));
        IChildProcesses processes = ProcessesModule.Create();
        await Ffmpeg.RequireAsync(processes, cancellationToken);
        string connectionString = await ReachPostgresAsync(processes, cancellationToken);
        Guid installationId = await PrepareLogAsync(connectionString, secrets, cancellationToken);
        IsFirstRun = !File.Exists(Path.Combine(_data.FullPath, ".events-storage"));

        Installation installation = Describe(connectionString, installationId, secrets, tokens);
        _app = Composition.Build(installation, processes);
        await _app.StartAsync(cancellationToken);
        KeyFiles.WriteOwnerOnly(
            ControlClient.PathOf(_data.FullPath),
            JsonSerializer.Serialize(
                new RunningHost(
                    Addresses.UrlOf("http", settings.PlainHost, settings.Server.Port),
                    installation.Control.Token,
                    Environment.ProcessId),
                ControlJson.Default.RunningHost));
        HasStarted = true;
    }

    private async Task<string> ReachPostgresAsync(IChildProcesses processes, CancellationToken cancellationToken)
    {
        if (settings.PostgreSql.ConnectionString is { } given)
        {
            await GivenPostgres.RequireAsync(given, say, TimeProvider.System, cancellationToken);
            return given;
        }

        _logs = LoggerFactory.Create(logging => logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        }));
        _postgres = await EmbeddedPostgres.StartAsync(
            _data!, processes, say, TimeProvider.System, _logs.CreateLogger("PostgreSQL"), cancellationToken);
        return _postgres.ConnectionString;
    }

    /// <returns>The installation's id.</returns>
    private async Task<Guid> PrepareLogAsync(
        string connectionString, SecretsKeys secrets, CancellationToken cancellationToken)
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(EventTypes.Catalogue)
            .AddEventStore(new EventStoreOptions(() => connectionString))
            .BuildServiceProvider();
        var schema = services.GetRequiredService<EventStoreSchema>();
        try
        {
            await schema.ApplyAsync(cancellationToken);
            await SecretsAtStart.CheckAsync(
                connectionString,
                secrets,
                _data!.KeysPath,
                areSecretsLost,
                services.GetRequiredService<IConnectedHosts>(),
                say,
                cancellationToken);
            return await schema.InstallationIdAsync(cancellationToken);
        }
        catch (PostgresException refused)
        {
            throw GivenPostgres.RefusedBy(
                refused, connectionString, "Give the user the right to make schemas: GRANT CREATE ON DATABASE … TO …");
        }
    }

    private Installation Describe(string connectionString, Guid installationId, SecretsKeys secrets, string tokens) =>
        new(
            settings,
            connectionString,
            tokens,
            secrets,
            _data!.FullPath,
            new ControlFacts(
                Base64UrlEncoder.Encode(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)),
                _postgres?.LibpqUrl ?? LibpqText.Of(connectionString),
                Addresses.UrlOf("ws", settings.PlainHost, settings.Server.Port) + settings.Server.WebSocketPath,
                Addresses.UrlOf(settings.Health.IsEncrypted ? "https" : "http", settings.Health.Host, settings.Health.Port)
                    + "/health",
                _data.FullPath,
                installationId,
                settings.Security.TokenTtl));

    /// <returns>Null for what is a mistake of ours and has to be shown whole.</returns>
    private string? WordsOf(Exception failure) =>
        failure switch
        {
            StartRefusedException => null,
            SchemaRefusedException or ForeignStorageException or DependencyUnavailableException => failure.Message,
            IOException or UnauthorizedAccessException =>
                $"The host cannot start on the data folder {settings.Data.Folder}: {failure.Message}",
            _ => null,
        };
}
