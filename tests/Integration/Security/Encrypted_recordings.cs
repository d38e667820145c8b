using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>One host that encrypts, on a PostgreSQL for more than one, made for the first test that needs it.</summary>
public sealed class FilmVault : IAsyncLifetime
{
    private GivenPostgres? _postgres;
    private RunningHost? _host;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await (_host?.DisposeAsync() ?? default);
        await (_postgres?.DisposeAsync() ?? default);
    }

    internal async Task<RunningHost> HostAsync() => _host ??= await StartAsync();

    /// <param name="data">Null for a folder of its own.</param>
    internal async Task<RunningHost> StartAsync(string? data = null)
    {
        _postgres ??= await GivenPostgres.StartAsync();
        return await RunningHost.StartAsync(
            new()
            {
                ["EVENTS__Security__EncryptRecordings"] = "true",
                ["EVENTS__PostgreSql__ConnectionString"] = _postgres.ConnectionString(),
                ["EVENTS__Security__JwtSecretKey"] = RunningHost.Secret,
            },
            data: data);
    }
}

/// <summary>Recordings that lie encrypted on disk, from the first picture to the end of their key, beside clear ones.</summary>
public sealed class Encrypted_recordings(FilmVault vaults) : IClassFixture<FilmVault>
{
    private static readonly Dictionary<string, string> Encrypting = new() { ["EVENTS__Security__EncryptRecordings"] = "true" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task survive_a_kill_play_everywhere_and_end_with_their_key()
    {
        string data = Directory.CreateTempSubdirectory("events-it-").FullName;
        (string clear, byte[] clearBytes) = await RecordClearAsync(data);
        await using RunningHost host = await RunningHost.StartAsync(Encrypting, data: data);
        string vault = await RecordOverKillAsync(host);
        string token = await host.TokenAsync("admin");

        byte[] whole = await PlaysEverywhereAsync(host, vault, token);
        Assert.Equal(clearBytes, await host.DownloadAsync($"/files/recordings/{clear}", token));
        Assert.True(Segments(host, clear).All(bytes => bytes.AsSpan().IndexOf("moof"u8) > 0), "The old one is clear.");
        foreach (byte[] stored in Segments(host, vault))
        {
            Assert.All(
                new[] { "ftyp", "moov", "moof", "mdat" },
                box => Assert.Equal(-1, stored.AsSpan().IndexOf(Encoding.ASCII.GetBytes(box))));
        }

        await IsProvenAsync(host);
        await IsExportedInTheClearAsync(host);
        await IsRefusedWhenChangedAsync(host, vault, token, whole);
        await EndsWithItsKeyAsync(host, clear, vault, token);
        await StaysGoneAsync(host, vault);
    }

    [Trait("pace", "slow")]
    [Fact]
    public async Task end_downloads_that_are_under_way_when_they_are_shredded()
    {
        RunningHost host = await vaults.HostAsync();
        string name = await RecordMuchAsync(host);

        await SlowReader.IsCutOffAsync(host, await LinkToAsync(host, name), () => ShredAsync(host, name));
    }

    /// <summary>The other host reads the same files, with the same keys, as over a mount.</summary>
    [Trait("pace", "slow")]
    [Fact]
    public async Task end_downloads_that_are_under_way_when_another_host_shreds_them()
    {
        RunningHost host = await vaults.HostAsync();
        string name = await RecordMuchAsync(host);
        await using RunningHost other = await vaults.StartAsync(FolderBeside(host));
        int printed = host.Output.Length;

        await SlowReader.IsCutOffAsync(other, await LinkToAsync(other, name), () => ShredAsync(host, name));

        await IsGoneAsync(other, name, await other.TokenAsync("admin"));
        Assert.DoesNotContain("was cut off", host.Output[printed..], StringComparison.Ordinal);
    }

    /// <summary>More than the kernel keeps for one who reads slowly.</summary>
    private static async Task<string> RecordMuchAsync(RunningHost host)
    {
        string device = JsonElement.Parse((await host.CliAsync(
            "camera", "add", "--name", "Gate", "--source", "test:pattern?size=1920x1080&fps=30", "--format", "json")).Ok()).Text("camera");
        await using RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client, device);
        string name = (await client.CallAsync("start_recording", new { device })).Text("filename");
        await Until.RecordedAsync(16);
        await client.CallAsync("stop_recording", new { device });
        (await host.CliAsync("camera", "retire", device)).Ok(); // Each host would take it in, which only costs here.
        return name;
    }

    private static async Task<string> LinkToAsync(RunningHost host, string filename)
    {
        await using RpcClient client = await host.ConnectAsync();
        return (await client.CallAsync("get_recording_info", new { filename })).Text("download_url");
    }

    private static async Task ShredAsync(RunningHost host, string name) =>
        (await host.CliAsync("recording", "shred", name, "--reason", "Asked for")).Ok();

    /// <summary>A data folder for another host of the same installation: a copy of the keys, and the same footage.</summary>
    private static string FolderBeside(RunningHost host)
    {
        string data = Directory.CreateTempSubdirectory("events-it-").FullName;
        string keys = Directory.CreateDirectory(Path.Combine(data, "keys")).FullName;
        foreach (string key in Directory.GetFiles(Path.Combine(host.Data, "keys")))
        {
            File.Copy(key, Path.Combine(keys, Path.GetFileName(key)));
        }

        File.Copy(Path.Combine(host.Data, ".events-storage"), Path.Combine(data, ".events-storage"));
        foreach (string footage in new[] { "recordings", "snapshots" })
        {
            Directory.CreateSymbolicLink(Path.Combine(data, footage), Path.Combine(host.Data, footage));
        }

        return data;
    }

    private static async Task<(string Name, byte[] Bytes)> RecordClearAsync(string data)
    {
        RunningHost host = await RunningHost.StartAsync(data: data);
        await Scene.AddAsync(host, Scene.Pattern);
        await using RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client);
        string name = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await Until.RecordedAsync(2);
        await client.CallAsync("stop_recording", new { device = "camera0" });
        byte[] bytes = await host.DownloadAsync($"/files/recordings/{name}", await host.TokenAsync("admin"));
        await host.EndAsync();
        return (name, bytes);
    }

    /// <summary>The process is killed while it writes; the next one finishes the file and goes on with the recording.</summary>
    private static async Task<string> RecordOverKillAsync(RunningHost host)
    {
        string name;
        await using (RpcClient client = await host.ConnectAsync())
        {
            await Scene.ConnectedAsync(client);
            name = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
            await Until.RecordedAsync(4);
        }

        await host.KillAsync();
        await host.StartAgainAsync();
        await using RpcClient again = await host.ConnectAsync();
        await Scene.FactAsync(host, "recording", "recording_recovered");
        await Until.RecordedAsync(2);
        await again.CallAsync("stop_recording", new { device = "camera0" });
        return name;
    }

    private static async Task<byte[]> PlaysEverywhereAsync(RunningHost host, string name, string token)
    {
        byte[] whole = await host.DownloadAsync($"/files/recordings/{name}", token);
        foreach ((long from, long to) in new[] { (0L, 99L), (4_090, 4_200), (whole.Length / 2, (whole.Length / 2) + 70_000L) })
        {
            byte[] part = await host.DownloadAsync($"/files/recordings/{name}", token, new RangeHeaderValue(from, to));
            Assert.Equal(whole[(int)from..(int)Math.Min(whole.Length, to + 1)], part);
        }

        byte[] tail = await host.DownloadAsync($"/files/recordings/{name}", token, new RangeHeaderValue(null, 5_000));
        Assert.Equal(whole[^5_000..], tail);
        int frames = int.Parse(
            await host.SqlAsync(
                "select sum((data->>'frameCount')::int) from events.mt_events where type = 'recording_segment_committed' "
                + "and data->>'storedSha256' is not null"),
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(frames > 4 * Scene.FramesPerSecond, $"Only {frames} pictures are left of six seconds.");
        foreach (string extension in new[] { "mp4", "mkv" })
        {
            string path = Path.Combine(host.Data, $"whole.{extension}");
            await File.WriteAllBytesAsync(path, await host.DownloadAsync($"/files/recordings/{name}.{extension}", token), Token);
            Assert.Equal(frames, await Tool.FramesAsync(path));
        }

        return whole;
    }

    /// <summary>With the key and without, with a host and without.</summary>
    private static async Task IsProvenAsync(RunningHost host)
    {
        await Until.TrueAsync(
            async () => (await VerifyAsync(host)).Report.GetProperty("factsSince").GetInt64() == 0,
            TimeSpan.FromSeconds(30),
            "the seals");
        (int code, JsonElement report) = await VerifyAsync(host, "--files");
        Assert.Equal(0, code);
        Assert.DoesNotContain("whose keys are not here", report.ToString(), StringComparison.Ordinal);

        string key = Path.Combine(host.Data, "keys", "sources.key");
        File.Move(key, key + ".away");
        (code, report) = await VerifyAsync(host, "--files");
        File.Move(key + ".away", key);
        Assert.Equal(0, code);
        Assert.Contains("encrypted files, whose keys are not here", report.ToString(), StringComparison.Ordinal);
    }

    private static async Task IsExportedInTheClearAsync(RunningHost host)
    {
        string bundle = Path.Combine(host.Data, "bundle.zip");
        (await host.CliAsync("audit", "export", "--camera", "camera0", "--out", bundle, "--files", "--reason", "Case 2026-17")).Ok();
        CliResult verified = await RunningHost.RunAsync(["audit", "verify-bundle", bundle, "--format", "json"], []);
        Assert.True(verified.ExitCode is 0 or 2, verified.Output + verified.Errors);
        Assert.Empty(JsonElement.Parse(verified.Output).GetProperty("contradictions").EnumerateArray());
        await using System.IO.Compression.ZipArchive zip = await System.IO.Compression.ZipFile.OpenReadAsync(bundle, Token);
        Assert.All(
            zip.Entries.Where(entry => entry.FullName.StartsWith("media/recordings/", StringComparison.Ordinal)),
            entry =>
            {
                using Stream stream = entry.Open();
                byte[] start = new byte[8];
                stream.ReadExactly(start);
                Assert.Equal("ftyp", Encoding.ASCII.GetString(start, 4, 4));
            });
    }

    private static async Task IsRefusedWhenChangedAsync(RunningHost host, string name, string token, byte[] whole)
    {
        string path = Paths(host, name)[^1];
        byte[] stored = await File.ReadAllBytesAsync(path, Token);
        byte[] changed = [.. stored];
        changed[^30] ^= 1;
        await File.WriteAllBytesAsync(path, changed, Token);
        using (HttpResponseMessage answer = await GetAsync(host, name, token))
        {
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
            Assert.Contains("was changed or cut off", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        }

        Assert.Equal(1, (await VerifyAsync(host, "--files")).Code);
        await File.WriteAllBytesAsync(path, stored, Token);
        Assert.Equal(whole, await host.DownloadAsync($"/files/recordings/{name}", token));
    }

    private static async Task EndsWithItsKeyAsync(RunningHost host, string clear, string vault, string token)
    {
        CliResult refused = await host.CliAsync("recording", "shred", clear, "--reason", "Asked for");
        Assert.Contains("is not encrypted", refused.Errors, StringComparison.Ordinal);
        (await host.CliAsync("recording", "hold", vault, "--reason", "Case 2026-17")).Ok();
        var admin = new GraphQLClient(host, token);
        string id = await host.SqlAsync($"select key from views.recording_view_v3 where name = '{vault}'");
        JsonElement held = await ShredAsync(admin, id);
        Assert.Equal("recording.legal_hold", held.GetProperty("errors")[0].Text("code"));
        (await host.CliAsync("recording", "release", vault, "--reason", "Closed")).Ok();

        string copies = Directory.CreateDirectory(Path.Combine(host.Data, "copies")).FullName;
        foreach (string path in Paths(host, vault))
        {
            File.Copy(path, Path.Combine(copies, Path.GetFileName(path)));
        }

        string before = await host.SqlAsync("select count(*) from events.mt_events where type = 'recording_segment_committed'");
        JsonElement shredded = (await ShredAsync(admin, id)).GetProperty("recording");
        Assert.Equal("DELETED", shredded.Text("status"));
        Assert.Equal(JsonValueKind.String, shredded.GetProperty("shreddedAt").ValueKind);
        Assert.True(shredded.GetProperty("isEncrypted").GetBoolean());
        (await host.CliAsync("recording", "shred", vault, "--reason", "Once more")).Ok();

        Assert.Equal("0", await host.SqlAsync("select count(*) from events_own.protected_value where name like 'recording-key/%'"));
        Assert.Equal(before, await host.SqlAsync("select count(*) from events.mt_events where type = 'recording_segment_committed'"));
        Assert.Equal("1", await host.SqlAsync("select count(*) from events.mt_events where type = 'recording_shredded'"));
        await IsGoneAsync(host, vault, token);

        // Copies that were kept elsewhere bring nothing back.
        Directory.Move(copies, Path.Combine(host.Data, "recordings", vault));
        await IsGoneAsync(host, vault, token);
        Assert.True(Segments(host, vault).All(bytes => bytes.AsSpan().IndexOf("moof"u8) < 0), "The copies are still encrypted.");
    }

    private static async Task StaysGoneAsync(RunningHost host, string vault)
    {
        Assert.Equal(0, await host.StopAsync());
        await host.StartAgainAsync();
        await IsGoneAsync(host, vault, await host.TokenAsync("admin"));
        Assert.Equal(0, (await VerifyAsync(host, "--files")).Code);
        Assert.Equal(0, (await host.CliAsync("projections", "verify")).ExitCode);
    }

    private static async Task IsGoneAsync(RunningHost host, string name, string token)
    {
        using HttpResponseMessage answer = await GetAsync(host, name, token);
        Assert.Equal(HttpStatusCode.Gone, answer.StatusCode);
        Assert.Contains("its key was destroyed", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> ShredAsync(GraphQLClient admin, string id) =>
        (await admin.AskAsync(
            "mutation($id: ID!) { shredRecording(input: { id: $id, reason: \"Asked for\" }) "
            + "{ recording { status shreddedAt isEncrypted } errors { __typename ... on WrongStateError { code } } } }",
            new { id })).GetProperty("shredRecording");

    private static async Task<HttpResponseMessage> GetAsync(RunningHost host, string name, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/files/recordings/{name}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await host.Http.SendAsync(request, Token);
    }

    private static async Task<(int Code, JsonElement Report)> VerifyAsync(RunningHost host, params string[] more)
    {
        CliResult result = await host.CliAsync(["audit", "verify", "--format", "json", .. more]);
        return (result.ExitCode, JsonElement.Parse(result.Output));
    }

    private static string[] Paths(RunningHost host, string name) =>
        [.. Directory.GetFiles(Path.Combine(host.Data, "recordings", name), "*.mp4").Order(StringComparer.Ordinal)];

    private static byte[][] Segments(RunningHost host, string name) => [.. Paths(host, name).Select(File.ReadAllBytes)];
}
