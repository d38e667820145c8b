using Events.Application.Contracts;

using Npgsql;

namespace Events.Host.Operations;

/// <summary>
/// A private PostgreSQL in the data folder: made on the first start, started again when it dies, and ended with the host however
/// the host ends. On a Unix socket only.
/// </summary>
internal sealed partial class EmbeddedPostgres : IAsyncDisposable
{
    private const int Interrupt = 2;
    private const int Quit = 3;

    /// <summary>A fast shutdown ends sessions and writes a checkpoint; a slow disk may need this long.</summary>
    private static readonly TimeSpan FastShutdownTimeMax = TimeSpan.FromSeconds(30);

    /// <summary>An immediate shutdown writes nothing.</summary>
    private static readonly TimeSpan ImmediateShutdownTimeMax = TimeSpan.FromSeconds(5);

    /// <summary>Replaying the log after a crash may take minutes, a start without it a tenth of a second.</summary>
    private static readonly TimeSpan ReadyTimeMax = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>A server that ran this long was well; the next trouble starts with the shortest pause again.</summary>
    private static readonly TimeSpan WellAfter = TimeSpan.FromSeconds(60);

    private readonly EmbeddedPostgresPlace _place;
    private readonly EmbeddedPostgresCommands _commands;
    private readonly EmbeddedPostgresRemains _remains;
    private readonly EmbeddedPostgresLog _log;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action<string> _progress;
    private readonly CancellationTokenSource _stopping = new();

    private bool _isReachable;
    private IChildProcess? _server;
    private Task _pump = Task.CompletedTask;
    private Task _supervision = Task.CompletedTask;

    private EmbeddedPostgres(
        DataFolder data,
        EmbeddedPostgresPlace place,
        EmbeddedPostgresCommands commands,
        Action<string> progress,
        TimeProvider time,
        ILogger logger)
    {
        _place = place;
        _commands = commands;
        _remains = new EmbeddedPostgresRemains(place.Mark, place.ClusterPath, time);
        _log = new EmbeddedPostgresLog(Path.Combine(data.FullPath, "postgres.log"));
        _time = time;
        _logger = logger;
        _progress = progress;
    }

    /// <summary>For Npgsql; good from the start to the end, also across restarts of the server. Holds no secret.</summary>
    public string ConnectionString => ConnectionStringFor("events");

    /// <summary>The same for libpq: <c>psql "$(…)"</c>. Works for root and for the server's account.</summary>
    public string LibpqUrl =>
        $"postgresql://events@/events?host={Uri.EscapeDataString(_place.RuntimeFolder)}&port={EmbeddedPostgresPlace.Port}";

    /// <summary>Of the server that runs now or ran last.</summary>
    public int ProcessId => _server?.Id ?? 0;

    /// <summary>How often the server died and was started again.</summary>
    public int Restarts { get; private set; }

    public string LogPath => _log.FilePath;

    /// <summary>Returns when a connection opens.</summary>
    /// <param name="progress">Gets short sentences for people while this takes time, and again when the server dies.</param>
    /// <exception cref="StartRefusedException">It cannot run here; the message says why and what helps.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(
        DataFolder data,
        IChildProcesses processes,
        Action<string> progress,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        var major = ClusterMajorOf(data.PostgresPath);
        var binaries = await EmbeddedPostgresBinaries.FindAsync(processes, major, cancellationToken);
        var place = EmbeddedPostgresPlace.Prepare(data);
        var commands = new EmbeddedPostgresCommands(processes, place, binaries);
        var postgres = new EmbeddedPostgres(data, place, commands, progress, time, logger);
        try
        {
            if (major is null)
            {
                progress($"Making a PostgreSQL {binaries.Major} cluster in {place.ClusterPath}");
                await postgres.MakeClusterAsync(cancellationToken);
            }

            postgres._isReachable = await commands.CanReachAsync(place.ClusterPath, cancellationToken);
            await postgres.StartServerAsync(cancellationToken);
            postgres._supervision = postgres.SuperviseAsync();
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _supervision;
        if (_server is { } server)
        {
            await StopAsync(server);
            await server.DisposeAsync();
            await _pump;
        }

        _place.RemoveRuntimeFolder();
        _stopping.Dispose();
    }

    /// <summary>Null when there is none yet.</summary>
    private static int? ClusterMajorOf(string clusterPath)
    {
        if (!Directory.Exists(clusterPath))
        {
            return null;
        }

        var versionFile = Path.Combine(clusterPath, "PG_VERSION");
        try
        {
            return int.Parse(File.ReadAllText(versionFile).Trim(), System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new StartRefusedException(
                $"{clusterPath} is there but is not a PostgreSQL cluster that we can read ({failure.Message}). "
                + "Move it away, or name another folder with --data (setting Data.Folder).",
                failure);
        }
    }

    /// <summary>Beside its place, and moved there when whole, so that no crash leaves half a cluster.</summary>
    private async Task MakeClusterAsync(CancellationToken cancellationToken)
    {
        var unfinished = _place.ClusterPath + ".new";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        Directory.CreateDirectory(unfinished, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _place.GiveToServer(unfinished);
        var isReachable = await _commands.CanReachAsync(unfinished, cancellationToken);
        await _commands.InitializeAsync(unfinished, isReachable, cancellationToken);
        Directory.Move(unfinished, _place.ClusterPath);
        UnixFiles.SyncFolder(Path.GetDirectoryName(_place.ClusterPath)!);
    }

    private async Task StartServerAsync(CancellationToken cancellationToken)
    {
        await _remains.ClearAsync(_place.RuntimeFolder, _progress, cancellationToken);
        _server = _commands.StartServer(_isReachable);
        _server.Input.Close();
        _pump = Task.WhenAll(_log.PumpAsync(_server.Error), _log.PumpAsync(_server.Output));
        await WaitUntilReadyAsync(_server, cancellationToken);
    }

    private async Task WaitUntilReadyAsync(IChildProcess server, CancellationToken cancellationToken)
    {
        var since = _time.GetTimestamp();
        using var timer = new PeriodicTimer(LookEvery, _time);
        while (!await OpensAsync("events", cancellationToken))
        {
            if (server.Exited.IsCompleted)
            {
                await _pump;
                throw Refused($"PostgreSQL ended while starting (exit code {await server.Exited})");
            }

            if (_time.GetElapsedTime(since) > ReadyTimeMax)
            {
                throw Refused($"PostgreSQL does not answer within {ReadyTimeMax.TotalMinutes} minutes");
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private StartRefusedException Refused(string what) =>
        new($"{what}. Its last words, from {_log.FilePath}:\n{string.Join('\n', _log.LastLines)}"
            + _commands.HintFor(_isReachable));

    private async Task<bool> OpensAsync(string database, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionStringFor(database) + ";Pooling=false;Timeout=5");
            await connection.OpenAsync(cancellationToken);
            return true;
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            await CreateDatabaseAsync(cancellationToken);
            return false;
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            return false;
        }
    }

    private async Task CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionStringFor("postgres") + ";Pooling=false;Timeout=5");
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand("CREATE DATABASE events", connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (NpgsqlException failure)
        {
            throw Refused($"PostgreSQL's database could not be made: {failure.Message}");
        }
    }

    private string ConnectionStringFor(string database) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = _place.RuntimeFolder,
            Port = EmbeddedPostgresPlace.Port,
            Username = "events",
            Database = database,
        }.ConnectionString;

    private async Task SuperviseAsync()
    {
        var pause = FirstPause;
        while (!_stopping.IsCancellationRequested)
        {
            var since = _time.GetTimestamp();
            try
            {
                var code = await _server!.Exited.WaitAsync(_stopping.Token);
                LogDied(code);
                _progress($"PostgreSQL ended (exit code {code}); starting it again");
                pause = _time.GetElapsedTime(since) > WellAfter ? FirstPause : pause;
                await Task.Delay(pause, _time, _stopping.Token);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                await RestartAsync();
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is StartRefusedException or DependencyUnavailableException or IOException
                or UnauthorizedAccessException or NpgsqlException)
            {
                // Tried again after the pause; the old process has ended, so the loop comes round at once.
                LogNotStarted(failure.Message);
            }
        }
    }

    private async Task RestartAsync()
    {
        await _server!.DisposeAsync();
        await _pump;
        await StartServerAsync(_stopping.Token);
        Restarts++;
        LogStartedAgain(Restarts);
        _progress("PostgreSQL is there again");
    }

    private async Task StopAsync(IChildProcess server)
    {
        foreach (var (signal, bound) in new[] { (Interrupt, FastShutdownTimeMax), (Quit, ImmediateShutdownTimeMax) })
        {
            server.Signal(signal);
            try
            {
                await server.Exited.WaitAsync(bound, _time, CancellationToken.None);
                return;
            }
            catch (TimeoutException)
            {
                LogStopsSlowly(signal, bound);
            }
        }

        // A frozen server passes nothing on to its own children, and would leave them behind when it is killed.
        EmbeddedPostgresRemains.KillChildrenOf(server.Id);
    }

    [LoggerMessage(9001, LogLevel.Error, "PostgreSQL ended with exit code {Code}; starting it again")]
    private partial void LogDied(int code);

    [LoggerMessage(9002, LogLevel.Error, "PostgreSQL could not be started again: {Why}")]
    private partial void LogNotStarted(string why);

    [LoggerMessage(9003, LogLevel.Information, "PostgreSQL is there again, restart {Count}")]
    private partial void LogStartedAgain(int count);

    [LoggerMessage(9004, LogLevel.Warning, "PostgreSQL did not end by signal {Signal} within {Bound}")]
    private partial void LogStopsSlowly(int signal, TimeSpan bound);
}
