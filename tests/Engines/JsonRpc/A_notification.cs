using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using Events.JsonRpc;
using Xunit;

namespace Events.Tests.Engines.JsonRpc;

/// <summary>From the server to its clients: JSON-RPC 2.0, section 4.1.</summary>
public sealed class A_notification
{
    [Fact]
    public async Task goes_to_those_who_are_wanted()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient first = await server.ConnectAsync();
        using RpcClient second = await server.ConnectAsync();
        await RpcServer.UntilAsync(() => server.Connections.All.Count() == 2);
        JsonRpcNotification news = JsonRpcNotification.Encode("camera_status_update", "{\"device\":\"camera0\"}"u8);
        JsonRpcConnection[] all = [.. server.Connections.All];
        Assert.Equal(2, server.Connections.Notify(news, _ => true));
        Assert.Equal(1, server.Connections.Notify(news, connection => connection == all[0]));
        Assert.Equal(
            """{"jsonrpc":"2.0","method":"camera_status_update","params":{"device":"camera0"}}""", await first.ReceiveAsync());
        Assert.NotNull(await second.ReceiveAsync());
        Assert.Equal(3, server.Connections.Counts.Notifications);
    }

    [Fact]
    public void leaves_parameters_out_when_there_are_none() =>
        Assert.Equal(
            "{\"jsonrpc\":\"2.0\",\"method\":\"x\"}",
            Encoding.UTF8.GetString(JsonRpcNotification.Encode("x", []).Utf8.Span));

    [Theory]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData(" ")]
    public void refuses_parameters_that_are_not_JSON(string text) =>
        Assert.Throws<ArgumentException>(() => JsonRpcNotification.Encode("x", Encoding.UTF8.GetBytes(text)));

    [Fact]
    public async Task given_before_an_answer_arrives_before_it()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        for (int i = 0; i < 100; i++)
        {
            Assert.Contains("news", await client.AskAsync("""{"jsonrpc":"2.0","id":1,"method":"notify"}"""));
            Assert.Contains("\"result\":true", await client.ReceiveAsync());
        }
    }

    [Fact]
    public async Task for_a_slow_reader_closes_it_and_reaches_the_others_at_once()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with { CloseWait = TimeSpan.FromMilliseconds(300) });
        using RawClient slow = await RawClient.ConnectAsync(server.Port, receiveBytes: 4096);
        await slow.HandshakeAsync();
        using RpcClient willing = await server.ConnectAsync();
        await RpcServer.UntilAsync(() => server.Connections.All.Count() == 2);
        JsonRpcNotification news = JsonRpcNotification.Encode(
            "news", Encoding.UTF8.GetBytes($"{{\"text\":\"{new string('x', 20_000)}\"}}"));
        TimeSpan worst = TimeSpan.Zero;
        for (int i = 0; i < 2000 && server.Connections.Counts.SlowReadersClosed == 0; i++)
        {
            long before = Stopwatch.GetTimestamp();
            server.Connections.Notify(news, _ => true);
            Assert.Contains("news", await willing.ReceiveAsync());
            worst = TimeSpan.FromTicks(Math.Max(worst.Ticks, Stopwatch.GetElapsedTime(before).Ticks));
        }

        Assert.Equal(1, server.Connections.Counts.SlowReadersClosed);
        Assert.InRange(worst, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        await RpcServer.UntilAsync(() => server.Connections.Count == 1);
        Assert.Contains("pong", await willing.AskAsync("""{"jsonrpc":"2.0","id":1,"method":"ping"}"""));
    }

    [Fact]
    public async Task for_a_reader_that_catches_up_in_time_shows_it_1008()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with { QueuedFramesMax = 4 });
        using RpcClient slow = await server.ConnectAsync();
        await RpcServer.UntilAsync(() => server.Connections.All.Any());
        JsonRpcConnection connection = server.Connections.All.Single();
        byte[] text = Encoding.UTF8.GetBytes($"{{\"text\":\"{new string('x', 100_000)}\"}}");
        JsonRpcNotification news = JsonRpcNotification.Encode("news", text);
        await RpcServer.UntilAsync(() => !connection.TryNotify(news));
        Assert.False(connection.TryNotify("news", text));
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, await slow.ReceiveCloseAsync());
    }

    [Fact]
    public async Task for_a_client_that_takes_no_answers_cuts_it_off()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with { SendStallMax = TimeSpan.FromMilliseconds(200) });
        using RawClient client = await RawClient.ConnectAsync(server.Port, receiveBytes: 4096);
        await client.HandshakeAsync();
        byte[] call = """{"jsonrpc":"2.0","id":1,"method":"big","params":{"length":7000000}}"""u8.ToArray();
        await client.SendFrameAsync(0x81, call);
        await client.SendFrameAsync(0x81, call);
        await RpcServer.UntilAsync(() => server.Connections.Counts.Opened == 1 && server.Connections.Count == 0);
    }
}
