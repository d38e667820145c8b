using System.Text.Json;
using Events.Host.Backups;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Operations;

/// <summary>What programs that were killed, other installations and clocks leave in a folder of backups.</summary>
public sealed class Kept_backups
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void are_all_but_those_whose_description_cannot_be_read_or_that_are_not_whole()
    {
        using var folder = new TemporaryFolder();
        string whole = Make(folder, "base-20260301T120000Z");
        string damaged = Make(folder, "base-20260302T120000Z");
        Make(folder, "base-20260303T120000Z.part");
        string row = Path.Combine(damaged, Backup.RowName);
        File.WriteAllBytes(row, File.ReadAllBytes(row)[..20]);
        List<string> said = [];

        Assert.Equal([whole], Backup.In(Root(folder), said.Add).Select(one => one.Path));

        Assert.StartsWith($"{damaged} is left out: its backup.json cannot be read.", Assert.Single(said), StringComparison.Ordinal);
    }

    [Fact]
    public void lose_the_oldest_and_never_the_one_just_made()
    {
        using var folder = new TemporaryFolder();
        string wal = Directory.CreateDirectory(folder.PathOf("wal")).FullName;
        File.WriteAllText(Path.Combine(wal, "000000010000000000000002"), "");
        File.WriteAllText(Path.Combine(wal, "000000010000000000000005"), "");
        string other = Make(folder, "base-20260301T100000Z", system: 8);
        string made = Make(folder, "base-20260301T110000Z", wal: 9);
        string old = Make(folder, "base-20260301T120000Z", wal: 3);
        string young = Make(folder, "base-20260301T130000Z", wal: 5);

        Backup.Prune(Root(folder), wal, system: 7, keepMax: 2, made);

        Assert.Equal([true, true, false, true], new[] { other, made, old, young }.Select(Directory.Exists));
        Assert.Equal(["000000010000000000000005"], Directory.GetFiles(wal).Select(file => Path.GetFileName(file)));
    }

    [Fact]
    public void are_rid_of_what_a_killed_program_left_and_not_of_what_one_is_making()
    {
        using var folder = new TemporaryFolder();
        string left = Make(folder, "base-20260301T120000Z.part");
        using FileStream held = BackupDrafts.Take(folder.PathOf("base-20260302T120000Z.part"));

        BackupDrafts.RemoveLeft(Root(folder));

        Assert.False(Directory.Exists(left));
        Assert.True(File.Exists(held.Name));
    }

    [Fact]
    public async Task of_several_installations_are_restored_only_by_name()
    {
        using var folder = new TemporaryFolder();
        Make(folder, "base-20260301T120000Z", system: 7);
        Make(folder, "base-20260302T120000Z", system: 8);
        string data = folder.PathOf("restored");

        CliResult several = await RestoreAsync();
        Assert.Equal(2, several.ExitCode);
        Assert.Contains("several installations. Choose one with --base NAME.", several.Errors, StringComparison.Ordinal);
        Assert.Contains("base-20260301T120000Z, 12 facts, installation 7, line 00000001", several.Errors, StringComparison.Ordinal);
        CliResult none = await RestoreAsync("--base", "base-20260303T120000Z");
        Assert.Contains("holds no base backup base-20260303T120000Z", none.Errors, StringComparison.Ordinal);

        // It is none that PostgreSQL made, which is found before anything is copied.
        CliResult damaged = await RestoreAsync("--base", "base-20260301T120000Z");
        Assert.Equal(2, damaged.ExitCode);
        Assert.Contains("base-20260301T120000Z is damaged. Choose another one", damaged.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));

        Task<CliResult> RestoreAsync(params string[] more) =>
            RunningHost.RunAsync(["restore", "--from", Root(folder), "--data", data, .. more], []).WaitAsync(Token);
    }

    private static string Root(TemporaryFolder folder) => Path.GetDirectoryName(folder.PathOf("base"))!;

    private static string Make(TemporaryFolder folder, string name, long system = 7, int wal = 2)
    {
        string path = folder.PathOf(name);
        Directory.CreateDirectory(Path.Combine(path, "postgres", "global"));
        File.WriteAllBytes(Path.Combine(path, "postgres", "global", "pg_control"), BitConverter.GetBytes(system));
        File.WriteAllText(Path.Combine(path, "postgres", "PG_VERSION"), "15\n");
        File.WriteAllText(
            Path.Combine(path, "postgres", "backup_label"), $"START WAL LOCATION: 0/2000028 (file 0000000100000000{wal:X8})\n");
        File.WriteAllText(
            Path.Combine(path, Backup.RowName),
            JsonSerializer.Serialize(
                new BackupRow(path, DateTimeOffset.UnixEpoch, 12, 12, 0, false, 1, 1), BackupJson.Default.BackupRow));
        return path;
    }
}
