using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>
/// One host that encrypts, with a picture from before it did. Each test takes pictures under names of its own, and counts from where
/// it begins.
/// </summary>
public sealed class PictureVault : IAsyncLifetime
{
    internal RunningHost Host { get; private set; } = null!;

    internal byte[] Clear { get; private set; } = [];

    /// <summary>For backups: once there is one, the host archives beside it until it ends.</summary>
    internal string Folder { get; } = Directory.CreateTempSubdirectory("vault").FullName;

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        string data = Directory.CreateTempSubdirectory("events-it-").FullName;
        Clear = await Encrypted_snapshots.TakeClearAsync(data);
        Host = await RunningHost.StartAsync(new() { ["EVENTS__Security__EncryptRecordings"] = "true" }, data: data);
    }

    public async ValueTask DisposeAsync()
    {
        await (Host?.DisposeAsync() ?? default);
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>Pictures that lie encrypted on disk, beside one of before: through a change of the key, a backup and back, and to the end.</summary>
[Trait("pace", "slow")]
public sealed class Encrypted_snapshots(PictureVault house) : IClassFixture<PictureVault>
{
    private const string Keys = "events_own.protected_value where name like 'snapshot-key/%'";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task are_handed_out_proven_and_brought_back_in_the_clear()
    {
        RunningHost host = house.Host;
        byte[] clear = house.Clear;
        byte[] vault = await TakeAsync(host, "handed.jpg");
        string recording = await RecordAsync(host);
        Assert.Equal(clear, await DownloadAsync(host, "clear.jpg"));
        Assert.Equal(clear, await File.ReadAllBytesAsync(PathOf(host, "clear.jpg"), Token));
        Assert.Equal([0xFF, 0xD8, 0xFF], vault[..3]);
        byte[] stored = await File.ReadAllBytesAsync(PathOf(host, "handed.jpg"), Token);
        Assert.Equal(-1, stored.AsSpan().IndexOf(vault.AsSpan(0, 64)));
        Assert.Equal(vault.Length, await SizeAsync(host, "handed.jpg"));
        await IsRefusedWhenChangedAsync(host, stored);

        // Of the camera, the recording and the picture: all are under another key now, and can be read as before.
        CliResult rotated = await host.CliAsync("secrets", "rotate-key", "--reason", "Once a year", "--format", "json");
        Assert.True(JsonElement.Parse(rotated.Ok()).GetProperty("changed").GetInt64() >= 2, rotated.Output);
        Assert.Equal(vault, await DownloadAsync(host, "handed.jpg"));
        await SealedAsync(host);
        Assert.Equal(0, (await VerifyAsync(host)).ExitCode);

        await ComesBackAsync(host, house.Folder, vault, recording);
    }

    [Fact]
    public async Task end_with_their_key()
    {
        RunningHost host = house.Host;
        int facts = (await host.FactsAsync("snapshot")).Count;
        int keys = await KeysAsync(host);
        byte[] kept = await TakeAsync(host, "kept.jpg");
        await TakeAsync(host, "vault.jpg");
        await TakeAsync(host, "deleted.jpg");
        await using (RpcClient client = await host.ConnectAsync())
        {
            await client.CallAsync("delete_snapshot", new { filename = "deleted.jpg" });
        }

        await AnswersAsync(host, "deleted.jpg", HttpStatusCode.NotFound, "There is no file");
        var admin = new GraphQLClient(host, await host.TokenAsync("admin"));
        await IsRefusedAsync(host, admin);

        // A copy of the file, and what a crash between the fact and the end of the key leaves.
        string copy = Path.Combine(host.Data, "copy.jpg");
        File.Copy(PathOf(host, "vault.jpg"), copy);
        await host.SqlAsync($"create table public.kept as select * from {Keys}");
        Assert.Equal(keys + 3, await KeysAsync(host));

        JsonElement row = JsonElement.Parse(
            (await host.CliAsync("snapshot", "shred", "vault", "--reason", "Asked for", "--format", "json")).Ok());
        Assert.Equal(("vault.jpg", "Deleted"), (row.Text("name"), row.Text("status")));
        Assert.Equal(JsonValueKind.String, row.GetProperty("shreddedAt").ValueKind);
        Assert.Contains("Shredded", (await host.CliAsync("snapshot", "shred", "vault.jpg", "--reason", "Once more")).Ok(), StringComparison.Ordinal);
        JsonElement shredded = (await ShredAsync(host, admin, "deleted.jpg")).GetProperty("snapshot");
        Assert.Equal(("DELETED", true), (shredded.Text("status"), shredded.GetProperty("isEncrypted").GetBoolean()));
        Assert.Equal(JsonValueKind.String, shredded.GetProperty("shreddedAt").ValueKind);
        Assert.Equal(keys + 1, await KeysAsync(host));
        Assert.Equal(
            "taken taken taken deleted shredded deleted shredded",
            string.Join(' ', (await host.FactsAsync("snapshot")).Skip(facts).Select(fact => fact["snapshot_".Length..])));
        Assert.False(File.Exists(PathOf(host, "vault.jpg")));
        await StayGoneAsync(host, copy);

        await host.SqlAsync($"insert into {Keys.Split(' ')[0]} select * from public.kept on conflict do nothing");
        await StayGoneAsync(host, copy);
        Assert.Equal(0, await host.StopAsync());
        await host.StartAgainAsync();
        await Until.TrueAsync(
            async () => await KeysAsync(host) == keys + 1 && !File.Exists(PathOf(host, "vault.jpg")),
            TimeSpan.FromSeconds(30),
            () => $"the start to finish what was left; the host printed:\n{host.Output}");
        await StayGoneAsync(host, copy);
        Assert.Equal(kept, await DownloadAsync(host, "kept.jpg"));
        Assert.Equal(0, (await host.CliAsync("projections", "verify")).ExitCode);
    }

    /// <summary>Of a camera whose pictures have 7 MB as JPEG, and less than the 8 MB that are taken from a camera.</summary>
    [Fact]
    public async Task end_downloads_that_are_under_way_when_they_are_shredded()
    {
        string folder = Directory.CreateTempSubdirectory("clips").FullName;
        string noise = Path.Combine(folder, "noise.mp4");
        (await Tool.RunAsync(
            "ffmpeg",
            [
                "-v", "error", "-f", "lavfi", "-i", "color=gray:size=3840x2160:rate=1,noise=alls=100:allf=t", "-frames:v", "2",
                "-c:v", "libx264", "-preset", "ultrafast", "-g", "1", "-crf", "34", noise,
            ])).Ok();
        RunningHost host = house.Host;
        string device = JsonElement.Parse((await host.CliAsync(
            "camera", "add", "--name", "Noise", "--source", $"file://{noise}", "--format", "json")).Ok()).Text("camera");
        await TakeAsync(host, "large.jpg", device);
        await using RpcClient client = await host.ConnectAsync();
        string url = (await client.CallAsync("get_snapshot_info", new { filename = "large.jpg" })).Text("download_url");

        await SlowReader.IsCutOffAsync(
            host, url, async () => (await host.CliAsync("snapshot", "shred", "large.jpg", "--reason", "Asked for")).Ok());
        (await host.CliAsync("camera", "retire", device)).Ok();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task IsRefusedAsync(RunningHost host, GraphQLClient admin)
    {
        const string shredded = "select count(*) from events.mt_events where type = 'snapshot_shredded'";
        string before = await host.SqlAsync(shredded);
        Assert.Equal("snapshot.not_encrypted", (await ShredAsync(host, admin, "clear.jpg")).GetProperty("errors")[0].Text("code"));
        Assert.Equal(
            "snapshot.bad_shred_reason",
            (await ShredAsync(host, admin, "vault.jpg", "Asked\nfor")).GetProperty("errors")[0].Text("code"));
        CliResult refused = await host.CliAsync("snapshot", "shred", "clear.jpg", "--reason", "Asked for");
        Assert.Contains("is not encrypted", refused.Errors, StringComparison.Ordinal);
        refused = await host.CliAsync("snapshot", "shred", "none.jpg", "--reason", "Asked for");
        Assert.Contains("There is no snapshot none.jpg", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, await host.SqlAsync(shredded));
    }

    /// <summary>Also with a copy of the file in its place.</summary>
    private static async Task StayGoneAsync(RunningHost host, string copy)
    {
        File.Copy(copy, PathOf(host, "vault.jpg"), overwrite: true);
        foreach (string name in new[] { "vault.jpg", "deleted.jpg" })
        {
            await AnswersAsync(host, name, HttpStatusCode.Gone, "its key was destroyed");
        }

        Assert.Equal(0, (await VerifyAsync(host)).ExitCode);
    }

    private static async Task AnswersAsync(RunningHost host, string name, HttpStatusCode status, string words)
    {
        using HttpResponseMessage answer = await GetAsync(host, name);
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(words, await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> ShredAsync(RunningHost host, GraphQLClient admin, string name, string reason = "Asked for") =>
        (await admin.AskAsync(
            "mutation($id: ID!, $reason: String!) { shredSnapshot(input: { id: $id, reason: $reason }) "
            + "{ snapshot { status shreddedAt isEncrypted } "
            + "errors { ... on WrongStateError { code } ... on InvalidInputError { code } } } }",
            new { id = await host.SqlAsync($"select key from views.snapshot_view_v3 where file_name = '{name}'"), reason }))
        .GetProperty("shredSnapshot");

    private static async Task<int> KeysAsync(RunningHost host) =>
        int.Parse(await host.SqlAsync($"select count(*) from {Keys}"), CultureInfo.InvariantCulture);

    internal static async Task<byte[]> TakeClearAsync(string data)
    {
        RunningHost host = await RunningHost.StartAsync(data: data);
        await Scene.AddAsync(host, Scene.Pattern);
        byte[] clear = await TakeAsync(host, "clear.jpg");
        await host.EndAsync();
        return clear;
    }

    private static async Task<byte[]> TakeAsync(RunningHost host, string filename, string device = "camera0")
    {
        await using RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client, device);
        await client.CallAsync("take_snapshot", new { device, filename });
        return await DownloadAsync(host, filename);
    }

    private static async Task<string> RecordAsync(RunningHost host)
    {
        await using RpcClient client = await host.ConnectAsync();
        string name = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await Until.RecordedAsync(2);
        await client.CallAsync("stop_recording", new { device = "camera0" });
        return name;
    }

    private static async Task IsRefusedWhenChangedAsync(RunningHost host, byte[] stored)
    {
        string path = PathOf(host, "handed.jpg");
        byte[] changed = [.. stored];
        changed[^1] ^= 1;
        await File.WriteAllBytesAsync(path, changed, Token);
        using (HttpResponseMessage answer = await GetAsync(host, "handed.jpg"))
        {
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        }

        CliResult found = await VerifyAsync(host);
        Assert.Equal(1, found.ExitCode);
        Assert.Contains("snapshots/handed.jpg", found.Output, StringComparison.Ordinal);

        // A picture in the clear is not taken for it either.
        File.Copy(PathOf(host, "clear.jpg"), path, overwrite: true);
        using (HttpResponseMessage answer = await GetAsync(host, "handed.jpg"))
        {
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        }

        await File.WriteAllBytesAsync(path, stored, Token);
    }

    /// <summary>With the keys, from a backup with footage: encrypted there, too, and read by whoever has the keys.</summary>
    private static async Task ComesBackAsync(RunningHost host, string folder, byte[] vault, string recording)
    {
        string kept = Path.Combine(folder, "kept");
        string passphrase = Path.Combine(folder, "passphrase");
        await SecretFile.WriteAsync(passphrase, "correct horse battery staple\n", Token);
        byte[] film = await host.DownloadAsync($"/files/recordings/{recording}", await host.TokenAsync("admin"));
        JsonElement taken = JsonElement.Parse((await host.CliAsync(
            "backup", "--to", kept, "--footage", "--passphrase-file", passphrase, "--format", "json")).Ok());
        Assert.Empty(taken.GetProperty("footage").GetProperty("missing").EnumerateArray());
        Assert.Equal(
            await File.ReadAllBytesAsync(PathOf(host, "handed.jpg"), Token),
            await File.ReadAllBytesAsync(Path.Combine(kept, "footage", "snapshots", "handed.jpg"), Token));
        JsonElement again = JsonElement.Parse((await host.CliAsync(
            "backup", "--to", kept, "--footage", "--passphrase-file", passphrase, "--format", "json")).Ok());
        Assert.Equal(0, again.GetProperty("footage").GetProperty("copied").GetInt64());

        string data = Path.Combine(folder, "restored");
        JsonElement row = JsonElement.Parse((await RunningHost.RunAsync(
            ["restore", "--from", kept, "--data", data, "--passphrase-file", passphrase, "--format", "json"], [])).Ok());
        Assert.Equal(0, row.GetProperty("filesMissing").GetInt64());
        await using RunningHost restored = await RestoredHost.StartAsync(data);
        Assert.Equal(vault, await DownloadAsync(restored, "handed.jpg"));
        Assert.Equal(film, await restored.DownloadAsync($"/files/recordings/{recording}", await restored.TokenAsync("admin")));
    }

    private static string PathOf(RunningHost host, string name) => Path.Combine(host.Data, "snapshots", name);

    private static Task SealedAsync(RunningHost host) => Until.TrueAsync(
        async () => JsonElement.Parse((await host.CliAsync("audit", "verify", "--format", "json")).Output)
            .GetProperty("factsSince").GetInt64() == 0,
        TimeSpan.FromSeconds(30),
        "the seals");

    private static Task<CliResult> VerifyAsync(RunningHost host) => host.CliAsync("audit", "verify", "--files", "--format", "json");

    private static async Task<long> SizeAsync(RunningHost host, string filename)
    {
        await using RpcClient client = await host.ConnectAsync();
        return (long)(await client.CallAsync("get_snapshot_info", new { filename })).Number("file_size");
    }

    private static async Task<byte[]> DownloadAsync(RunningHost host, string name)
    {
        using HttpResponseMessage answer = await GetAsync(host, name);
        answer.EnsureSuccessStatusCode();
        Assert.Equal("image/jpeg", answer.Content.Headers.ContentType?.MediaType);
        return await answer.Content.ReadAsByteArrayAsync(Token);
    }

    private static async Task<HttpResponseMessage> GetAsync(RunningHost host, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/files/snapshots/{name}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await host.TokenAsync("admin"));
        return await host.Http.SendAsync(request, Token);
    }
}
