using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary><c>audit rotate-key</c> on a real host, and bundles of a log with more than one key.</summary>
[Trait("pace", "slow")]
public sealed class Changing_the_key_of_a_log
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(40);
    private static readonly string _verifier = Path.Combine(AppContext.BaseDirectory, "verify_bundle.py");

    [Fact]
    public async Task leaves_the_log_proved_for_whoever_holds_an_old_key()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        await AddAsync(host, "One");
        string first = (await SealedAsync(host)).GetProperty("keys")[0].GetString()!;
        Assert.Equal(1, (await host.CliAsync("audit", "rotate-key", "--reason", "two\nlines")).ExitCode);
        string second = await RotateAsync(host, first);
        await AddAsync(host, "Two");
        await SealedAsync(host);
        await host.KillAsync();
        await host.StartAgainAsync();
        await SealedAsync(host);
        string third = await RotateAsync(host, second);
        await AddAsync(host, "Three");
        await SealedAsync(host);
        Assert.Equal(
            "local|Once a year",
            await host.SqlAsync("select user_name || '|' || (data->>'reason') from events.mt_events where type = 'log_key_rotated' limit 1"));
        Assert.Equal("2", await host.SqlAsync("select count(*) from events_own.audit_key where state = 'retired'"));

        string file = Path.Combine(Directory.CreateTempSubdirectory("rotated").FullName, "bundle.zip");
        (await host.CliAsync("audit", "export", "--from", "1", "--out", file)).Ok();
        string notes = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            notes,
            await host.SqlAsync("select string_agg(note, E'\\n' order by size) from events_own.audit_head where size = "
                + "(select min(size) from events_own.audit_head)") + "\n",
            TestContext.Current.CancellationToken);
        foreach (string key in new[] { first, second, third })
        {
            Assert.Equal(0, (await host.CliAsync("audit", "verify", "--key", key)).ExitCode);
            await CheckedAsync(file, 0, key, notes);
        }

        // A rotation that says something else leads nowhere, and without any a holder of the first key can tell nothing.
        await CheckedAsync(Changed(file, "/fact.json", bytes => Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(bytes).Replace("Once a year", "Twice a year", StringComparison.Ordinal))), 1, first, null);
        await CheckedAsync(Changed(file, "/proof.tlog-proof", bytes => [.. bytes[..^20], .. bytes[^10..]]), 1, first, null);
        File.Delete(notes);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    /// <summary>By the product and by the independent verifier, which agree.</summary>
    private static async Task CheckedAsync(string file, int code, string key, string? notes)
    {
        string[] product = ["audit", "verify-bundle", file, "--key", key, .. notes is null ? Array.Empty<string>() : ["--anchors", notes]];
        string[] python = [_verifier, file, "--key", key, .. notes is null ? Array.Empty<string>() : ["--anchor", notes]];
        CliResult one = await RunningHost.RunAsync(product, []);
        CliResult other = await Tool.RunAsync("python3", python);
        Assert.True((one.ExitCode, other.ExitCode) == (code, code), $"{one.Output}{one.Errors}{other.Output}{other.Errors}");
    }

    /// <summary>A copy with the manifest mended, as a forger leaves it.</summary>
    private static string Changed(string file, string ending, Func<byte[], byte[]> change)
    {
        string copy = Path.Combine(Path.GetDirectoryName(file)!, Guid.NewGuid().ToString("n") + ".zip");
        File.Copy(file, copy);
        using ZipArchive archive = ZipFile.Open(copy, ZipArchiveMode.Update);
        ZipArchiveEntry entry = archive.Entries.First(
            one => one.FullName.StartsWith("rotations/", StringComparison.Ordinal) && one.FullName.EndsWith(ending, StringComparison.Ordinal));
        byte[] bytes = Bundles.Read(entry);
        byte[] changed = change(bytes);
        Bundles.Replace(archive, entry.FullName, changed);
        Bundles.Mend(archive, entry.FullName, bytes, changed);
        return copy;
    }

    private static async Task<string> RotateAsync(RunningHost host, string old)
    {
        JsonElement keys = JsonElement.Parse((await host.CliAsync("audit", "rotate-key", "--reason", "Once a year", "--format", "json")).Ok());
        Assert.Equal(old, keys.Text("present"));
        await Until.TrueAsync(
            async () => await host.SqlAsync(
                $"select count(*) from events_own.audit_key where vkey = '{keys.Text("next")}' and state = 'active'") == "1",
            _limit,
            "the new key to sign");
        return keys.Text("next");
    }

    private static async Task AddAsync(RunningHost host, string name) =>
        (await host.CliAsync("camera", "add", "--name", name, "--source", "rtsp://127.0.0.1:9/none")).Ok();

    private static async Task<JsonElement> SealedAsync(RunningHost host)
    {
        JsonElement status = default;
        await Until.TrueAsync(
            async () =>
            {
                status = JsonElement.Parse((await host.CliAsync("audit", "status", "--format", "json")).Ok());
                return status.GetProperty("factsSince").GetInt64() == 0;
            },
            _limit,
            "all facts to be sealed");
        return status;
    }
}

/// <summary>Bundles as a forger handles them.</summary>
internal static class Bundles
{
    public static byte[] Read(ZipArchiveEntry entry)
    {
        using Stream stream = entry.Open();
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    public static void Replace(ZipArchive archive, string name, byte[] content)
    {
        archive.GetEntry(name)!.Delete();
        using Stream stream = archive.CreateEntry(name).Open();
        stream.Write(content);
    }

    public static void Mend(ZipArchive archive, string name, byte[] before, byte[] after)
    {
        string manifest = Encoding.UTF8.GetString(Read(archive.GetEntry("manifest.json")!));
        string told = Entry(name, before);
        Assert.Contains(told, manifest, StringComparison.Ordinal);
        Replace(archive, "manifest.json", Encoding.UTF8.GetBytes(manifest.Replace(told, Entry(name, after), StringComparison.Ordinal)));

        static string Entry(string path, byte[] content) =>
            $"{{\"length\":{content.Length},\"path\":\"{path}\",\"sha256\":\""
            + $"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content))}\"}}";
    }
}
