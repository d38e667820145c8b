using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;

namespace Events.Tests.Integration.Kit;

/// <summary>The real host as a process of its own, on ports and in a folder of its own, spoken to as its users do.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    public const string Secret = "integration-tests-sign-with-this-secret-0123456789";

    private const int PortFirst = 22_000;
    private const int PortCount = 10_000;

    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(60);
    private static int _portsGiven = Random.Shared.Next(PortCount);

    /// <summary>As <c>./events test</c> published it, precompiled as people run it; otherwise what lies beside these tests.</summary>
    public static string[] BuiltProgram { get; } =
    [
        "dotnet", Environment.GetEnvironmentVariable("EVENTS_TEST_HOST") ?? Path.Combine(AppContext.BaseDirectory, "Events.Host.dll"),
    ];

    /// <summary>Asks whether a host is ready, whatever certificate it shows: tests of certificates look for themselves.</summary>
    private static readonly HttpClient Health = new(new HttpClientHandler
    {
        ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
    });

    private readonly List<string> _output = [];
    private readonly ConcurrentDictionary<string, string> _told = [];
    private readonly Dictionary<string, string> _environment;
    private readonly string[] _flags;
    private readonly string[] _starter;
    private readonly TimeSpan _startTimeMax;
    private Process? _process;

    private RunningHost(
        string folder, Dictionary<string, string> environment, string[] flags, string[] starter, TimeSpan startTimeMax)
    {
        Data = folder;
        _starter = starter;
        _startTimeMax = startTimeMax;
        _environment = environment;
        _flags = flags;
        Port = FreePort();
        HealthPort = FreePort();
        RtspPort = FreePort();
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}"), Timeout = TimeSpan.FromSeconds(30) };
    }

    public string Data { get; }

    public int Port { get; }

    public int HealthPort { get; }

    public int RtspPort { get; }

    public HttpClient Http { get; }

    public int ProcessId => _process!.Id;

    public Process Process => _process!;

    /// <summary>All that it printed, over all its lives.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return string.Join('\n', _output);
            }
        }
    }

    /// <param name="starter">What is started in place of the built program, e.g. the script, or a program that starts it.</param>
    /// <param name="meanwhile">What is done again and again until it is ready.</param>
    public static async Task<RunningHost> StartAsync(
        Dictionary<string, string>? environment = null,
        string[]? flags = null,
        string? data = null,
        string[]? starter = null,
        TimeSpan? startTimeMax = null,
        Func<RunningHost, Task>? meanwhile = null)
    {
        string folder = data ?? Directory.CreateTempSubdirectory("events-it-").FullName;
        var host = new RunningHost(
            folder, environment ?? [], flags ?? ["--no-demo"], starter ?? BuiltProgram, startTimeMax ?? StartTimeMax);
        try
        {
            await host.StartAgainAsync(meanwhile);
            return host;
        }
        catch
        {
            // Nobody else can end it.
            host._process?.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Starts it in the same folder on the same ports, and waits until it is ready.</summary>
    public async Task StartAgainAsync(Func<RunningHost, Task>? meanwhile = null)
    {
        string[] ports = ["--port", $"{Port}", "--health-port", $"{HealthPort}", "--rtsp-port", $"{RtspPort}"];
        _told.Clear();
        _process = Start([.. _starter, "up", "--data", Data, .. ports, .. _flags], InTests(_environment));
        _ = ReadAsync(_process.StandardOutput);
        _ = ReadAsync(_process.StandardError);
        await Until.TrueAsync(
            async () =>
            {
                await (meanwhile?.Invoke(this) ?? Task.CompletedTask);
                return _process.HasExited ? throw new InvalidOperationException($"The host ended: {Output}") : await IsReadyAsync();
            },
            _startTimeMax,
            () => $"the host to be ready; it printed:\n{Output}");
    }

    public async Task<bool> IsReadyAsync()
    {
        try
        {
            string scheme = _environment.GetValueOrDefault("EVENTS__Health__Tls") == "true" ? "https" : "http";
            using HttpResponseMessage ready = await Health.GetAsync(new Uri($"{scheme}://127.0.0.1:{HealthPort}/health/ready"));
            return ready.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>
    /// Ends it as a service manager does. What Ctrl-C sends is passed over by all that a shell without job control starts in its
    /// background, and so perhaps by these tests.
    /// </summary>
    public async Task<int> StopAsync()
    {
        using Process signal = Process.Start("kill", ["-TERM", $"{_process!.Id}"]);
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(45));
        return _process.ExitCode;
    }

    /// <summary>Runs a verb against this host.</summary>
    public Task<CliResult> CliAsync(params string[] words) => RunAsync([.. words, "--data", Data], []);

    /// <summary>The same one in all its life: to make one is a program's start.</summary>
    public Task<string> TokenAsync(string role) => TellAsync("token", "--role", role);

    public async Task<RpcClient> ConnectAsync(string? role = "admin")
    {
        var client = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{Port}/ws"));
        if (role is not null)
        {
            await client.CallAsync("authenticate", new { auth_token = await TokenAsync(role) });
        }

        return client;
    }

    /// <summary>What SQL says, over the address that the host hands out.</summary>
    public async Task<string> SqlAsync(string sql)
    {
        string url = await TellAsync("db", "url");
        CliResult result = await Tool.RunAsync("psql", ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", url, "-c", sql]);
        return result.Ok().Trim();
    }

    public async Task<IReadOnlyList<string>> FactsAsync(string streamPrefix) =>
        (await SqlAsync($"select type from events.mt_events where stream_id like '{streamPrefix}-%' order by seq_id"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public async Task<byte[]> DownloadAsync(string path, string? token = null, RangeHeaderValue? range = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Range = range;
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        using HttpResponseMessage response = await Http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsByteArrayAsync();
    }

    /// <summary>The same, with something to read on its standard input.</summary>
    public Task<CliResult> CliReadingAsync(string input, params string[] words) => RunAsync([.. words, "--data", Data], [], input);

    /// <param name="input">Null for what the tests themselves read.</param>
    public static async Task<CliResult> RunAsync(string[] words, Dictionary<string, string> environment, string? input = null)
    {
        Process process = Start([.. BuiltProgram, .. words], Hurried(environment), input is not null);
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }

        return await Tool.WaitAsync(process);
    }

    /// <summary>
    /// None that it gave before, and none of those that the system takes for connections: one of them could be another test's
    /// before it is listened on.
    /// </summary>
    public static int FreePort()
    {
        for (int i = 0; i < PortCount; i++)
        {
            int port = PortFirst + (int)((uint)Interlocked.Increment(ref _portsGiven) % PortCount);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody else has it.
            }
        }

        throw new InvalidOperationException($"None of the ports from {PortFirst} on is free.");
    }

    /// <summary>Ends it well and leaves its folder.</summary>
    public async Task EndAsync()
    {
        if (_process is { HasExited: false } && await StopAsync() != 0)
        {
            throw new InvalidOperationException($"The host ended badly: {Output}");
        }

        _process?.Dispose();
        Http.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await StopAsync();
        }

        _process?.Dispose();
        Http.Dispose();
        Directory.Delete(Data, recursive: true);
    }

    /// <summary>What a verb says once in a life of the host.</summary>
    private async Task<string> TellAsync(params string[] words)
    {
        string verb = string.Join(' ', words);
        return _told.GetValueOrDefault(verb) ?? (_told[verb] = (await CliAsync(words)).Ok().Trim());
    }

    /// <summary>
    /// Hundreds of hosts start here and live for seconds: what is not precompiled is compiled in a hurry and once, memory is not
    /// saved, and a cluster is unpacked. A test that measures a host sets <c>DOTNET_TieredCompilation</c> itself, and one that wants
    /// clusters of their own <c>PATH</c>.
    /// </summary>
    private static Dictionary<string, string> InTests(Dictionary<string, string> environment)
    {
        Dictionary<string, string> all = new(environment);
        if (PreparedClusters.SearchPath is { } path)
        {
            all.TryAdd("PATH", path);
        }

        return Hurried(all);
    }

    private static Dictionary<string, string> Hurried(Dictionary<string, string> environment) =>
        environment.ContainsKey("DOTNET_TieredCompilation")
            ? environment
            : new(environment)
            {
                ["DOTNET_TieredCompilation"] = "1",
                ["DOTNET_TC_CallCounting"] = "0",
                ["DOTNET_TieredPGO"] = "0",
                ["DOTNET_GCgen0size"] = "0x400000",
                ["DOTNET_GCConserveMemory"] = "0",
                ["DOTNET_EnableWriteXorExecute"] = "0",
            };

    private static Process Start(string[] words, Dictionary<string, string> environment, bool isFed = false)
    {
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = isFed,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_output)
            {
                _output.Add(line);
            }
        }
    }
}

internal static class Json
{
    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static double Number(this JsonElement element, string name) => element.GetProperty(name).GetDouble();
}
