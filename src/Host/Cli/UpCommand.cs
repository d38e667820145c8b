using System.CommandLine;
using Events.Application;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.Users;
using Events.Domain.Kernel;
using Events.Host.Control;
using Events.Host.Live;
using Events.Host.Operations;
using Events.Host.Security;
using Events.Host.Settings;

namespace Events.Host.Cli;

/// <summary><c>up</c>: starts everything in the foreground and ends it again.</summary>
internal static class UpCommand
{
    /// <summary>Bad settings and refused starts, as opposed to a crash.</summary>
    private const int RefusedExitCode = 2;

    /// <summary>Service managers kill after 30 to 90 s; PostgreSQL's own end comes on top of this.</summary>
    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(20);

    /// <summary>The views of an empty log are there at once; a slow disk takes a little longer.</summary>
    private static readonly TimeSpan AdminWaitMax = TimeSpan.FromSeconds(20);

    public static Command Build(Option<string> data, Option<string?> config)
    {
        var port = new Option<string?>("--port") { Description = "WebSocket and HTTP. Default 8002." };
        var healthPort = new Option<string?>("--health-port") { Description = "Health checks. Default 8003." };
        var rtspPort = new Option<string?>("--rtsp-port") { Description = "Live pictures over RTSP. Default 8554." };
        var noDemo = new Option<bool>("--no-demo") { Description = "No demo camera on the first run." };
        var secretsLost = new Option<bool>("--secrets-lost")
        {
            Description = "The key that secrets in the database are under is gone for good: go on without, with another one.",
        };
        var up = new Command("up", "Starts the host in the foreground; Ctrl-C ends it.")
        {
            port, healthPort, rtspPort, noDemo, secretsLost,
        };
        up.SetAction(async (given, _) =>
        {
            try
            {
                List<string> warnings = [];
                EventsSettings settings = SettingsReader.Read(
                    SettingsSources.OfProcess(
                        given.GetValue(config), FlagsOf(given, data, port, healthPort, rtspPort, noDemo)),
                    warnings);
                warnings.ForEach(warning => Console.Error.WriteLine($"warning: {warning}"));
                return await RunAsync(settings, given.GetValue(secretsLost));
            }
            catch (Exception e) when (e is StartRefusedException or SettingsException)
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

    private static async Task<int> RunAsync(EventsSettings settings, bool areSecretsLost)
    {
        using var signals = new StopSignals();
        await using var boot = new Boot(settings, areSecretsLost, Say);
        try
        {
            await boot.RunAsync(signals.Asked);
            await GreetAsync(boot.App.Services, settings, boot.IsFirstRun, signals.Asked);
            await Task.Delay(Timeout.Infinite, signals.Asked);
        }
        catch (OperationCanceledException) when (signals.Asked.IsCancellationRequested)
        {
            Say("Stopping: files are closed and everything is written down ...");
        }

        await StopAsync(boot);
        Say("Stopped.");
        return 0;
    }

    private static async Task StopAsync(Boot boot)
    {
        if (!boot.HasStarted)
        {
            return;
        }

        File.Delete(ControlClient.PathOf(boot.Data.FullPath));
        using var limit = new CancellationTokenSource(StopTimeMax);
        try
        {
            // Cameras are drained while the log still answers.
            await boot.App.Services.GetRequiredService<IMediaControl>().DrainAsync(limit.Token);
            await boot.App.StopAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            Say($"Not everything could be written down within {StopTimeMax.TotalSeconds} s; the next start finishes it.");
        }
    }

    private static async Task GreetAsync(
        IServiceProvider services, EventsSettings settings, bool isFirstRun, CancellationToken cancellationToken)
    {
        var control = services.GetRequiredService<ControlFacts>();
        Say(string.Empty);
        Say("Events is running. Ctrl-C ends it.");
        Say($"  JSON-RPC      {control.WebSocket}");
        if (settings.Tls.IsOn)
        {
            string secure = Addresses.UrlOf("wss", settings.Server.Host, settings.Tls.Port);
            Say($"  With TLS      {secure}{settings.Server.WebSocketPath}");
        }

        Say($"  Health        {control.Health}");
        var rtsp = services.GetRequiredService<IRtspOutput>();
        Say($"  RTSP          {Addresses.UrlOf("rtsp", settings.PlainRtspHost, rtsp.Port)}");
        if (rtsp.TlsPort > 0)
        {
            Say($"  With TLS      {Addresses.UrlOf("rtsps", settings.Rtsp.Host, rtsp.TlsPort)}");
        }

        Say($"  Data folder   {control.Data}");
        if (isFirstRun)
        {
            string token = services.GetRequiredService<AccessTokens>().Issue("bootstrap", Role.Admin, settings.Security.TokenTtl);
            Say($"  Admin token   {token}");
            Say("                (shown once; make others with: ./events token --role operator)");
            await AddAdminAsync(services, cancellationToken);
        }

        if (isFirstRun && settings.Demo.Enabled)
        {
            await AddDemoAsync(services, cancellationToken);
        }

        Say(string.Empty);
    }

    /// <summary>One person to begin with. The password is good for nothing but to be changed.</summary>
    private static async Task AddAdminAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (!await services.GetRequiredService<UserRing>().WaitForAsync(0, AdminWaitMax, cancellationToken))
        {
            Say("  Admin user    none yet; make one with: ./events users add --name admin --role admin");
            return;
        }

        string password = UserAccounts.Generate();
        CommandResult made;
        try
        {
            made = await services.GetRequiredService<UserAccounts>().CreateAsync(
                "admin", Role.Admin, null, password, true, Caller.System("first-run", "admin"), cancellationToken);
        }
        catch (DependencyUnavailableException closed) when (closed.Dependency == "secrets")
        {
            // Another host on this database has one; names are closed to this one, as was said.
            return;
        }

        if (made is { Refusal: null, Position: > 0 })
        {
            Say($"  Admin user    admin, password {password}");
            Say("                (shown once; to be changed first: ./events users password --help, or POST /auth/password)");
        }
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
            var owner = new LinkOwner.Account(null, ControlCalls.Account, DateTimeOffset.MaxValue);
            Say($"                {links.PageOf(demo.Number, owner)}");
            Say($"                or in a player: {links.RtspOf(demo.Number, owner)}");
        }
    }

    private static void Say(string line) => Console.Out.WriteLine(line);
}
