using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Events.Benchmarks;

/// <summary>Of one process, in MB of 10^6 bytes.</summary>
/// <param name="ResidentMb">All of its pages in memory, those of files that others share included.</param>
/// <param name="PrivateMb">Those that no file stands behind.</param>
internal readonly record struct ProcessMemory(double ResidentMb, double PrivateMb);

/// <summary>The real host as a child process, in a folder and on ports of its own; gone with its folder when disposed.</summary>
internal sealed class HostUnderTest : IAsyncDisposable
{
    private const double BytesPerMb = 1e6;
    private const double BytesPerKb = 1024;
    private const double MicrosecondsPerTick = 1e6 / 100;
    private const string Secret = "benchmarks-sign-with-this-secret-0123456789-0123456789";

    /// <summary>Makes and starts a PostgreSQL cluster, too; a loaded machine takes a tenth of it.</summary>
    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _control = new();
    private readonly string _program;
    private readonly string _folder = Directory.CreateTempSubdirectory("events-bench-").FullName;
    private readonly int _healthPort = FreePort();
    private readonly int _rtspPort = FreePort();
    private Process? _process;

    private HostUnderTest(string program) => _program = program;

    public int Port { get; } = FreePort();

    /// <param name="args"><c>--host PROGRAM</c>: another build than the one beside this program, e.g. a published one.</param>
    public static string ProgramOf(string[] args)
    {
        int at = Array.IndexOf(args, "--host");
        return Path.GetFullPath(
            at >= 0 && at + 1 < args.Length ? args[at + 1]
                : Environment.GetEnvironmentVariable("BENCH_HOST") ?? Path.Combine(AppContext.BaseDirectory, "Events.Host.dll"));
    }

    /// <summary>How a program was made, in words for the results.</summary>
    public static string BuildOf(string program) =>
        Path.GetDirectoryName(program) == Path.GetDirectoryName(AppContext.BaseDirectory)
            ? "built, not published (no precompiled code)"
            : "published as ./events up does";

    /// <param name="program">The host as built or published: <c>Events.Host.dll</c>, or the program that brings its runtime.</param>
    public static async Task<HostUnderTest> StartAsync(string program)
    {
        var host = new HostUnderTest(program);
        try
        {
            host._process = host.Start(
                [
                    "up", "--data", host._folder, "--port", $"{host.Port}", "--health-port", $"{host._healthPort}",
                    "--rtsp-port", $"{host._rtspPort}", "--no-demo",
                ]);
            _ = host._process.StandardOutput.ReadToEndAsync();
            await host.WaitUntilReadyAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a verb of the command line against this host and gives what it printed.</summary>
    public Task<string> CliAsync(params string[] words) => ReadAsync(Start([.. words, "--data", _folder]));

    /// <summary>Rows of one column.</summary>
    public async Task<string[]> SqlAsync(string sql)
    {
        string url = await CliAsync("db", "url");
        Process psql = Process.Start(new ProcessStartInfo("psql", ["-X", "-A", "-t", url, "-c", sql])
        {
            RedirectStandardOutput = true,
        })!;
        return (await ReadAsync(psql)).Split('\n');
    }

    /// <summary>Of the .NET process alone: neither PostgreSQL nor ffmpeg.</summary>
    public ProcessMemory Memory()
    {
        Dictionary<string, string> status = File.ReadLines($"/proc/{_process!.Id}/status")
            .Select(line => line.Split(':', 2)).ToDictionary(parts => parts[0], parts => parts[1]);
        return new ProcessMemory(Mb("VmRSS"), Mb("RssAnon"));

        double Mb(string name) =>
            double.Parse(status[name].Trim().Split(' ')[0], CultureInfo.InvariantCulture) * BytesPerKb / BytesPerMb;
    }

    /// <summary>Files and sockets that the .NET process holds.</summary>
    public int OpenFiles() => Directory.GetFileSystemEntries($"/proc/{_process!.Id}/fd").Length;

    /// <summary>Has <see cref="PeakMb"/> begin anew.</summary>
    public void ForgetPeak() => File.WriteAllText($"/proc/{_process!.Id}/clear_refs", "5");

    /// <summary>The most that was resident since the start or <see cref="ForgetPeak"/>.</summary>
    public double PeakMb() =>
        double.Parse(
            File.ReadLines($"/proc/{_process!.Id}/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal))
                .Split(':')[1].Trim().Split(' ')[0],
            CultureInfo.InvariantCulture) * BytesPerKb / BytesPerMb;

    /// <summary>Asks as the command line does, without its start.</summary>
    public async Task ControlAsync(string path)
    {
        using JsonDocument host = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "run", "host.json")));
        using HttpRequestMessage request = new(
            HttpMethod.Post, new Uri(new Uri(host.RootElement.GetProperty("url").GetString()!), $"/control/{path}"));
        request.Headers.Authorization = new("Bearer", host.RootElement.GetProperty("token").GetString());
        request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await _control.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{path}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    /// <summary>User and system time of the .NET process since its start.</summary>
    public double CpuMicroseconds()
    {
        (double user, double system) = CpuParts();
        return user + system;
    }

    /// <summary>The same in its two parts, in microseconds.</summary>
    public (double User, double System) CpuParts()
    {
        string stat = File.ReadAllText($"/proc/{_process!.Id}/stat");
        double[] parts = [.. stat[(stat.LastIndexOf(')') + 2)..].Split(' ').Skip(11).Take(2)
            .Select(ticks => double.Parse(ticks, CultureInfo.InvariantCulture) * MicrosecondsPerTick)];
        return (parts[0], parts[1]);
    }

    /// <summary>Ends it as Ctrl-C does; what does not end is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            using Process signal = Process.Start("kill", ["-INT", $"{_process.Id}"]);
            try
            {
                await _process.WaitForExitAsync().WaitAsync(StopTimeMax);
            }
            catch (TimeoutException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync();
            }
        }

        _process?.Dispose();
        _control.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task WaitUntilReadyAsync()
    {
        using var http = new HttpClient();
        var ready = new Uri($"http://127.0.0.1:{_healthPort}/health/ready");
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < StartTimeMax;)
        {
            if (_process!.HasExited)
            {
                throw new InvalidOperationException($"The host ended with {_process.ExitCode}.");
            }

            try
            {
                using HttpResponseMessage answer = await http.GetAsync(ready);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(LookEvery);
        }

        throw new TimeoutException("The host did not get ready.");
    }

    private Process Start(string[] words)
    {
        bool isDll = _program.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(isDll ? "dotnet" : _program, isDll ? [_program, .. words] : words)
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["EVENTS__Security__JwtSecretKey"] = Secret;

        // What is measured is how fast it is, not how well it holds one account back.
        start.Environment["EVENTS__Security__RateLimitRequests"] = "1000000";
        if (words is ["up", ..] && Environment.GetEnvironmentVariable("BENCH_HOST_COMPILES") is { Length: > 0 } assemblies)
        {
            // As ./events up says it to the runtime.
            start.Environment["DOTNET_ReadyToRunExcludeList"] = assemblies;
        }

        return Process.Start(start)!;
    }

    private static async Task<string> ReadAsync(Process process)
    {
        using (process)
        {
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0
                ? output.Trim()
                : throw new InvalidOperationException($"{process.StartInfo.FileName} ended with {process.ExitCode}.");
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
