using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>The drill: load, backup, more load, kill, restore, and as many facts as there were.</summary>
public sealed class Restoring_a_backup(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task brings_back_every_fact_up_to_a_moment_and_proves_it()
    {
        string folder = Directory.CreateTempSubdirectory("backup").FullName;
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }

        string passphrase = Path.Combine(folder, "passphrase");
        await SecretFile.WriteAsync(passphrase, "correct horse battery staple\n", Token);
        string restored = Path.Combine(folder, "restored");
        await using RunningHost host = await RunningHost.StartAsync();
        await AddAsync(host, 3);
        await RestoredHost.SignedAsync(host);
        JsonElement backup = JsonElement.Parse((await host.CliAsync(
            "backup", "--to", Path.Combine(folder, "kept"), "--passphrase-file", passphrase, "--format", "json")).Ok());
        Assert.Equal(await CountAsync(host), backup.GetProperty("facts").GetInt64());

        await AddAsync(host, 3);
        long before = await CountAsync(host);
        string moment = await MomentAsync(host);
        await AddAsync(host, 2);
        string wal = await host.SqlAsync("select pg_walfile_name(pg_switch_wal())");
        await Until.TrueAsync(
            () => Task.FromResult(File.Exists(Path.Combine(folder, "kept", "wal", wal))), TimeSpan.FromSeconds(60), "the archive");
        await host.KillAsync();

        long start = Stopwatch.GetTimestamp();
        CliResult result = await RunningHost.RunAsync(
            [
                "restore", "--from", Path.Combine(folder, "kept"), "--to", moment, "--data", restored, "--passphrase-file", passphrase,
                "--format", "json",
            ],
            []);
        JsonElement row = JsonElement.Parse(result.Ok());
        output.WriteLine($"restored {row.GetProperty("facts").GetInt64()} facts in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s: {row}");
        Assert.Equal(before, row.GetProperty("facts").GetInt64());
        Assert.Equal("proven", row.Text("seals"));
        Assert.Contains("own folder keys", row.GetProperty("notChecked").ToString(), StringComparison.Ordinal);
        Assert.Empty(row.GetProperty("viewsDifferent").EnumerateArray());
        Assert.True(row.GetProperty("hasKeys").GetBoolean());
        Assert.Equal(
            await File.ReadAllBytesAsync(Path.Combine(host.Data, "keys", "seal-key.pem"), Token),
            await File.ReadAllBytesAsync(Path.Combine(restored, "keys", "seal-key.pem"), Token));

        await using (RunningHost again = await RestoredHost.StartAsync(restored))
        {
            Assert.True(await CountAsync(again) >= before);
            Assert.Equal(6, (await again.CliAsync("camera", "list", "--format", "json")).Ok().Split("\"camera\":").Length - 1);
        }

        CliResult full = await RunningHost.RunAsync(["restore", "--from", Path.Combine(folder, "kept"), "--data", host.Data], []);
        Assert.Equal(2, full.ExitCode);
        Assert.Contains("is not empty", full.Errors, StringComparison.Ordinal);
        CliResult early = await RunningHost.RunAsync(
            ["restore", "--from", Path.Combine(folder, "kept"), "--to", "2020-01-01T00:00:00Z", "--data", Path.Combine(folder, "early")], []);
        Assert.Equal(2, early.ExitCode);
        Assert.Contains("nothing earlier can be restored", early.Errors, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task AddAsync(RunningHost host, int count)
    {
        for (int i = 0; i < count; i++)
        {
            (await host.CliAsync("camera", "add", "--name", $"Gate {Guid.NewGuid():n}", "--source", "rtsp://127.0.0.1:9/none")).Ok();
        }
    }

    /// <summary>By the database's clock, which its commits are recorded with, and surely between two of them.</summary>
    private static async Task<string> MomentAsync(RunningHost host)
    {
        string moment = await host.SqlAsync("select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
        await Until.TrueAsync(
            async () => string.CompareOrdinal(
                await host.SqlAsync("select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"), moment) > 0,
            TimeSpan.FromSeconds(5),
            "the clock");
        return moment;
    }

    private static async Task<long> CountAsync(RunningHost host) =>
        long.Parse(await host.SqlAsync("select count(*) from events.mt_events"), CultureInfo.InvariantCulture);
}
