using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using Events.Application;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.EventStore;
using Events.Host.Control;
using Events.Host.Live;
using Events.Host.Operations;
using Events.Host.Security;
using Events.Host.Settings;
using Events.Processes;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Cli;

/// <summary><c>up</c>: starts everything in the foreground and ends it again.</summary>
internal static class UpCommand
{
    /// <summary>Bad settings and refused starts, as opposed to a crash.</summary>
    private const int RefusedExitCode = 2;

    public static Command Build(Option<string> data)
    {
        var port = new Option<string?>("--port") { Description = "WebSocket and HTTP. Default 8002." };
        var healthPort = new Option<string?>("--health-port") { Description = "Health checks. Default 8003." };
        var rtspPort = new Option<string?>("--rtsp-port") { Description = "Live pictures over RTSP. Default 8554." };
        var noDemo = new Option<bool>("--no-demo") { Description = "No demo camera on the first run." };
        var config = new Option<string?>("--config")
        {
            Description = "A settings file. Default ./events.yaml, when it is there.",
        };
        var up = new Command("up", "Starts the host in the foreground; Ctrl-C ends it.")
        {
            port, healthPort, rtspPort, noDemo, config,
        };
        up.SetAction(async (given, cancellationToken) =>
        {
            try
            {
                List<string> warnings = [];
                EventsSettings settings = SettingsReader.Read(
                    SettingsSources.OfProcess(
                        given.GetValue(config), FlagsOf(given, data, port, healthPort, rtspPort, noDemo)),
                    warnings);
                warnings.ForEach(warning => Console.Error.WriteLine($"warning: {warning}"));
                return await RunAsync(settings, cancellationToken);
            }
            catch (Exception e) when (e is StartRefusedException or SettingsException or SchemaRefusedException)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return RefusedExitCode;
            }
        });
        return up;
    }

    /// <summary>What was typed, by the flag's name: settings from elsewhere must not lose against a default.</summary>
    private static Dictionary<string, string> FlagsOf(ParseResult given, Option<string> data, params Option[] others)
    {
        Dictionary<string, string> flags = [];
        foreach (Option option in others.Prepend(data))
        {
            if (given.GetResult(option) is { Implicit: false } result)
            {
                flags[option.Name] = result.Tokens.Count == 0 ? "true" : result.Tokens[^1].Value;
            }
        }

        return flags;
    }

    private static async Task<int> RunAsync(EventsSettings settings, CancellationToken cancellationToken)
    {
        Ports.RequireFree(settings.Server.Host, settings.Server.Port, "Server.Port", "--port");
        Ports.RequireFree(settings.Health.Host, settings.Health.Port, "Health.Port", "--health-port");
        using DataFolder data = DataFolder.Open(settings.Data.Folder);

        // After the folder: who starts twice on one folder is told of the folder, not of a port that he never chose.
        Ports.RequireFree(settings.Rtsp.Host, settings.Rtsp.Port, "Rtsp.Port", "--rtsp-port");
        using ILoggerFactory logs =
            LoggerFactory.Create(logging => logging.AddSimpleConsole(console => console.SingleLine = true));
        IChildProcesses processes = ProcessesModule.Create();
        await using EmbeddedPostgres? postgres = settings.PostgreSql.ConnectionString is null
            ? await EmbeddedPostgres.StartAsync(
                data, processes, Say, TimeProvider.System, logs.CreateLogger("PostgreSQL"), cancellationToken)
            : null;
        string connectionString = postgres?.ConnectionString ?? settings.PostgreSql.ConnectionString!;
        Guid installationId = await PrepareLogAsync(connectionString, cancellationToken);
        bool isFirstRun = !File.Exists(Path.Combine(data.FullPath, ".events-storage"));

        Installation installation = Describe(settings, data, postgres, connectionString, installationId);
        await using WebApplication app = Composition.Build(installation, processes);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Stop(signal, stop));
        await app.StartAsync(stop.Token);
        WriteRunningHost(settings, data, installation.Control);
        try
        {
            await GreetAsync(app.Services, settings, isFirstRun, isFirstRun && settings.Demo.Enabled, stop.Token);
            await Task.Delay(Timeout.Infinite, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Say("Stopping: files are closed and everything is written down ...");
        }

        File.Delete(ControlClient.PathOf(data.FullPath));

        // Cameras are drained while the log still answers.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await app.Services.GetRequiredService<IMediaControl>().DrainAsync(limit.Token);
        await app.StopAsync(limit.Token);
        Say("Stopped.");
        return 0;
    }

    private static async Task<Guid> PrepareLogAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(EventTypes.Catalogue)
            .AddEventStore(new EventStoreOptions(() => connectionString))
            .BuildServiceProvider();
        var schema = services.GetRequiredService<EventStoreSchema>();
        await schema.ApplyAsync(cancellationToken);
        return await schema.InstallationIdAsync(cancellationToken);
    }

    private static Installation Describe(
        EventsSettings settings, DataFolder data, EmbeddedPostgres? postgres, string connectionString, Guid installationId)
    {
        string secret = settings.Security.JwtSecretKey ?? KeyFiles.ReadOrMake(Path.Combine(data.KeysPath, "tokens.key"));
        return new Installation(
            settings,
            connectionString,
            secret,
            KeyFiles.ReadOrMake(Path.Combine(data.KeysPath, "sources.key")),
            data.FullPath,
            new ControlFacts(
                Base64UrlEncoder.Encode(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)),
                postgres?.LibpqUrl ?? LibpqText.Of(connectionString),
                Addresses.UrlOf("ws", settings.Server.Host, settings.Server.Port) + settings.Server.WebSocketPath,
                Addresses.UrlOf("http", settings.Health.Host, settings.Health.Port) + "/health",
                data.FullPath,
                installationId,
                settings.Security.TokenTtl));
    }

    private static void WriteRunningHost(EventsSettings settings, DataFolder data, ControlFacts control) =>
        KeyFiles.WriteOwnerOnly(
            ControlClient.PathOf(data.FullPath),
            JsonSerializer.Serialize(
                new RunningHost(
                    Addresses.UrlOf("http", settings.Server.Host, settings.Server.Port), control.Token, Environment.ProcessId),
                ControlJson.Default.RunningHost));

    private static async Task GreetAsync(
        IServiceProvider services, EventsSettings settings, bool isFirstRun, bool withDemo, CancellationToken cancellationToken)
    {
        var control = services.GetRequiredService<ControlFacts>();
        Say(string.Empty);
        Say("Events is running. Ctrl-C ends it.");
        Say($"  JSON-RPC      {control.WebSocket}");
        Say($"  Health        {control.Health}");
        int rtspPort = services.GetRequiredService<IRtspOutput>().Port;
        Say($"  RTSP          {Addresses.UrlOf("rtsp", settings.Rtsp.Host, rtspPort)}");
        Say($"  Data folder   {control.Data}");
        if (isFirstRun)
        {
            string token = services.GetRequiredService<AccessTokens>().Issue("bootstrap", Role.Admin, settings.Security.TokenTtl);
            Say($"  Admin token   {token}");
            Say("                (shown once; make others with: ./events token --role operator)");
        }

        if (withDemo)
        {
            await AddDemoAsync(services, cancellationToken);
        }

        Say(string.Empty);
    }

    private static async Task AddDemoAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        CameraId id = CameraId.New();
        await services.GetRequiredService<CommandBus>().SendAsync(
            new AddCamera(id, "Demo", "test:pattern?size=1280x720&fps=25"),
            Caller.System("first-run", id.ToString()),
            cancellationToken);
        CameraView? demo = await services.GetRequiredService<IReadModels>().FindAsync(
            CameraViewProjection.View, id.ToString(), cancellationToken);
        if (demo is not null)
        {
            var links = services.GetRequiredService<LiveLinks>();
            Say($"  Demo camera   {demo.Number}: a picture that ffmpeg makes. Open it in a browser:");
            Say($"                {links.PageOf(demo.Number, null)}");
            Say($"                or in a player: {links.RtspOf(demo.Number, null)}");
        }
    }

    private static void Stop(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    private static void Say(string line) => Console.Out.WriteLine(line);
}
