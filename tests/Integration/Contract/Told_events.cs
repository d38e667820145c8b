using System.Text.Json;
using Events.Host.JsonRpc;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>Notifications in both dialects: complete, in shape, filtered, and each at most once.</summary>
public sealed class Told_events
{
    private const string Timed = " + {timestamp: instant}";
    private const string Stream = "{name: camera, source: text, ready: bool, readers: count, bytes_sent: count}" + Timed;
    private const string Recording = "{device: camera, status: \"STARTED\"|\"STOPPED\"|\"ERROR\", filename: text, duration: count}" + Timed;
    private const string Snapshot =
        "{device: camera, filename: text, status: \"SUCCESS\"|\"FAILED\", file_path: text, timestamp: instant}";

    private static readonly string System = ContractTable.Of("get_status").Shape;

    /// <summary>By method of the notification.</summary>
    private static readonly Dictionary<string, string> Shapes = new(StringComparer.Ordinal)
    {
        ["camera_status_update"] = "Camera",
        ["recording_status_update"] =
            "{device: camera, status: \"RECORDING\"|\"STARTING\"|\"STOPPED\"|\"ERROR\", filename: text, duration: count}",
        ["system_health_update"] = System,
        ["camera.connected"] = "Camera" + Timed,
        ["camera.disconnected"] = "Camera" + Timed,
        ["camera.status_change"] = "Camera" + Timed,
        ["camera.capability_detected"] = "Camera" + Timed,
        ["recording.start"] = Recording,
        ["recording.started"] = Recording,
        ["recording.stop"] = Recording,
        ["recording.stopped"] = Recording,
        ["recording.error"] = Recording,
        ["recording.progress"] = Recording,
        ["mediamtx.recording_started"] = Recording,
        ["mediamtx.recording_stopped"] = Recording,
        ["mediamtx.recording_failed"] = Recording,
        ["snapshot.taken"] = Snapshot,
        ["snapshot.error"] = Snapshot,
        ["mediamtx.stream"] = Stream,
        ["mediamtx.path"] = Stream,
        ["mediamtx.error"] = Stream,
        ["mediamtx.stream_started"] = Stream,
        ["mediamtx.stream_stopped"] = Stream,
        ["system.health"] = System + Timed,
        ["system.startup"] = System + Timed,
        ["system.shutdown"] = System + Timed,
    };

    [Fact]
    public async Task come_for_all_that_happens()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync("--size", "320x180");
        await using RunningHost host = await RunningHost.StartAsync(new() { ["EVENTS__Media__StallTimeoutS"] = "2" });
        await using RpcClient client = await host.ConnectAsync();
        await client.CallAsync("subscribe_events", new { topics = Shapes.Keys });
        await ToldAsync(client, "system_health_update", "system.health");

        await Scene.AddAsync(host, camera.Url);
        await ToldAsync(
            client, "camera_status_update", "camera.connected", "camera.status_change", "camera.capability_detected", "mediamtx.stream",
            "mediamtx.path");
        await client.CallAsync("start_streaming", new { device = "camera0" });
        await client.CallAsync("stop_streaming", new { device = "camera0" });
        await ToldAsync(client, "mediamtx.stream_started", "mediamtx.stream_stopped");
        await client.CallAsync("take_snapshot", new { device = "camera0" });
        await ToldAsync(client, "snapshot.taken");
        await client.CallAsync("start_recording", new { device = "camera0" });
        await ToldAsync(client, "recording_status_update", "recording.start", "recording.started", "mediamtx.recording_started");

        await camera.GoAwayAsync();
        await ToldAsync(
            client, "camera.disconnected", "mediamtx.error", "recording.error", "mediamtx.recording_failed", "recording.progress");
        await Assert.ThrowsAsync<RpcException>(() => client.CallAsync("take_snapshot", new { device = "camera0" }));
        await ToldAsync(client, "snapshot.error");
        await client.CallAsync("stop_recording", new { device = "camera0" });
        await ToldAsync(client, "recording.stop", "recording.stopped", "mediamtx.recording_stopped");
        await AssertStartAndEndAsync(host, client);

        Assert.All(client.Notifications, AssertInShape);
        string[] starts = [.. Statuses(client, "recording_status_update")];
        Assert.Equal(["RECORDING", "ERROR", "STOPPED"], starts);
        Assert.Equal(["STARTED"], Statuses(client, "recording.start"));
        Assert.Equal(["STOPPED"], Statuses(client, "recording.stop"));
        Assert.DoesNotContain(client.Notifications, note => note.TryGetProperty("id", out _));
    }

    [Fact]
    public async Task are_only_those_that_were_asked_for()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        await using RpcClient one = await host.ConnectAsync();
        await using RpcClient none = await host.ConnectAsync();
        await using RpcClient late = await host.ConnectAsync();
        await one.CallAsync("subscribe_events", new { topics = new[] { "camera.connected" }, filters = new { device = "camera1" } });
        await one.CallAsync("subscribe_events", new { topics = new[] { "snapshot.taken" } });
        await late.CallAsync("subscribe_events", new
        {
            topics = new[] { "camera.connected" },
            filters = new { timestamp_after = DateTimeOffset.UtcNow.AddHours(1) },
        });
        await Scene.AddAsync(host, Scene.Pattern);
        await Scene.ConnectedAsync(one);
        await Scene.AddAsync(host, Scene.Pattern, "Yard");
        await one.ToldAsync("camera.connected", camera => camera.Text("device") == "camera1");
        await one.CallAsync("take_snapshot", new { device = "camera0" });
        await one.ToldAsync("snapshot.taken", _ => true);

        Assert.Equal(["camera.connected", "snapshot.taken"], one.Notifications.Select(note => note.Text("method")));
        Assert.Empty(none.Notifications);
        Assert.Empty(late.Notifications);
        await one.CallAsync("unsubscribe_events", new { topics = new[] { "snapshot.taken" } });
        await none.CallAsync("subscribe_events", new { topics = new[] { "snapshot.taken" } });
        await one.CallAsync("take_snapshot", new { device = "camera0" });
        await none.ToldAsync("snapshot.taken", _ => true);
        Assert.Equal(2, one.Notifications.Count);
    }

    /// <summary>Nothing is kept for a client that asks for ever new topics and leaves each again: it must not fill the memory.</summary>
    [Fact]
    public void are_new_to_nobody_who_has_left_them()
    {
        var subscriptions = new Subscriptions();
        Assert.True(subscriptions.TryAdd(["system.health", "camera.connected", "camera.disconnected"], SubscriptionFilter.None));
        subscriptions.Remove(["system.health"]);
        Assert.False(subscriptions.IsNew("system.health"));
        Assert.True(subscriptions.IsNew("camera.connected"));

        subscriptions.Remove(null);
        Assert.False(subscriptions.IsNew("camera.disconnected"));
        Assert.True(subscriptions.TryAdd(["system.health"], SubscriptionFilter.None));
        Assert.True(subscriptions.IsNew("system.health"));
    }

    [Fact]
    public async Task go_to_everybody_where_that_is_switched_on()
    {
        await using RunningHost host = await RunningHost.StartAsync(new() { ["EVENTS__Server__NotifyUnsubscribed"] = "true" });
        await using RpcClient unsubscribed = await host.ConnectAsync("viewer");
        await using RpcClient stranger = await host.ConnectAsync(null);
        await using RpcClient other = await host.ConnectAsync("viewer");
        await other.CallAsync("subscribe_events", new { topics = new[] { "snapshot.taken" } });
        await Scene.AddAsync(host, Scene.Pattern);

        await unsubscribed.ToldAsync("camera_status_update", camera => camera.Text("status") == "CONNECTED");
        Assert.DoesNotContain(unsubscribed.Notifications, note => note.Text("method").Contains('.', StringComparison.Ordinal));
        Assert.Empty(other.Notifications);
        Assert.Empty(stranger.Notifications);
    }

    /// <summary>A socket that is there before the host is ready hears that it is, and one that is there at its end hears that.</summary>
    private static async Task AssertStartAndEndAsync(RunningHost host, RpcClient client)
    {
        await host.StopAsync();
        await ToldAsync(client, "system.shutdown");
        string token = string.Empty;
        Task starting = host.StartAgainAsync();
        RpcClient? early = null;
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    token = token.Length > 0 ? token : await host.TokenAsync("admin");
                    early = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/ws"));
                    return true;
                }
                catch (Exception e) when (e is global::System.Net.WebSockets.WebSocketException or InvalidOperationException)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(60),
            "the port to open");
        await using (early)
        {
            await early!.CallAsync("authenticate", new { auth_token = token });
            JsonElement status = await early.CallAsync("get_system_status");
            Assert.Equal([], ContractTable.FaultsOf("get_system_status", status));
            await starting;
        }
    }

    private static async Task ToldAsync(RpcClient client, params string[] methods)
    {
        foreach (string method in methods)
        {
            await client.ToldAsync(method, _ => true);
        }
    }

    private static IEnumerable<string> Statuses(RpcClient client, string method) =>
        client.Notifications.Where(note => note.Text("method") == method).Select(note => note.GetProperty("params").Text("status"));

    private static void AssertInShape(JsonElement note) =>
        Assert.Equal(
            [], Shape.Parse(Shapes[note.Text("method")], ContractTable.Named).FaultsOf(note.GetProperty("params")));
}
