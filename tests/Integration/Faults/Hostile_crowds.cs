using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>Many at once, each with another way of taking more than its share.</summary>
[Collection(Alone.Name)]
public sealed class Hostile_crowds(ITestOutputHelper output)
{
    private const int EachKind = 40;
    private const int CrowdSeconds = 12;

    /// <summary>The contract's 95 % of all calls, measured here from end to end with the crowd in the same two processors.</summary>
    private static readonly TimeSpan P95Max = TimeSpan.FromMilliseconds(100);

    private const long MemoryBytesMax = 250L * 1024 * 1024;

    [Fact]
    public async Task are_turned_away_at_the_limit_before_the_upgrade()
    {
        await using RunningHost host = await RunningHost.StartAsync(new() { ["EVENTS__Server__MaxConnections"] = "3" });
        RpcClient[] all = [await host.ConnectAsync(), await host.ConnectAsync(null), await host.ConnectAsync(null)];
        string[] handshake =
            ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
        for (int i = 0; i < 5; i++)
        {
            await using RawHttp raw = await RawHttp.ConnectAsync(host.Port);
            await raw.SendAsync($"GET /ws HTTP/1.1\r\nHost: localhost\r\n{string.Join("\r\n", handshake)}\r\n\r\n");
            string start = await raw.StartAsync();
            Assert.StartsWith("HTTP/1.1 503", start, StringComparison.Ordinal);
            Assert.Contains("Try again later", start, StringComparison.Ordinal);
        }

        Assert.Equal("pong", (await all[0].CallAsync("ping")).GetString());
        Assert.Equal(200, (await RawHttp.AskAsync(host.HealthPort, "GET", "/health/live")).Status);
        await all[2].DisposeAsync();
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    await using RpcClient next = await host.ConnectAsync(null);
                    return (await next.CallAsync("ping")).GetString() == "pong";
                }
                catch (WebSocketException)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(10),
            "a place to be free again");
        await all[0].DisposeAsync();
        await all[1].DisposeAsync();
    }

    [Fact]
    public async Task of_200_leave_an_honest_client_and_a_recording_alone()
    {
        await using RunningHost host = await RunningHost.StartAsync(new() { ["DOTNET_TieredCompilation"] = "0" });
        await Scene.AddAsync(host, Scene.Pattern);
        string token = await host.TokenAsync("viewer");
        await using RpcClient client = await host.ConnectAsync();
        await client.CallAsync("subscribe_events", new { topics = new[] { "recording_status_update" } });
        await Scene.ConnectedAsync(client);
        string filename = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        long start = Stopwatch.GetTimestamp();

        using var enough = new CancellationTokenSource();
        int[] done = new int[5];
        Task[] crowd =
        [
            .. Enumerable.Range(0, EachKind).SelectMany(_ => new[]
            {
                OnceMoreAsync(0, DawdleAsync), OnceMoreAsync(1, StaySilentAsync), OnceMoreAsync(2, (h, t) => NeverReadAsync(h, token, t)),
                OnceMoreAsync(3, ShoutAsync), OnceMoreAsync(4, ComeAndGoAsync),
            }),
        ];
        List<TimeSpan> took = await CallAsync(client, TimeSpan.FromSeconds(CrowdSeconds));
        await enough.CancelAsync();
        await Task.WhenAll(crowd);

        TimeSpan p95 = took.Order().ElementAt(took.Count * 95 / 100);
        host.Process.Refresh();
        output.WriteLine($"{took.Count} calls, p50 {took.Order().ElementAt(took.Count / 2).TotalMilliseconds:0.0} ms, "
            + $"p95 {p95.TotalMilliseconds:0.0} ms, longest {took.Max().TotalMilliseconds:0.0} ms; crowd {string.Join(' ', done)}; "
            + $"{host.Process.WorkingSet64 / 1024 / 1024} MiB");
        Assert.True(p95 < P95Max, $"p95 was {p95.TotalMilliseconds:0.0} ms.");
        Assert.All(done, count => Assert.True(count > 0, "A part of the crowd did nothing."));
        Assert.True(host.Process.WorkingSet64 < MemoryBytesMax, $"{host.Process.WorkingSet64} bytes");

        JsonElement stopped = await client.CallAsync("stop_recording", new { device = "camera0" });
        double recordedSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await client.ToldAsync("recording_status_update", update => update.Text("status") == "STOPPED");
        string file = await Scene.SaveAsync(host, client, filename);
        Assert.InRange(
            await Tool.FramesAsync(file),
            (recordedSeconds - 1.5) * Scene.FramesPerSecond,
            (recordedSeconds + 1.5) * Scene.FramesPerSecond);
        Assert.True(await Scene.LongestGapAsync(file) < 1.5 / Scene.FramesPerSecond, "There is a hole in the footage.");
        Assert.Equal("STOPPED", stopped.Text("status"));
        Assert.DoesNotContain("Exception", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("recording_interrupted", await host.FactsAsync("recording"));

        async Task OnceMoreAsync(int kind, Func<RunningHost, CancellationToken, Task> offendAsync)
        {
            while (!enough.IsCancellationRequested)
            {
                try
                {
                    await offendAsync(host, enough.Token);
                    Interlocked.Increment(ref done[kind]);
                }
                catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or InvalidOperationException)
                {
                    // Shown the door, which is as it should be; or it is enough.
                    Interlocked.Increment(ref done[kind]);
                    await Task.Delay(20, CancellationToken.None);
                }
            }
        }
    }

    private static async Task<List<TimeSpan>> CallAsync(RpcClient client, TimeSpan span)
    {
        List<TimeSpan> took = [];
        long start = Stopwatch.GetTimestamp();
        (string Method, object Parameters)[] calls =
            [("ping", new { }), ("get_camera_list", new { }), ("get_camera_status", new { device = "camera0" }), ("list_recordings", new { })];
        while (Stopwatch.GetElapsedTime(start) < span)
        {
            foreach ((string method, object parameters) in calls)
            {
                long before = Stopwatch.GetTimestamp();
                await client.CallAsync(method, parameters);
                took.Add(Stopwatch.GetElapsedTime(before));
                await Task.Delay(5);
            }
        }

        return took;
    }

    /// <summary>Headers that never end, a letter at a time.</summary>
    private static async Task DawdleAsync(RunningHost host, CancellationToken enough)
    {
        await using RawHttp raw = await RawHttp.ConnectAsync(host.Port);
        await raw.SendAsync("GET /ws HTTP/1.1\r\nHost: localhost\r\nX: ");
        while (true)
        {
            await Task.Delay(200, enough);
            await raw.SendAsync("x");
        }
    }

    private static async Task StaySilentAsync(RunningHost host, CancellationToken enough)
    {
        await using RawHttp raw = await RawHttp.ConnectAsync(host.Port);
        await Task.Delay(Timeout.Infinite, enough);
    }

    /// <summary>Logs in, asks for much, and takes none of it.</summary>
    private static async Task NeverReadAsync(RunningHost host, string token, CancellationToken enough)
    {
        await using RawRpc raw = await RawRpc.ConnectAsync(host, token);
        string batch = "[" + string.Join(
            ',', Enumerable.Repeat("{\"jsonrpc\":\"2.0\",\"id\":\"" + new string('i', 5_000) + "\",\"method\":\"ping\"}", 50)) + "]";
        while (!enough.IsCancellationRequested)
        {
            await raw.SendAsync(batch);
            await Task.Delay(20, enough);
        }
    }

    /// <summary>Nonsense, as fast as it is answered and a little slower.</summary>
    private static async Task ShoutAsync(RunningHost host, CancellationToken enough)
    {
        await using RawRpc raw = await RawRpc.ConnectAsync(host);
        string[] texts = ["nonsense", "[]", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"get_camera_list\"}", new string('[', 60_000)];
        for (int i = 0; !enough.IsCancellationRequested; i++)
        {
            await raw.AskAsync(texts[i % texts.Length]);
            await Task.Delay(10, enough);
        }
    }

    /// <summary>Begins a long message and is gone.</summary>
    private static async Task ComeAndGoAsync(RunningHost host, CancellationToken enough)
    {
        await using RawRpc raw = await RawRpc.ConnectAsync(host);
        await raw.SendAsync(new byte[200_000], isEnd: false);
        await Task.Delay(100, enough);
    }
}
