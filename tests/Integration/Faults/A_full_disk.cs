using System.Net.Http.Headers;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>Everything of an installation, its private PostgreSQL too, on a disk of a few megabytes that fills up.</summary>
[Trait("pace", "slow")]
public sealed class A_full_disk
{
    private const int DiskMegabytes = 220;
    private const int InvalidState = -32020;
    private const int DependencyFailed = -32050;

    [Fact]
    public async Task stops_recordings_and_nothing_else_until_there_is_room_again()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync(DiskMegabytes);
        string heavy = await HeavyClipAsync();
        await using (RunningHost host = await RunningHost.StartAsync(
            new() { ["EVENTS__Recording__SegmentDurationS"] = "1" }, data: Path.Combine(disk.Path, "data")))
        {
            await Scene.AddAsync(host, "file://" + heavy);
            await Scene.AddAsync(host, Scene.Pattern, "Yard");
            await using RpcClient client = await host.ConnectAsync();
            await client.CallAsync("subscribe_events", new { topics = new[] { "recording_status_update" } });
            await Scene.ConnectedAsync(client);
            await Scene.ConnectedAsync(client, "camera1");
            string early = await RecordAsync(client, seconds: 2);
            int earlyFrames = await FramesAsync(host, client, early);

            // Below the 90 % at which no recording begins, so that this one begins and then fills the rest.
            await disk.FillAsync(butBytes: DiskMegabytes * 1024L * 1024 * 12 / 100);
            string filling = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
            await Scene.FactAsync(host, "recording", "recording_interrupted");
            Assert.Equal("storage_full", await host.SqlAsync(
                "select data->>'why' from events.mt_events where type = 'recording_interrupted'"));
            await client.ToldAsync(
                "recording_status_update", update => update.Text("status") == "ERROR" && update.Text("filename") == filling);

            await RefusesNewRecordingsAsync(client);
            await GoesOnLiveAsync(host, client);
            Assert.Equal(earlyFrames, await FramesAsync(host, client, early));
            int stopped = await FramesAsync(host, client, filling);
            Assert.True(stopped > 25, $"Only {stopped} frames were kept.");
            Assert.DoesNotContain("PostgreSQL ended", host.Output, StringComparison.Ordinal);

            disk.Free();
            await Scene.FactAsync(host, "recording", "recording_recovered");
            string other = (await client.CallAsync("start_recording", new { device = "camera1" })).Text("filename");
            await Until.RecordedAsync(2);
            await client.CallAsync("stop_recording", new { device = "camera1" });
            await client.CallAsync("stop_recording", new { device = "camera0" });
            Assert.True(await FramesAsync(host, client, other) >= Scene.FramesPerSecond);
            Assert.True(await FramesAsync(host, client, filling) > stopped);
            await Scene.ViewsEqualTheLogAsync(host);
        }
    }

    /// <summary>Somebody else took the last byte, the log's reserve included.</summary>
    [Fact]
    public async Task to_the_last_byte_is_outlived_by_the_log()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync(DiskMegabytes);
        await using (RunningHost host = await RunningHost.StartAsync(data: Path.Combine(disk.Path, "data")))
        {
            await Scene.AddAsync(host, Scene.Pattern);
            await using RpcClient client = await host.ConnectAsync();
            await Scene.ConnectedAsync(client);
            string filename = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
            await Until.RecordedAsync(2);

            for (int i = 0; await IsRenamedAsync(host, i); i++)
            {
                Assert.True(i < 20_000, "PostgreSQL never missed the space.");
                await disk.FillAsync();
            }

            Assert.False(await IsPictureTakenAsync(client), "There is no room for a picture.");
            Assert.False(host.Process.HasExited, host.Output);
            await GoesOnLiveAsync(host, client);

            disk.Free();
            await Until.TrueAsync(
                async () => await IsRenamedAsync(host, -1), TimeSpan.FromSeconds(60), () => $"facts to be taken again: {host.Output}");
            Assert.True(await IsPictureTakenAsync(client), "There is room for a picture.");
            await Until.TrueAsync(
                async () => (await client.CallAsync("get_camera_status", new { device = "camera0" })).Text("status") == "CONNECTED",
                TimeSpan.FromSeconds(30),
                "the camera to be connected");
            await Until.RecordedAsync(2);
            await client.CallAsync("stop_recording", new { device = "camera0" });
            Assert.True(await FramesAsync(host, client, filename) >= 2 * Scene.FramesPerSecond);
            await Scene.ViewsEqualTheLogAsync(host);
        }
    }

    /// <summary>PostgreSQL cannot go on without room for its own log: it ends, and its start fails until there is some.</summary>
    [Fact]
    public async Task that_ends_PostgreSQL_is_outlived_by_the_host()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync(DiskMegabytes);
        await using (RunningHost host = await RunningHost.StartAsync(data: Path.Combine(disk.Path, "data")))
        {
            await Scene.AddAsync(host, Scene.Pattern);
            await using RpcClient client = await host.ConnectAsync();
            await Scene.ConnectedAsync(client);
            string filename = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
            await Until.RecordedAsync(2);

            // A new file of 16 MB is due with the next fact, and the next one after that.
            await disk.FillAsync();
            await host.SqlAsync("select pg_switch_wal()");
            await Until.TrueAsync(async () => !await IsRenamedAsync(host, 0), TimeSpan.FromSeconds(30), "a fact that is not taken");
            await Until.TrueAsync(
                () => Task.FromResult(host.Output.Contains("PostgreSQL ended", StringComparison.Ordinal)),
                TimeSpan.FromSeconds(30),
                () => $"PostgreSQL to end: {host.Output}");
            Assert.Equal(DependencyFailed, (await Scene.RefusedAsync(client, "get_camera_list")).Code);
            Assert.False(host.Process.HasExited, host.Output);

            disk.Free();
            await Until.TrueAsync(
                async () => await IsRenamedAsync(host, -1), TimeSpan.FromSeconds(60), () => $"facts to be taken again: {host.Output}");
            await client.CallAsync("stop_recording", new { device = "camera0" });
            Assert.True(await FramesAsync(host, client, filename) >= 2 * Scene.FramesPerSecond);
            await Scene.ViewsEqualTheLogAsync(host);
        }
    }

    /// <summary>20 Mbit/s, so that a small disk fills within seconds.</summary>
    private static async Task<string> HeavyClipAsync()
    {
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "clips")).FullName, "heavy.mp4");
        string[] words =
        [
            "-y", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25,noise=alls=60:allf=t", "-t", "4", "-c:v", "libx264",
            "-preset", "ultrafast", "-g", "25", "-b:v", "20M", "-minrate", "20M", "-maxrate", "20M", "-bufsize", "10M", path,
        ];
        (await Tool.RunAsync("ffmpeg", words)).Ok();
        return path;
    }

    private static async Task<string> RecordAsync(RpcClient client, int seconds)
    {
        string filename = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await Until.RecordedAsync(seconds);
        await client.CallAsync("stop_recording", new { device = "camera0" });
        return filename;
    }

    /// <summary>Downloads to another disk, and decodes every frame.</summary>
    private static async Task<int> FramesAsync(RunningHost host, RpcClient client, string filename)
    {
        string url = (await client.CallAsync("get_recording_info", new { filename })).Text("download_url");
        string path = Path.Combine(Path.GetTempPath(), $"events-full-{Guid.NewGuid():n}.mp4");
        await File.WriteAllBytesAsync(path, await host.DownloadAsync(url), TestContext.Current.CancellationToken);
        try
        {
            Assert.Equal("", (await Tool.RunAsync("ffmpeg", ["-v", "error", "-i", path, "-f", "null", "-"])).Errors);
            return await Tool.FramesAsync(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task RefusesNewRecordingsAsync(RpcClient client)
    {
        RpcException refused = await Scene.RefusedAsync(client, "start_recording", new { device = "camera1" });
        Assert.Equal(InvalidState, refused.Code);
        Assert.Equal("storage_critical", refused.Data.Text("reason"));
        Assert.Equal(-1010, refused.Data.GetProperty("legacy_code").GetInt32());
        Assert.Contains("Delete footage", refused.Data.Text("details"), StringComparison.Ordinal);
    }

    private static async Task GoesOnLiveAsync(RunningHost host, RpcClient client)
    {
        string token = await host.TokenAsync("viewer");
        foreach (string device in new[] { "camera0" })
        {
            JsonElement camera = await client.CallAsync("get_camera_status", new { device });
            string hls = camera.GetProperty("streams").Text("hls");
            string before = await TextAsync(hls);
            await Until.TrueAsync(
                async () => await TextAsync(hls) != before, TimeSpan.FromSeconds(10), $"{device} to go on live");
            Assert.NotEmpty(await host.DownloadAsync($"/live/{device}.jpg", token));
        }

        async Task<string> TextAsync(string url)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using HttpResponseMessage answer = await host.Http.SendAsync(request);
            return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
        }
    }

    /// <returns>False when PostgreSQL is named as the reason why not.</returns>
    private static async Task<bool> IsRenamedAsync(RunningHost host, int count)
    {
        string token = JsonSerializer.Deserialize<JsonElement>(
            await File.ReadAllTextAsync(Path.Combine(host.Data, "run", "host.json"), TestContext.Current.CancellationToken)).Text("token");
        string body = JsonSerializer.Serialize(new { name = $"{count} {new string('n', 60)}" });
        (int status, string text) = await RawHttp.AskAsync(
            host.Port, "POST", "/control/cameras/camera0/name", [$"Authorization: Bearer {token}", $"Content-Length: {body.Length}"], body);
        Assert.True(status is 200 or 503, text);
        Assert.True(status == 200 || text.Contains("dependency.p", StringComparison.Ordinal), text);
        return status == 200;
    }

    private static async Task<bool> IsPictureTakenAsync(RpcClient client)
    {
        try
        {
            await client.CallAsync("take_snapshot", new { device = "camera0" });
            return true;
        }
        catch (RpcException e) when (e.Code == DependencyFailed)
        {
            Assert.Contains(e.Data.Text("dependency"), new[] { "postgresql", "storage" });
            return false;
        }
    }
}
