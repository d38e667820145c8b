using System.Diagnostics;
using System.Globalization;

using Events.Application.Contracts;
using Events.Host.Operations;
using Events.Processes;

using Microsoft.Extensions.Logging.Abstractions;

using Npgsql;

using Xunit;

namespace Events.Tests.Integration.Operations;

public sealed class An_embedded_postgres
{
    private const int Kill = 9;

    /// <summary>Children of a killed postmaster need up to 2 s, the new server its recovery.</summary>
    private static readonly TimeSpan BackTimeMax = TimeSpan.FromSeconds(15);

    private readonly IChildProcesses _processes = ProcessesModule.Create();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task keeps_what_was_written_over_a_restart(bool isPassable)
    {
        using var folder = new TemporaryFolder(isPassable);
        using var data = DataFolder.Open(folder.PathOf("data"));
        await using (var first = await StartAsync(data))
        {
            await RunAsync(first.ConnectionString, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");
        }

        await using var second = await StartAsync(data);

        Assert.Equal(7, await AskAsync<int>(second.ConnectionString, "SELECT n FROM kept"));
    }

    [Fact]
    public async Task is_durable_private_and_in_unicode()
    {
        using var folder = new TemporaryFolder();
        using var data = DataFolder.Open(folder.PathOf("data"));
        await using var postgres = await StartAsync(data);

        foreach (var (setting, value) in new[]
        {
            ("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on"), ("listen_addresses", ""),
            ("server_encoding", "UTF8"), ("data_checksums", "on"), ("TimeZone", "UTC"),
        })
        {
            Assert.Equal(value, await AskAsync<string>(postgres.ConnectionString, "SHOW " + setting));
        }

        Assert.Equal("C.UTF-8", await AskAsync<string>(
            postgres.ConnectionString, "SELECT datcollate FROM pg_database WHERE datname = 'events'"));
        Assert.Equal("events", await AskAsync<string>(postgres.ConnectionString, "SELECT current_user::text"));
        var socketFolder = new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Host!;
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(socketFolder));
        Assert.True(File.Exists(postgres.LogPath));
    }

    [Fact]
    public async Task gives_psql_an_address()
    {
        using var folder = new TemporaryFolder();
        using var data = DataFolder.Open(folder.PathOf("data"));
        await using var postgres = await StartAsync(data);
        await using var psql = _processes.Start(new ChildProcessSpec(
            "psql", [postgres.LibpqUrl, "--no-psqlrc", "-Atc", "SELECT current_database()"], WorkingDirectory: "/"));
        using var output = new StreamReader(psql.Output);

        Assert.Equal("events", (await output.ReadToEndAsync(Cancellation)).Trim());
    }

    [Fact]
    public async Task leaves_no_process_and_no_socket_behind()
    {
        using var folder = new TemporaryFolder();
        using var data = DataFolder.Open(folder.PathOf("data"));
        var postgres = await StartAsync(data);
        var socketFolder = new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Host!;

        await postgres.DisposeAsync();

        Assert.Empty(ServersIn(socketFolder));
        Assert.False(Directory.Exists(socketFolder));
        Assert.False(File.Exists(Path.Combine(data.PostgresPath, "postmaster.pid")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task comes_back_after_its_postmaster_was_killed(bool isPassable)
    {
        using var folder = new TemporaryFolder(isPassable);
        using var data = DataFolder.Open(folder.PathOf("data"));
        await using var postgres = await StartAsync(data);
        await RunAsync(postgres.ConnectionString, "CREATE TABLE kept AS SELECT generate_series(1, 1000) n");

        UnixFiles.Signal(postgres.ProcessId, Kill);

        await Until(() => postgres.Restarts == 1, BackTimeMax);
        Assert.Equal(1000, await AskAsync<long>(postgres.ConnectionString, "SELECT count(*) FROM kept"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ends_with_a_killed_host_and_serves_the_next_one(bool isPassable)
    {
        using var folder = new TemporaryFolder(isPassable);
        using var host = await KillableHost.StartAsync(folder.PathOf("data"));
        await RunAsync(host.ConnectionString, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");
        var socketFolder = new NpgsqlConnectionStringBuilder(host.ConnectionString).Host!;

        await host.KillAsync();

        // At once, while the old server is still closing.
        using var data = DataFolder.Open(folder.PathOf("data"));
        await using (var postgres = await StartAsync(data))
        {
            Assert.Equal(7, await AskAsync<int>(postgres.ConnectionString, "SELECT n FROM kept"));
            Assert.NotEqual(host.PostgresId, postgres.ProcessId);
        }

        Assert.Empty(ServersIn(socketFolder));
    }

    [Fact]
    public async Task ends_with_a_killed_host_although_a_session_is_busy()
    {
        using var folder = new TemporaryFolder(isPassable: false);
        using var host = await KillableHost.StartAsync(folder.PathOf("data"));
        var socketFolder = new NpgsqlConnectionStringBuilder(host.ConnectionString).Host!;
        var busy = RunAsync(host.ConnectionString, "SELECT pg_sleep(600)");

        await host.KillAsync();

        await Until(() => ServersIn(socketFolder).Count == 0, BackTimeMax);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => busy);
        Directory.Delete(socketFolder, recursive: true);
    }

    [Fact]
    public async Task starts_over_a_lock_whose_number_lives_again()
    {
        using var folder = new TemporaryFolder();
        using var data = DataFolder.Open(folder.PathOf("data"));
        await (await StartAsync(data)).DisposeAsync();
        var owner = UnixFiles.Look(data.PostgresPath)!;
        await using var stranger = _processes.Start(new ChildProcessSpec(
            "sleep", ["600"], RunAs: new RunAs(owner.UserId, owner.GroupId)));
        await File.WriteAllTextAsync(
            Path.Combine(data.PostgresPath, "postmaster.pid"),
            string.Create(CultureInfo.InvariantCulture, $"{stranger.Id}\n{data.PostgresPath}\n1700000000\n5432\n\n\n  0 0\n"),
            Cancellation);

        await using var postgres = await StartAsync(data);

        Assert.Equal(1, await AskAsync<int>(postgres.ConnectionString, "SELECT 1"));
        Assert.False(stranger.Exited.IsCompleted);
    }

    [Fact]
    public async Task leaves_a_server_alone_that_somebody_else_started_on_its_cluster()
    {
        using var folder = new TemporaryFolder();
        using var data = DataFolder.Open(folder.PathOf("data"));
        await (await StartAsync(data)).DisposeAsync();
        var owner = UnixFiles.Look(data.PostgresPath)!;
        var binaries = await EmbeddedPostgresBinaries.FindAsync(_processes, null, Cancellation);
        await using var stranger = _processes.Start(new ChildProcessSpec(
            binaries.Postgres,
            ["-D", data.PostgresPath, "-k", data.PostgresPath, "-c", "listen_addresses="],
            RunAs: new RunAs(owner.UserId, owner.GroupId)));
        await Until(() => File.Exists(Path.Combine(data.PostgresPath, ".s.PGSQL.5432")), BackTimeMax);

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => StartAsync(data));

        Assert.Contains($"{stranger.Id}", refused.Message, StringComparison.Ordinal);
        Assert.False(stranger.Exited.IsCompleted);
        stranger.Signal(3);
        await stranger.Exited.WaitAsync(BackTimeMax, Cancellation);
    }

    [Fact]
    public async Task makes_its_cluster_anew_when_the_first_try_was_cut_off()
    {
        using var folder = new TemporaryFolder();
        using var data = DataFolder.Open(folder.PathOf("data"));
        Directory.CreateDirectory(data.PostgresPath + ".new/base");

        await using var postgres = await StartAsync(data);

        Assert.Equal(1, await AskAsync<int>(postgres.ConnectionString, "SELECT 1"));
        Assert.False(Directory.Exists(data.PostgresPath + ".new"));
    }

    [Fact]
    public async Task refuses_a_cluster_of_a_version_that_is_not_installed()
    {
        using var folder = new TemporaryFolder();
        using var data = DataFolder.Open(folder.PathOf("data"));
        Directory.CreateDirectory(data.PostgresPath);
        await File.WriteAllTextAsync(Path.Combine(data.PostgresPath, "PG_VERSION"), "9\n", Cancellation);

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => StartAsync(data));

        Assert.Contains("Install PostgreSQL 9", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task refuses_a_folder_that_is_no_cluster()
    {
        using var folder = new TemporaryFolder();
        using var data = DataFolder.Open(folder.PathOf("data"));
        Directory.CreateDirectory(data.PostgresPath);

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => StartAsync(data));

        Assert.Contains(data.PostgresPath, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task says_why_it_cannot_start()
    {
        using var folder = new TemporaryFolder();
        using var data = DataFolder.Open(folder.PathOf("data"));
        await (await StartAsync(data)).DisposeAsync();
        await File.AppendAllTextAsync(Path.Combine(data.PostgresPath, "postgresql.conf"), "\nno_such_thing = 1\n", Cancellation);

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => StartAsync(data));

        Assert.Contains("no_such_thing", refused.Message, StringComparison.Ordinal);
    }

    private Task<EmbeddedPostgres> StartAsync(DataFolder data) =>
        EmbeddedPostgres.StartAsync(data, _processes, _ => { }, TimeProvider.System, NullLogger.Instance, Cancellation);

    private static async Task RunAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Command Timeout=0");
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static async Task<T> AskAsync<T>(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    /// <summary>Process ids of servers and their children, by the name that the runtime folder and the server share.</summary>
    private static List<string> ServersIn(string socketFolder)
    {
        var mark = "events-" + socketFolder[(socketFolder.LastIndexOf('-') + 1)..];
        return Directory.GetDirectories("/proc")
            .Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]))
            .Where(folder => TextOf(folder + "/comm").StartsWith("postgres", StringComparison.Ordinal)
                && TextOf(folder + "/cmdline").Contains(mark, StringComparison.Ordinal))
            .ToList();
    }

    private static string TextOf(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static async Task Until(Func<bool> holds, TimeSpan bound)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(clock.Elapsed < bound, $"Not within {bound}.");
            await timer.WaitForNextTickAsync(Cancellation);
        }
    }
}
