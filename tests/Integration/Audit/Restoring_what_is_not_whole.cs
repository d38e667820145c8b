using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>Backups that lack something, and words that are wrong: a restore says so, in its exit code, too.</summary>
[Trait("pace", "slow")]
public sealed class Restoring_what_is_not_whole
{
    /// <summary>What a shell, PostgreSQL's file of settings and its placeholders each take for something else.</summary>
    private const string OddName = "it's \"kept\" $HOME `id` 100% %p \\n here";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task says_what_is_missing_and_leaves_nothing_half_done()
    {
        string folder = Directory.CreateTempSubdirectory("broken").FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        string kept = Path.Combine(folder, OddName);
        string passphrase = Path.Combine(folder, "passphrase");
        string wrong = Path.Combine(folder, "wrong");
        await SecretFile.WriteAsync(passphrase, "correct horse battery staple\n", Token);
        await SecretFile.WriteAsync(wrong, "correct horse battery stable\n", Token);
        await using RunningHost host = await RunningHost.StartAsync();
        await RestoredHost.SignedAsync(host);
        (await host.CliAsync("backup", "--to", kept, "--passphrase-file", passphrase)).Ok();
        List<string> wal = [];
        for (int i = 0; i < 4; i++)
        {
            (await host.CliAsync("camera", "add", "--name", $"Gate {i}", "--source", "rtsp://127.0.0.1:9/none")).Ok();
            wal.Add(Path.Combine(kept, "wal", await host.SqlAsync("select pg_walfile_name(pg_switch_wal())")));
        }

        await Until.TrueAsync(() => Task.FromResult(wal.TrueForAll(File.Exists)), TimeSpan.FromSeconds(60), "the archive");
        await host.KillAsync();

        string data = Path.Combine(folder, "restored");
        CliResult slip = await RestoreAsync(kept, data, "--passphrase-file", wrong);
        Assert.Equal(2, slip.ExitCode);
        Assert.Contains("do not open with this passphrase", slip.Errors, StringComparison.Ordinal);
        SecretFile.Open(wrong);
        CliResult open = await RestoreAsync(kept, data, "--passphrase-file", wrong);
        Assert.Contains($"Run: chmod 600 {wrong}", open.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data), "Nothing is copied before the passphrase is known to be right.");

        JsonElement whole = await RowAsync(0, kept, data);
        Assert.Equal("proven", whole.Text("seals"));
        long facts = whole.GetProperty("facts").GetInt64();
        File.Move(wal[1], wal[1] + ".away");
        JsonElement cut = await RowAsync(1, kept, Path.Combine(folder, "cut"));
        Assert.True(cut.GetProperty("facts").GetInt64() < facts);
        Assert.Contains($"{Path.GetFileName(wal[1])} is missing there", cut.Text("walGap"), StringComparison.Ordinal);
        Assert.Contains(NewestIn(Path.Combine(kept, "wal")), cut.Text("walGap"), StringComparison.Ordinal);

        // A moment behind the hole is not reached either.
        JsonElement late = await RowAsync(1, kept, Path.Combine(folder, "late"), "--to", "2999-01-01T00:00:00Z");
        Assert.Equal(cut.Text("walGap"), late.Text("walGap"));
        await LeavesNothingAsync(kept, Path.Combine(folder, "none"));
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The host may have archived another one before it was killed.</summary>
    private static string NewestIn(string folder) =>
        Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Where(name => name.Length == 24).Order(StringComparer.Ordinal).Last();

    [Fact]
    public async Task ends_with_2_when_the_seals_say_nothing()
    {
        string folder = Directory.CreateTempSubdirectory("unsealed").FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        await using RunningHost host = await RunningHost.StartAsync();
        await RestoredHost.SignedAsync(host);
        await host.SqlAsync(
            "begin; alter table events_own.audit_head disable trigger all; delete from events_own.audit_head; commit");
        (await host.CliAsync("backup", "--to", Path.Combine(folder, "kept"))).Ok();
        await host.KillAsync();

        JsonElement row = await RowAsync(2, Path.Combine(folder, "kept"), Path.Combine(folder, "restored"));
        Assert.Equal("undecided", row.Text("seals"));
        Assert.Contains("nobody can say", row.GetProperty("notes").ToString(), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>PostgreSQL does not start on what was copied.</summary>
    private static async Task LeavesNothingAsync(string kept, string data)
    {
        string control = Path.Combine(Directory.GetDirectories(kept, "base-*").Single(), "postgres", "global", "pg_control");
        byte[] bytes = await File.ReadAllBytesAsync(control, Token);
        await File.WriteAllBytesAsync(control, [.. bytes[..8], .. new byte[bytes.Length - 8]], Token);
        Assert.Equal(2, (await RestoreAsync(kept, data)).ExitCode);
        Assert.False(Directory.Exists(data));
        Directory.CreateDirectory(data);
        Assert.Equal(2, (await RestoreAsync(kept, data)).ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(data));
    }

    private static async Task<JsonElement> RowAsync(int code, string from, string data, params string[] more)
    {
        CliResult result = await RestoreAsync(from, data, [.. more, "--format", "json"]);
        Assert.True(result.ExitCode == code, $"{result.ExitCode}: {result.Output}{result.Errors}");
        return JsonElement.Parse(result.Output);
    }

    private static Task<CliResult> RestoreAsync(string from, string data, params string[] more) =>
        RunningHost.RunAsync(["restore", "--from", from, "--data", data, .. more], []);
}
