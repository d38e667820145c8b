using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>Backups that the host takes when the newest one is old enough.</summary>
[Trait("pace", "slow")]
public sealed class Backups_by_themselves
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task are_taken_when_they_are_due_and_pruned()
    {
        string folder = Directory.CreateTempSubdirectory("backup").FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        string passphrase = Path.Combine(folder, "passphrase");
        await SecretFile.WriteAsync(passphrase, "correct horse battery staple\n", TestContext.Current.CancellationToken);
        string kept = Path.Combine(folder, "kept");
        Dictionary<string, string> settings = new()
        {
            ["EVENTS__Backup__Folder"] = kept,
            ["EVENTS__Backup__IntervalH"] = "24",
            ["EVENTS__Backup__Keep"] = "1",
            ["EVENTS__Backup__PassphraseFile"] = passphrase,
        };
        await using RunningHost host = await RunningHost.StartAsync(settings);
        string first = await BackupAsync(kept);
        Assert.True(File.Exists(Path.Combine(first, "keys.bin")));
        Assert.True(File.Exists(Path.Combine(first, "catalogue.jsonl")));

        // Not due: a start takes none.
        await host.KillAsync();
        await host.StartAgainAsync();
        (await host.CliAsync("camera", "add", "--name", "Gate", "--source", "rtsp://127.0.0.1:9/none")).Ok();
        Assert.Equal([first], Directory.GetDirectories(kept, "base-*"));

        // As if a day had passed. The older one goes when the newer one is whole.
        string row = Path.Combine(first, "backup.json");
        string taken = JsonElement.Parse(await File.ReadAllTextAsync(row, TestContext.Current.CancellationToken)).Text("takenAt");
        await File.WriteAllTextAsync(
            row,
            (await File.ReadAllTextAsync(row, TestContext.Current.CancellationToken)).Replace(
                taken, "2026-01-01T00:00:00+00:00", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        await host.KillAsync();
        await host.StartAgainAsync();
        string second = await BackupAsync(kept, first);
        await Until.TrueAsync(() => Task.FromResult(!Directory.Exists(first)), _limit, "the older backup to go");
        Assert.NotEqual(first, second);
        using HttpClient http = new();
        await Until.TrueAsync(
            async () => (await http.GetStringAsync(
                new Uri($"http://127.0.0.1:{host.HealthPort}/metrics"), TestContext.Current.CancellationToken))
                .Contains("events_backups_taken_total 1\n", StringComparison.Ordinal),
            _limit,
            "the backup to be counted");

        // Not killed: PostgreSQL would go on for a moment, and archive into the folder that is removed.
        Assert.Equal(0, await host.StopAsync());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task are_taken_at_once_of_a_restored_and_of_a_new_installation()
    {
        string folder = Directory.CreateTempSubdirectory("backup").FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        string kept = Path.Combine(folder, "kept");
        Dictionary<string, string> settings = new() { ["EVENTS__Backup__Folder"] = kept, ["EVENTS__Backup__Keep"] = "2" };

        // Each with a cluster that it made itself: they are told apart by that.
        settings["PATH"] = Environment.GetEnvironmentVariable("PATH")!;
        string first;
        await using (RunningHost host = await RunningHost.StartAsync(settings))
        {
            first = await BackupAsync(kept);
            await ArchivedAsync(host, Path.Combine(kept, "wal"));
            Assert.Equal(0, await host.StopAsync());
        }

        string restored = Path.Combine(folder, "restored");
        await RunningHost.RunAsync(["restore", "--from", kept, "--data", restored], []);
        string second;
        await using (RunningHost host = await RunningHost.StartAsync(settings, data: restored))
        {
            second = await BackupAsync(kept, first);
            await ArchivedAsync(host, Path.Combine(kept, "wal"));
            Assert.True(File.Exists(Path.Combine(kept, "wal", "00000002.history")), "Another restore must not begin line 2 again.");
            Assert.Equal(0, await host.StopAsync());
        }

        // The new one's files have the names of the old one's, and neither touches the other's.
        await using (RunningHost host = await RunningHost.StartAsync(settings))
        {
            await BackupAsync(kept, first, second);
            await ArchivedAsync(host, Directory.GetDirectories(kept, "wal-*").Single());
            Assert.Equal(3, Directory.GetDirectories(kept, "base-*").Length);
            Assert.Equal(0, await host.StopAsync());
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task ArchivedAsync(RunningHost host, string wal)
    {
        await host.SqlAsync("create table if not exists public.scratch (n int); insert into public.scratch values (1)");
        string name = await host.SqlAsync("select pg_walfile_name(pg_switch_wal())");
        await Until.TrueAsync(() => Task.FromResult(File.Exists(Path.Combine(wal, name))), _limit, $"{name} in {wal}");
    }

    private static async Task<string> BackupAsync(string folder, params string?[] without)
    {
        string? found = null;
        await Until.TrueAsync(
            () =>
            {
                found = Directory.Exists(folder)
                    ? Directory.GetDirectories(folder, "base-*").FirstOrDefault(
                        one => !without.Contains(one) && File.Exists(Path.Combine(one, "backup.json"))
                            && !one.EndsWith(".part", StringComparison.Ordinal))
                    : null;
                return Task.FromResult(found is not null);
            },
            _limit,
            "a backup");
        return found!;
    }
}
