using System.Text.Json;
using Events.Tests.Integration.Kit;
using Events.Tests.Integration.Security;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>Recordings and pictures in a backup, and which of them are missing after a restore.</summary>
public sealed class Restoring_footage(House house) : IClassFixture<House>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task brings_back_what_was_copied_and_names_what_was_not()
    {
        string folder = Directory.CreateTempSubdirectory("footage").FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        string kept = Path.Combine(folder, "kept");
        string bare = Path.Combine(folder, "bare");
        JsonElement without = await BackupAsync(bare);
        long files = without.GetProperty("files").GetInt64();
        Assert.True(files >= 4);
        Assert.False(without.TryGetProperty("footage", out _));

        // One file is damaged meanwhile: it is not taken for the real one, and the backup says so.
        string damaged = Directory.GetFiles(Path.Combine(house.Host.Data, "snapshots"), "*.jpg", SearchOption.AllDirectories)[0];
        byte[] good = await File.ReadAllBytesAsync(damaged, Token);
        await File.WriteAllBytesAsync(damaged, [.. good[..^1], (byte)(good[^1] ^ 1)], Token);
        JsonElement first = (await BackupAsync(kept, "--footage")).GetProperty("footage");
        Assert.Equal((files - 1, files - 1), (first.GetProperty("files").GetInt64(), first.GetProperty("copied").GetInt64()));
        string relative = Path.GetRelativePath(house.Host.Data, damaged);
        Assert.Equal(relative, Assert.Single(first.GetProperty("missing").EnumerateArray()).GetString());

        // Mended, the next backup copies that one alone: the others are there.
        await File.WriteAllBytesAsync(damaged, good, Token);
        JsonElement second = (await BackupAsync(kept, "--footage")).GetProperty("footage");
        Assert.Equal((files, 1L), (second.GetProperty("files").GetInt64(), second.GetProperty("copied").GetInt64()));
        File.Delete(Path.Combine(kept, "footage", relative));

        JsonElement row = await RestoreAsync(kept, Path.Combine(folder, "restored"));
        Assert.Equal(1, row.GetProperty("filesMissing").GetInt64());
        Assert.Equal(relative, Assert.Single(row.GetProperty("missing").EnumerateArray()).GetString());
        Assert.Equal([relative], await File.ReadAllLinesAsync(Path.Combine(folder, "restored", "missing-files.txt"), Token));
        Assert.True(File.Exists(Path.Combine(folder, "restored", ".events-storage")));
        string recording = Directory.GetFiles(Path.Combine(house.Host.Data, "recordings"), "*", SearchOption.AllDirectories)[0];
        Assert.Equal(
            await File.ReadAllBytesAsync(recording, Token),
            await File.ReadAllBytesAsync(Path.Combine(folder, "restored", Path.GetRelativePath(house.Host.Data, recording)), Token));

        JsonElement nothing = await RestoreAsync(bare, Path.Combine(folder, "empty"));
        Assert.Equal(files, nothing.GetProperty("filesMissing").GetInt64());
        Assert.Equal(files, (await File.ReadAllLinesAsync(Path.Combine(folder, "empty", "missing-files.txt"), Token)).Length);
        Directory.Delete(folder, recursive: true);
    }

    private async Task<JsonElement> BackupAsync(string to, params string[] more) =>
        JsonElement.Parse((await house.Host.CliAsync(["backup", "--to", to, "--format", "json", .. more])).Ok());

    private static async Task<JsonElement> RestoreAsync(string from, string data) =>
        JsonElement.Parse((await RunningHost.RunAsync(["restore", "--from", from, "--data", data, "--format", "json"], [])).Ok());
}
