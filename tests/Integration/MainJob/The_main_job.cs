using System.Net.Http.Headers;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.MainJob;

/// <summary>A real RTSP camera, the real host, PostgreSQL, ffmpeg and a WebSocket client, from end to end.</summary>
public sealed class The_main_job(OneHost house) : IClassFixture<OneHost>
{
    private const int FramesPerSecond = 30;
    private const int GroupOfPictures = 30;

    [Fact]
    public async Task records_a_real_camera_without_losing_a_frame()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync("--size", "640x360");
        RunningHost host = house.Host;
        await using RpcClient client = await host.ConnectAsync();
        await client.CallAsync("subscribe_events", new
        {
            topics = new[] { "camera_status_update", "recording_status_update", "camera.connected", "recording.stop", "snapshot.taken" },
        });

        (string id, string device) = await AddAsync(host, camera.Url);
        JsonElement connected = await client.ToldAsync(
            "camera_status_update", camera => camera.Text("device") == device && camera.Text("status") == "CONNECTED");
        Assert.Equal("Gate", connected.Text("name"));
        await client.ToldAsync("camera.connected", camera => camera.Text("device") == device);

        JsonElement started = await client.CallAsync("start_recording", new { device });
        Assert.Equal("RECORDING", started.Text("status"));
        string filename = started.Text("filename");
        await client.ToldAsync("recording_status_update", update => update.Text("status") == "RECORDING");

        int pictures = (await host.FactsAsync("snapshot")).Count;
        JsonElement snapshot = await client.CallAsync("take_snapshot", new { device, filename = "gate.jpg" });
        Assert.Equal("SUCCESS", snapshot.Text("status"));
        await client.ToldAsync("snapshot.taken", taken => taken.Text("filename") == "gate.jpg");

        await Until.TrueAsync(
            async () => (await PlayedAsync(host, client, device)) >= 3, TimeSpan.FromSeconds(30), "three seconds of HLS");
        await Until.RecordedAsync(8);
        JsonElement stopped = await client.CallAsync("stop_recording", new { device });
        Assert.Equal("STOPPED", stopped.Text("status"));
        await client.ToldAsync("recording_status_update", update => update.Text("status") == "STOPPED");
        await client.ToldAsync("recording.stop", update => update.Text("filename") == filename);

        string file = await SaveAsync(host, (await client.CallAsync("get_recording_info", new { filename })).Text("download_url"));
        int frames = await Tool.FramesAsync(file);
        Assert.True(stopped.Number("duration") >= 8, $"The recording has {stopped.Number("duration")} s.");
        Assert.InRange(
            frames,
            (stopped.Number("duration") * FramesPerSecond) - GroupOfPictures,
            (stopped.Number("duration") * FramesPerSecond) + GroupOfPictures);
        Assert.Equal(new FileInfo(file).Length, (long)stopped.Number("file_size"));
        Assert.Equal($"{frames}", await host.SqlAsync(
            "select sum((data->>'frameCount')::int) from events.mt_events where type = 'recording_segment_committed'"));

        Assert.Equal("640,360", (await Tool.ProbeAsync(await SnapshotAsync(host, client), "stream=width,height")).Trim());
        Assert.Equal(
            "camera_registered camera_connected camera_capabilities_probed",
            await host.SqlAsync($"select string_agg(type, ' ' order by seq_id) from events.mt_events where stream_id = 'camera-{id}'"));
        Assert.Equal(
            ["recording_requested", "recording_started", "recording_segment_committed", "recording_stopped"],
            await host.FactsAsync("recording"));
        Assert.Equal(["snapshot_taken"], (await host.FactsAsync("snapshot")).Skip(pictures));
        (await host.CliAsync("camera", "retire", device)).Ok();
    }

    [Fact]
    public async Task goes_on_after_a_kill_and_keeps_the_footage_up_to_the_last_group_of_pictures()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync("--size", "320x180");
        await using RunningHost host = await RunningHost.StartAsync();
        await AddAsync(host, camera.Url);
        string filename;
        DateTimeOffset startedAt;
        await using (RpcClient client = await host.ConnectAsync())
        {
            await ConnectedAsync(client);
            filename = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
            startedAt = DateTimeOffset.UtcNow;
            await Until.RecordedAsync(5);
            await host.KillAsync();
        }

        double recordedSeconds = (DateTimeOffset.UtcNow - startedAt).TotalSeconds;
        await Until.TrueAsync(
            async () => (await Tool.RunAsync("pgrep", ["-f", host.Data])).Output.Length == 0,
            TimeSpan.FromSeconds(10),
            "every child of the killed host to be gone");

        await host.StartAgainAsync();
        await using RpcClient again = await host.ConnectAsync();
        await Until.TrueAsync(
            async () => (await host.FactsAsync("recording")).Contains("recording_recovered"),
            TimeSpan.FromSeconds(30),
            "the recording to go on");
        IReadOnlyList<string> facts = await host.FactsAsync("recording");
        Assert.Equal(
            ["recording_requested", "recording_started", "recording_segment_committed", "recording_interrupted", "recording_recovered"],
            facts);
        int saved = int.Parse(
            await host.SqlAsync("select sum((data->>'frameCount')::int) from events.mt_events where type = 'recording_segment_committed'"),
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(
            saved >= ((recordedSeconds - 1) * FramesPerSecond) - GroupOfPictures,
            $"{saved} frames of {recordedSeconds:0.0} s were found again.");

        await Until.RecordedAsync(3);
        JsonElement stopped = await again.CallAsync("stop_recording", new { device = "camera0" });
        string file = await SaveAsync(host, (await again.CallAsync("get_recording_info", new { filename })).Text("download_url"));
        Assert.InRange(
            await Tool.FramesAsync(file),
            (stopped.Number("duration") * FramesPerSecond) - GroupOfPictures,
            (stopped.Number("duration") * FramesPerSecond) + GroupOfPictures);
        Assert.True(await Tool.FramesAsync(file) > saved);
    }

    [Fact]
    public async Task outlives_a_camera_that_freezes_and_one_that_goes_away()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync("--size", "320x180");
        await using RunningHost host = await RunningHost.StartAsync(
            new() { ["EVENTS__Media__StallTimeoutS"] = "2" });
        await AddAsync(host, camera.Url);
        await using RpcClient client = await host.ConnectAsync();
        await client.CallAsync("subscribe_events", new { topics = new[] { "camera_status_update", "recording_status_update" } });
        await ConnectedAsync(client);
        await client.CallAsync("start_recording", new { device = "camera0" });

        await camera.FreezeAsync();
        await ToldTimesAsync(client, "recording_status_update", "ERROR", 1);
        await ToldTimesAsync(client, "camera_status_update", "DISCONNECTED", 1);
        await camera.ThawAsync();
        await ToldTimesAsync(client, "recording_status_update", "RECORDING", 2);

        await camera.GoAwayAsync();
        await ToldTimesAsync(client, "recording_status_update", "ERROR", 2);
        await camera.StartAgainAsync();
        await ToldTimesAsync(client, "recording_status_update", "RECORDING", 3);

        await client.CallAsync("stop_recording", new { device = "camera0" });
        IReadOnlyList<string> facts = await host.FactsAsync("recording");
        Assert.Equal(2, facts.Count(fact => fact == "recording_interrupted"));
        Assert.Equal(2, facts.Count(fact => fact == "recording_recovered"));
        Assert.Equal(3, facts.Count(fact => fact == "recording_segment_committed"));
        Assert.Equal("recording_stopped", facts[^1]);
    }

    [Fact]
    public async Task stops_a_timed_recording_by_itself_also_when_the_host_was_restarted()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        await AddAsync(host, "test:pattern?size=320x180&fps=30");
        await using (RpcClient client = await host.ConnectAsync())
        {
            await ConnectedAsync(client);
            await client.CallAsync("subscribe_events", new { topics = new[] { "recording_status_update" } });
            await client.CallAsync("start_recording", new { device = "camera0", duration = 3 });
            await client.ToldAsync("recording_status_update", update => update.Text("status") == "STOPPED");
            RpcException late = await Assert.ThrowsAsync<RpcException>(
                () => client.CallAsync("stop_recording", new { device = "camera0" }));
            Assert.Equal(-32020, late.Code);
            JsonElement files = (await client.CallAsync("list_recordings")).GetProperty("files");
            string file = await SaveAsync(host, files[0].Text("download_url"));
            Assert.InRange(await Tool.FramesAsync(file), 90 - GroupOfPictures, 90 + GroupOfPictures);

            await client.CallAsync("start_recording", new { device = "camera0", duration = 4 });
            await Until.RecordedAsync(1);
            await host.KillAsync();
        }

        await host.StartAgainAsync();
        await Until.TrueAsync(
            async () => (await host.FactsAsync("recording")).Count(fact => fact == "recording_stopped") == 2,
            TimeSpan.FromSeconds(20),
            "the second timed recording to stop");
        Assert.Equal("DurationReached", await host.SqlAsync(
            "select data->>'reason' from events.mt_events where type = 'recording_stopped' order by seq_id desc limit 1"));
    }

    [Fact]
    public async Task serves_ranges_and_refuses_what_is_not_allowed()
    {
        RunningHost host = house.Host;
        (_, string device) = await AddAsync(host, "test:pattern?size=320x180&fps=10");
        await using RpcClient client = await host.ConnectAsync();
        await ConnectedAsync(client, device);
        await client.CallAsync("take_snapshot", new { device, filename = "a.jpg" });
        string token = await host.TokenAsync("viewer");
        byte[] whole = await host.DownloadAsync("/files/snapshots/a.jpg", token);
        byte[] part = await host.DownloadAsync("/files/snapshots/a.jpg", token, new RangeHeaderValue(2, 99));

        Assert.Equal(whole.AsSpan(2, 98).ToArray(), part);
        Assert.Equal(401, await StatusAsync(host, "/files/snapshots/a.jpg", null));
        Assert.Equal(404, await StatusAsync(host, "/files/snapshots/b.jpg", token));
        Assert.Equal(400, await StatusAsync(host, "/files/snapshots/..%2f..%2fkeys%2ftokens.key", token));
        Assert.Equal(401, await StatusAsync(host, $"/hls/{device}.m3u8", null));
        Assert.Equal(200, await StatusAsync(host, $"/live/{device}.jpg", token));
        (await host.CliAsync("camera", "retire", device)).Ok();
    }

    private static async Task<int> StatusAsync(RunningHost host, string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await host.Http.SendAsync(request);
        return (int)response.StatusCode;
    }

    private static async Task<(string Id, string Device)> AddAsync(RunningHost host, string source)
    {
        JsonElement added = JsonElement.Parse(
            (await host.CliAsync("camera", "add", "--name", "Gate", "--source", source, "--format", "json")).Ok());
        return (added.Text("id"), added.Text("camera"));
    }

    private static Task ConnectedAsync(RpcClient client, string device = "camera0") =>
        Until.TrueAsync(
            async () => (await client.CallAsync("get_camera_status", new { device })).Text("status") == "CONNECTED",
            TimeSpan.FromSeconds(20),
            $"{device} to be connected");

    private static Task ToldTimesAsync(RpcClient client, string method, string status, int count) =>
        Until.TrueAsync(
            () => Task.FromResult(client.Notifications.Count(note =>
                note.Text("method") == method && note.GetProperty("params").Text("status") == status) >= count),
            TimeSpan.FromSeconds(40),
            () => $"{count} times {method} {status}; told so far: {string.Join('\n', client.Notifications)}");

    /// <summary>Seconds of live pictures that ffmpeg reads, over HLS and over RTSP.</summary>
    private static async Task<double> PlayedAsync(RunningHost host, RpcClient client, string device)
    {
        JsonElement url = await client.CallAsync("get_stream_url", new { device });
        if (!url.GetProperty("available").GetBoolean())
        {
            return 0;
        }

        JsonElement camera = await client.CallAsync("get_camera_status", new { device });
        string hls = camera.GetProperty("streams").Text("hls");
        using HttpResponseMessage list = await host.Http.GetAsync(new Uri(hls));
        if (!list.IsSuccessStatusCode)
        {
            return 0; // There is a first picture, but no whole segment yet.
        }

        foreach (string address in new[] { hls, url.Text("stream_url") })
        {
            CliResult played = await Tool.RunAsync("ffmpeg", ["-v", "error", "-i", address, "-t", "3", "-f", "null", "-"]);
            Assert.True(
                played.ExitCode == 0 && played.Errors.Length == 0, $"ffmpeg could not play it: {played.Errors}; {host.Output}");
        }

        return 3;
    }

    private static async Task<string> SnapshotAsync(RunningHost host, RpcClient client) =>
        await SaveAsync(
            host, (await client.CallAsync("get_snapshot_info", new { filename = "gate.jpg" })).Text("download_url"));

    private static async Task<string> SaveAsync(RunningHost host, string url)
    {
        string path = Path.Combine(host.Data, Guid.NewGuid().ToString("n") + (url.Contains(".jpg", StringComparison.Ordinal) ? ".jpg" : ".mp4"));
        await File.WriteAllBytesAsync(path, await host.DownloadAsync(url));
        return path;
    }
}
