using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Events.Tests.Engines.Postgres;

/// <summary>
/// A real PostgreSQL for tests, one per test process, with a fresh database for whoever asks: the one that
/// <c>EVENTS_TEST_POSTGRESQL</c> names, else a private cluster from local binaries, else one in docker.
/// </summary>
public static class PostgresFixture
{
    private static readonly Lazy<Task<PostgresServer>> Shared = new(PostgresServer.StartSharedAsync);

    /// <returns>Connection string of an empty database that nobody else uses.</returns>
    public static async Task<string> NewDatabaseAsync() => await (await Shared.Value).NewDatabaseAsync();

    internal static async Task EndAsync()
    {
        if (Shared.IsValueCreated)
        {
            await (await Shared.Value).DisposeAsync();
        }
    }
}

/// <summary>One PostgreSQL that a test may also stop, freeze and start.</summary>
public abstract class PostgresServer : IAsyncDisposable
{
    /// <summary>A cluster is made and started in under a second; a loaded machine gets a minute.</summary>
    protected static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private static int _databases;

    /// <summary>Of the server's own database, as its superuser.</summary>
    public abstract string ConnectionString { get; }

    /// <summary>The given server, or one of our own; never ended by a test.</summary>
    public static Task<PostgresServer> StartSharedAsync() =>
        Environment.GetEnvironmentVariable("EVENTS_TEST_POSTGRESQL") is { Length: > 0 } given
            ? Task.FromResult<PostgresServer>(new GivenServer(given))
            : StartOwnAsync();

    /// <summary>A server of the caller's own, which it may kill. Not available with a given connection string alone.</summary>
    public static async Task<PostgresServer> StartOwnAsync()
    {
        if (LocalServer.FindBinaries() is string binaries)
        {
            return await LocalServer.StartAsync(binaries);
        }

        if (await DockerServer.AnswersAsync())
        {
            return await DockerServer.StartAsync();
        }

        throw new InvalidOperationException(
            "These tests need PostgreSQL: set EVENTS_TEST_POSTGRESQL to a connection string of a superuser, or install the "
            + "server's binaries (apt-get install postgresql), or start a docker engine. None of the three was found.");
    }

    public async Task<string> NewDatabaseAsync()
    {
        string name = string.Create(
            CultureInfo.InvariantCulture, $"t{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}_{Guid.NewGuid():n}");
        await using NpgsqlConnection connection = new(ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand create = new($"create database {name} template template0", connection);
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name, Pooling = true }.ConnectionString;
    }

    /// <summary>Ends it without any warning, as a power cut does.</summary>
    public abstract Task KillAsync();

    /// <summary>Every process of it stands still; connections stay open and get no answer.</summary>
    public abstract Task FreezeAsync();

    public abstract Task ThawAsync();

    /// <summary>Starts it again after <see cref="KillAsync"/>, on the same data and address.</summary>
    public abstract Task StartAgainAsync();

    public abstract ValueTask DisposeAsync();

    protected async Task WaitUntilReadyAsync(Func<bool> hasEnded)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                NpgsqlConnectionStringBuilder once = new(ConnectionString) { Pooling = false, Timeout = 5 };
                await using NpgsqlConnection connection = new(once.ConnectionString);
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (Stopwatch.GetElapsedTime(start) < StartTimeout && !hasEnded())
            {
                await Task.Delay(20);
            }
        }
    }

    private sealed class GivenServer(string connectionString) : PostgresServer
    {
        private const string Why = "A given server is not stopped by tests.";

        public override string ConnectionString { get; } = connectionString;

        public override Task KillAsync() => throw new NotSupportedException(Why);

        public override Task FreezeAsync() => throw new NotSupportedException(Why);

        public override Task ThawAsync() => throw new NotSupportedException(Why);

        public override Task StartAgainAsync() => throw new NotSupportedException(Why);

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>A private cluster in a temporary folder, on a Unix socket, that ends with this process.</summary>
internal sealed class LocalServer : PostgresServer
{
    private const string Account = "postgres";

    private readonly string _binaries;
    private readonly string _folder;
    private Process? _postmaster;

    private LocalServer(string binaries, string folder)
    {
        _binaries = binaries;
        _folder = folder;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => End();
    }

    public override string ConnectionString => $"Host={_folder};Username={Account};Database=postgres";

    private string Data => Path.Combine(_folder, "data");

    /// <returns>The newest folder with <c>initdb</c> and <c>postgres</c>; null when there is none.</returns>
    public static string? FindBinaries()
    {
        IEnumerable<string> path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        const string Debian = "/usr/lib/postgresql";
        IEnumerable<string> debian = Directory.Exists(Debian)
            ? Directory.GetDirectories(Debian)
                .OrderByDescending(version => int.TryParse(Path.GetFileName(version), out int number) ? number : 0)
                .Select(version => Path.Combine(version, "bin"))
            : [];
        return path.Concat(debian).FirstOrDefault(
            folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
    }

    public static async Task<PostgresServer> StartAsync(string binaries)
    {
        // Short: a socket's path has at most 107 bytes.
        string folder = Directory.CreateTempSubdirectory("evpg").FullName;
        LocalServer server = new(binaries, folder);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", Account, folder);
        }

        await RunAsync(
            [.. AsAccount(), Path.Combine(binaries, "initdb"), "-D", server.Data, "-U", Account, "-A", "trust",
                "-E", "UTF8", "--locale=C", "--no-instructions"]);
        await server.StartAgainAsync();
        return server;
    }

    public override async Task KillAsync()
    {
        Process postmaster = _postmaster ?? throw new InvalidOperationException("It is not running.");
        string[] everyone = Everyone(postmaster.Id);
        await RunAsync(["kill", "-KILL", .. everyone]);
        await postmaster.WaitForExitAsync();
        _postmaster = null;
    }

    public override async Task FreezeAsync() => await RunAsync(["kill", "-STOP", .. Everyone(_postmaster!.Id)]);

    public override async Task ThawAsync() => await RunAsync(["kill", "-CONT", .. Everyone(_postmaster!.Id)]);

    public override async Task StartAgainAsync()
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            _postmaster = LastingThread.Start(
                [.. AsAccount(), Path.Combine(_binaries, "postgres"), "-D", Data, "-k", _folder, "-c", "listen_addresses=",
                    "-c", "fsync=on", "-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "logging_collector=off"]);
            try
            {
                await WaitUntilReadyAsync(() => _postmaster.HasExited);
                return;
            }
            catch (NpgsqlException) when (_postmaster.HasExited && Stopwatch.GetElapsedTime(start) < StartTimeout)
            {
                // The killed one's shared memory is let go a moment after its last process ended.
                await Task.Delay(100);
            }
        }
    }

    public override ValueTask DisposeAsync()
    {
        End();
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// The parent-death signal ends it when the thread that started it ends, hence <see cref="LastingThread"/>.
    /// </summary>
    private static string[] Everyone(int postmaster)
    {
        string children = File.ReadAllText($"/proc/{postmaster}/task/{postmaster}/children");
        return [postmaster.ToString(CultureInfo.InvariantCulture), .. children.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static Task RunAsync(params string[] words) => Commands.RunAsync(words);

    private static string[] AsAccount() =>
        Environment.IsPrivilegedProcess
            ? ["setpriv", $"--reuid={Account}", $"--regid={Account}", "--clear-groups", "--pdeathsig", "INT"]
            : ["setpriv", "--pdeathsig", "INT"];

    private void End()
    {
        Process? postmaster = Interlocked.Exchange(ref _postmaster, null);
        if (postmaster is { HasExited: false })
        {
            // SIGQUIT: an immediate end, children included. What is in the folder is thrown away.
            using Process quit = Process.Start("kill", ["-QUIT", $"{postmaster.Id}"]);
            quit.WaitForExit(1_000);
            if (!postmaster.WaitForExit(5_000))
            {
                postmaster.Kill(entireProcessTree: true);
            }
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}

/// <summary>A container, for machines that have an engine and no binaries.</summary>
internal sealed class DockerServer : PostgresServer
{
    private readonly string _name = $"events-test-{Guid.NewGuid():n}";
    private readonly int _port = FreePort();

    private DockerServer() => AppDomain.CurrentDomain.ProcessExit += (_, _) => End();

    public override string ConnectionString => $"Host=127.0.0.1;Port={_port};Username=postgres;Database=postgres";

    public static async Task<bool> AnswersAsync()
    {
        try
        {
            await Commands.RunAsync("docker", "info");
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    public static async Task<PostgresServer> StartAsync()
    {
        DockerServer server = new();
        await Commands.RunAsync(
            "docker", "run", "--detach", "--name", server._name, "--env", "POSTGRES_HOST_AUTH_METHOD=trust",
            "--publish", $"127.0.0.1:{server._port}:5432", "postgres:15", "-c", "max_connections=200");
        await server.WaitUntilReadyAsync(() => false);
        return server;
    }

    public override Task KillAsync() => Commands.RunAsync("docker", "kill", _name);

    public override Task FreezeAsync() => Commands.RunAsync("docker", "pause", _name);

    public override Task ThawAsync() => Commands.RunAsync("docker", "unpause", _name);

    public override async Task StartAgainAsync()
    {
        await Commands.RunAsync("docker", "start", _name);
        await WaitUntilReadyAsync(() => false);
    }

    public override ValueTask DisposeAsync()
    {
        End();
        return ValueTask.CompletedTask;
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void End()
    {
        using Process remove = Process.Start("docker", ["rm", "--force", "--volumes", _name]);
        remove.WaitForExit(10_000);
    }
}

internal static class Commands
{
    /// <exception cref="InvalidOperationException">It ended with a code other than 0; says what it wrote.</exception>
    public static async Task RunAsync(params string[] words)
    {
        using Process process = LastingThread.Start(words);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{string.Join(' ', words)} ended with {process.ExitCode}.");
        }
    }
}

/// <summary>Starts programs from one thread that lives as long as this process.</summary>
internal static class LastingThread
{
    private static readonly BlockingCollection<Action> Work = [];

    static LastingThread()
    {
        Thread thread = new(static () =>
        {
            foreach (Action action in Work.GetConsumingEnumerable())
            {
                action();
            }
        })
        {
            IsBackground = true,
            Name = "process starter",
        };
        thread.Start();
    }

    public static Process Start(string[] words)
    {
        TaskCompletionSource<Process> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                ProcessStartInfo info = new(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
                Process process = Process.Start(info)!;
                // Read and dropped, so that a talkative server never blocks on a full pipe.
                process.OutputDataReceived += static (_, _) => { };
                process.ErrorDataReceived += static (_, _) => { };
                process.BeginOutputReadLine();
                process.BeginErrorReadLine();
                started.SetResult(process);
            }
            catch (Exception failure)
            {
                started.SetException(failure);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }
}
