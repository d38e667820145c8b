using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>
/// A folder that a host serves, or has served: tests damage it, have it refused, mend it, and see it served again, which is what the
/// next one needs, too. Many tests here need none, so it is made for the first that does.
/// </summary>
public sealed class ServedFolder : IAsyncLifetime
{
    private RunningHost? _host;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_host is { } host)
        {
            await LeaveAsync();
            await host.DisposeAsync();
        }
    }

    internal async Task<RunningHost> ServeAsync()
    {
        if (_host is null)
        {
            _host = await RunningHost.StartAsync();
        }
        else if (_host.Process.HasExited)
        {
            await _host.StartAgainAsync();
        }

        return _host;
    }

    /// <returns>The folder, which nobody serves any more.</returns>
    internal async Task<string> LeaveAsync()
    {
        RunningHost host = _host ?? await ServeAsync();
        if (!host.Process.HasExited)
        {
            Assert.Equal(0, await host.StopAsync());
        }

        return host.Data;
    }
}

/// <summary>
/// A host that cannot start says so in one message that names what is wrong and what helps, ends with exit code 2, and leaves no
/// process behind.
/// </summary>
public sealed class Bad_starts : IClassFixture<ServedFolder>, IDisposable
{
    private const int Refused = 2;

    private readonly string _folder = Directory.CreateTempSubdirectory("events-bad-").FullName;

    private readonly ServedFolder _served;

    public Bad_starts(ServedFolder served)
    {
        _served = served;
        File.SetUnixFileMode(
            _folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Data => Path.Combine(_folder, "data");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Sever:\n  Port: 1\n", "Sever.Port (events.yaml:2)", "Server.Port")]
    [InlineData("Server:\n  Prt: 1\n", "Server.Prt (events.yaml:2)", "Server.Port")]
    [InlineData("Server:\n  MaxConnections: many\n", "Server.MaxConnections", "1 to 100000")]
    [InlineData("Server:\n  MaxMessageBytes: 1\n", "Server.MaxMessageBytes", "1024 to 67108864")]
    [InlineData("Server:\n  Host: gate.example\n", "Server.Host", "address")]
    [InlineData("Storage:\n  WarnPercent: 95\n", "Storage.WarnPercent", "less than Storage.BlockPercent")]
    [InlineData("Storage:\n  WarnPercent: 10\n  WarnPercent: 20\n", "WarnPercent", "")]
    [InlineData("Storage:\n  WarnPercent: 10\nstorage:\n  warnpercent: 20\n", "Storage.WarnPercent (events.yaml:4)", "Remove one")]
    [InlineData("Security:\n  JwtSecretKey: short\n", "Security.JwtSecretKey", "openssl rand")]
    [InlineData("Security:\n  JwtSecretKey: edge-device-secret-key-change-in-production\n", "Security.JwtSecretKey", "of your own")]
    [InlineData("PostgreSql:\n  ConnectionString: Hst=db;Pasword=geheim\n", "PostgreSql.ConnectionString", "Host=db")]
    [InlineData("Oidc:\n  Authority: https://id.example\n", "Oidc.Authority", "Oidc.Audience")]
    [InlineData("Oidc:\n  Authority: http://id.example\n  Audience: events\n", "Oidc.Authority", "https")]
    [InlineData("Server: [\n", "events.yaml:", "YAML")]
    public async Task with_wrong_settings(string yaml, string key, string fix)
    {
        string file = Path.Combine(_folder, "events.yaml");
        await File.WriteAllTextAsync(file, yaml, Cancellation);

        CliResult refused = await RefusedAsync(["--config", file]);

        Assert.Contains(key, refused.Errors, StringComparison.Ordinal);
        Assert.Contains(fix, refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", refused.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Data), "Nothing is made before the settings are right.");
    }

    [Theory]
    [InlineData("EVENTS__Server__Prt", "1", "EVENTS__Server__Port")]
    [InlineData("EVENTS__Server__MaxConnections", "0", "1 to 100000")]
    [InlineData("EVENTS__Security__TokenTtl", "forever", "24h")]
    [InlineData("EVENTS__Health__Port", "", "8003")]
    public async Task with_a_wrong_variable(string name, string value, string fix)
    {
        CliResult refused = await RefusedAsync([], new() { [name] = value });

        Assert.Contains(name, refused.Errors, StringComparison.Ordinal);
        Assert.Contains(fix, refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task with_a_flag_that_there_is_not()
    {
        CliResult refused = await UpAsync(["--prot", "1"], []);

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("--prot", refused.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--port", "Server.Port")]
    [InlineData("--health-port", "Health.Port")]
    public async Task on_a_busy_port(string flag, string key)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        string port = $"{((IPEndPoint)other.LocalEndpoint).Port}";

        CliResult refused = await RefusedAsync([flag, port]);

        Assert.Contains($"Port {port}", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("in use", refused.Errors, StringComparison.Ordinal);
        Assert.Contains(flag, refused.Errors, StringComparison.Ordinal);
        Assert.Contains(key, refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task on_a_folder_that_is_served_already()
    {
        RunningHost host = await _served.ServeAsync();
        string[] samePorts = ["--port", $"{host.Port}", "--health-port", $"{host.HealthPort}"];
        foreach (string[] flags in new[] { samePorts, [] })
        {
            CliResult refused = await UpAsync([.. flags, "--data", host.Data], []);

            Assert.Equal(Refused, refused.ExitCode);
            Assert.Contains($"already served by process {host.ProcessId}", refused.Errors, StringComparison.Ordinal);
            Assert.Contains("--data", refused.Errors, StringComparison.Ordinal);
        }

        Assert.True(await host.IsReadyAsync(), "The one that serves it must not notice.");
    }

    [Trait("pace", "slow")]
    [Fact]
    public async Task on_footage_of_another_installation()
    {
        string data = await _served.LeaveAsync();
        string identity = Path.Combine(data, ".events-storage");
        string own = (await File.ReadAllTextAsync(identity, Cancellation)).Trim();
        const string other = "01930000-0000-7000-8000-00000000beef";
        await File.WriteAllTextAsync(identity, other + "\n", Cancellation);
        CliResult refused = await RefusedThereAsync();
        Assert.Contains(own, refused.Errors, StringComparison.Ordinal);
        Assert.Contains(other, refused.Errors, StringComparison.Ordinal);
        Assert.Contains("Mount the right disk", refused.Errors, StringComparison.Ordinal);

        File.Delete(identity);
        Directory.CreateDirectory(Path.Combine(data, "recordings", "camera0_2026-01-01_00-00-00"));
        refused = await RefusedThereAsync();
        Assert.Contains(identity, refused.Errors, StringComparison.Ordinal);
        Assert.Contains(own, refused.Errors, StringComparison.Ordinal);

        await File.WriteAllTextAsync(identity, own + "\n", Cancellation);
        await _served.ServeAsync();
    }

    [Fact]
    public async Task on_a_folder_that_cannot_be_written()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync(1);
        Directory.CreateDirectory(Path.Combine(disk.Path, "data"));
        await disk.MakeReadOnlyAsync();
        CliResult refused = await RefusedAsync(["--data", Path.Combine(disk.Path, "data")]);
        Assert.Contains(disk.Path, refused.Errors, StringComparison.Ordinal);
        Assert.Contains("--data", refused.Errors, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Data, "", Cancellation);
        Assert.Contains(Data, (await RefusedAsync([])).Errors, StringComparison.Ordinal);
    }

    [Trait("pace", "slow")]
    [Fact]
    public async Task with_keys_that_others_can_read_or_that_are_none()
    {
        string data = await _served.LeaveAsync();
        foreach (string name in new[] { "tokens.key", "sources.key" })
        {
            string path = Path.Combine(data, "keys", name);
            string key = await File.ReadAllTextAsync(path, Cancellation);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
            CliResult refused = await RefusedThereAsync();
            Assert.Contains($"chmod 600 {path}", refused.Errors, StringComparison.Ordinal);

            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            foreach (string damaged in new[] { "", "short", "!!!not base64!!!", key.Trim() + "AA" })
            {
                await File.WriteAllTextAsync(path, damaged, Cancellation);
                refused = await RefusedThereAsync();
                Assert.Contains(path, refused.Errors, StringComparison.Ordinal);
                Assert.Contains("backup", refused.Errors, StringComparison.Ordinal);
            }

            await File.WriteAllTextAsync(path, key, Cancellation);
        }

        await _served.ServeAsync();
    }

    [Trait("pace", "slow")]
    [Fact]
    public async Task with_a_given_PostgreSQL_that_does_not_let_us_in()
    {
        await using GivenPostgres given = await GivenPostgres.StartAsync();
        await given.RunAsync("create database narrow");
        await given.RunAsync("create role reader login password 'reader-passw0rd'");
        await given.RunAsync("create database ancient encoding 'SQL_ASCII' template template0");
        (string ConnectionString, string[] Words)[] cases =
        [
            (given.ConnectionString(password: "wrong-passw0rd"), ["password", "ada"]),
            (given.ConnectionString() .Replace("Password=" + GivenPostgres.Password + ";", "", StringComparison.Ordinal), ["password", "ada"]),
            (given.ConnectionString(user: "nobody"), ["nobody"]),
            (given.ConnectionString(database: "missing"), ["missing"]),
            (given.ConnectionString(database: "narrow", password: "reader-passw0rd", user: "reader"), ["narrow", "permission"]),
            (given.ConnectionString(database: "ancient"), ["ancient", "UTF8"]),
        ];
        foreach ((string connectionString, string[] words) in cases)
        {
            long start = Stopwatch.GetTimestamp();
            CliResult refused = await RefusedAsync([], new() { ["EVENTS__PostgreSql__ConnectionString"] = connectionString });
            Assert.Contains("PostgreSql.ConnectionString", refused.Errors, StringComparison.Ordinal);
            Assert.All(words, word => Assert.Contains(word, refused.Errors, StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain("passw0rd", refused.Errors + refused.Output, StringComparison.Ordinal);
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20), "It is refused at once: nothing will change by itself.");
        }

        string newer = given.ConnectionString(database: "newer");
        await given.RunAsync("create database newer");
        await (await RunningHost.StartAsync(new() { ["EVENTS__PostgreSql__ConnectionString"] = newer }, data: Data)).EndAsync();
        await given.RunAsync("insert into events_own.schema_version (version, name) values (900, 'of a newer program')", "newer");
        CliResult newerRefused = await RefusedAsync([], new() { ["EVENTS__PostgreSql__ConnectionString"] = newer });
        Assert.Contains("version 900", newerRefused.Errors, StringComparison.Ordinal);
        Assert.Contains("newer program", newerRefused.Errors, StringComparison.Ordinal);
    }

    [Trait("pace", "slow")]
    [Fact]
    public async Task with_a_PostgreSQL_that_is_nowhere()
    {
        string nowhere = $"Host=127.0.0.1;Port={RunningHost.FreePort()};Username=ada;Password=passw0rd-nowhere;Database=events";

        CliResult refused = await RefusedAsync([], new() { ["EVENTS__PostgreSql__ConnectionString"] = nowhere });

        Assert.Contains("PostgreSql.ConnectionString", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("Waiting", refused.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("passw0rd", refused.Errors + refused.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    public async Task on_a_full_disk(int freeMegabytes)
    {
        await using SmallDisk disk = await SmallDisk.MountAsync(30);
        string data = Path.Combine(disk.Path, "data");
        Directory.CreateDirectory(data);
        await disk.FillAsync(freeMegabytes * 1024L * 1024);

        CliResult refused = await RefusedAsync(["--data", data]);

        Assert.Matches("(?i)no space left on device|check free disk space", refused.Errors);
        Assert.Contains(data, refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task without_ffmpeg()
    {
        string[] hide = ["--mount", "--propagation", "private", "sh", "-c", "mount --bind /dev/null \"$(command -v ffmpeg)\" && exec \"$@\"", "sh"];
        Assert.SkipUnless(
            (await Tool.RunAsync("unshare", [.. hide, "true"])).ExitCode == 0, "Hiding ffmpeg needs root and a mount namespace of its own.");
        int[] ports = [RunningHost.FreePort(), RunningHost.FreePort()];

        CliResult refused = await Tool.RunAsync(
            "unshare",
            [
                .. hide, .. RunningHost.BuiltProgram, "up", "--no-demo", "--data", Data, "--port",
                $"{ports[0]}", "--health-port", $"{ports[1]}",
            ]);

        await InWordsAsync(refused);
        Assert.Contains("ffmpeg", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("apt-get install ffmpeg", refused.Errors, StringComparison.Ordinal);
    }

    [Trait("pace", "slow")]
    [Fact]
    public async Task over_a_stale_lock_are_none()
    {
        RunningHost host = await _served.ServeAsync();
        string stale = await File.ReadAllTextAsync(Path.Combine(host.Data, "postgres", "postmaster.pid"), Cancellation);
        foreach (string owner in new[] { "2147483646", "1", $"{Environment.ProcessId}" })
        {
            await _served.LeaveAsync();
            string[] lines = stale.Split('\n');
            lines[0] = owner;
            await File.WriteAllTextAsync(Path.Combine(host.Data, "postgres", "postmaster.pid"), string.Join('\n', lines), Cancellation);

            await _served.ServeAsync();
        }
    }

    private async Task<CliResult> RefusedThereAsync()
    {
        string data = await _served.LeaveAsync();
        CliResult refused = await RefusedAsync(["--data", data]);
        Assert.Equal("", await Scene.LeftBehindAsync(data));
        return refused;
    }

    private async Task<CliResult> RefusedAsync(string[] flags, Dictionary<string, string>? environment = null)
    {
        CliResult refused = await UpAsync(flags, environment ?? []);
        await InWordsAsync(refused);
        return refused;
    }

    private async Task InWordsAsync(CliResult refused)
    {
        Assert.True(refused.ExitCode == Refused, refused.ToString());
        Assert.False(string.IsNullOrWhiteSpace(refused.Errors), "No word was said.");
        Assert.DoesNotContain("Exception", refused.Errors + refused.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Errors + refused.Output, StringComparison.Ordinal);
        Assert.True(refused.Errors.Split('\n').Length <= 20, refused.Errors);
        Assert.Equal("", await Scene.LeftBehindAsync(_folder));
    }

    private async Task<CliResult> UpAsync(string[] flags, Dictionary<string, string> environment)
    {
        (string Flag, string Value)[] usual =
            [("--data", Data), ("--port", $"{RunningHost.FreePort()}"), ("--health-port", $"{RunningHost.FreePort()}")];
        bool hasPorts = environment.Keys.Any(name => name.EndsWith("Port", StringComparison.Ordinal));
        IEnumerable<string> more = usual
            .Where(one => !flags.Contains(one.Flag) && !(hasPorts && one.Flag == "--health-port"))
            .SelectMany(one => new[] { one.Flag, one.Value });
        return await RunningHost.RunAsync(["up", "--no-demo", .. more, .. flags], environment);
    }
}
