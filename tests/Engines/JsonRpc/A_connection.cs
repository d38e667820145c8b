using System.Net;
using System.Net.WebSockets;
using System.Text;
using Xunit;

namespace Events.Tests.Engines.JsonRpc;

/// <summary>The transport: RFC 6455 as far as it is ours to decide, and every bound.</summary>
public sealed class A_connection
{
    private const string Ping = """{"jsonrpc":"2.0","id":1,"method":"ping"}""";
    private const int MiB = 1024 * 1024;

    [Theory]
    [InlineData("", 426)]
    [InlineData("Upgrade: h2c\r\nConnection: Upgrade\r\n", 426)]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", 400)]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n", 400)]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n", 426)]
    public async Task is_refused_when_the_request_is_no_handshake(string headers, int status)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        string head = await client.HandshakeAsync(headers);
        Assert.StartsWith($"HTTP/1.1 {status} ", head);
        if (status == 426)
        {
            Assert.Contains("Sec-WebSocket-Version: 13", head);
        }
    }

    [Fact]
    public async Task is_refused_with_a_text_that_says_why()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using var http = new HttpClient();
        using HttpResponseMessage answer = await http.GetAsync(server.HttpUri, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UpgradeRequired, answer.StatusCode);
        Assert.Contains("WebSocket", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("http://localhost:3000", true)]
    [InlineData("http://localhost:3001", false)]
    [InlineData("null", false)]
    public async Task is_let_in_by_its_origin(string? origin, bool allowed)
    {
        await using RpcServer server = await RpcServer.StartAsync(
            o => o with { OriginAllowed = given => given == "http://localhost:3000" });
        Task<RpcClient> connecting = server.ConnectAsync(options =>
        {
            options.CollectHttpResponseDetails = true;
            if (origin is not null)
            {
                options.SetRequestHeader("Origin", origin);
            }
        });
        if (allowed)
        {
            using RpcClient client = await connecting;
            Assert.Contains("pong", await client.AskAsync(Ping));
        }
        else
        {
            WebSocketException refused = await Assert.ThrowsAsync<WebSocketException>(() => connecting);
            Assert.Contains("403", refused.Message);
        }
    }

    [Fact]
    public async Task over_the_limit_is_refused_and_comes_in_when_another_leaves()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with { ConnectionsMax = 2 });
        using RpcClient first = await server.ConnectAsync();
        using RpcClient second = await server.ConnectAsync();
        WebSocketException refused = await Assert.ThrowsAsync<WebSocketException>(() => server.ConnectAsync());
        Assert.Contains("503", refused.Message);
        Assert.Contains("pong", await first.AskAsync(Ping));
        await second.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        await RpcServer.UntilAsync(() => server.Connections.Count == 1);
        using RpcClient third = await server.ConnectAsync();
        Assert.Contains("pong", await third.AskAsync(Ping));
        Assert.Equal(1, server.Connections.Counts.Refused);
    }

    /// <summary>1013 is read from the frame: the framework's client takes it for a protocol error.</summary>
    [Fact]
    public async Task that_has_not_logged_in_gives_its_place_to_a_newcomer_the_oldest_first()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with
        {
            ConnectionsMax = 3,
            LoginWait = TimeSpan.FromSeconds(150),
            StrangerKeep = TimeSpan.FromMilliseconds(500),
            Opened = connection => connection.IsLoggedIn = connection.Id == "c1",
        });
        using RpcClient known = await server.ConnectAsync();
        using RawClient oldest = await RawClient.ConnectAsync(server.Port);
        await oldest.HandshakeAsync();
        using RawClient older = await RawClient.ConnectAsync(server.Port);
        await older.HandshakeAsync();
        WebSocketException refused = await Assert.ThrowsAsync<WebSocketException>(() => server.ConnectAsync());
        Assert.Contains("503", refused.Message);

        await Task.Delay(TimeSpan.FromMilliseconds(800), TestContext.Current.CancellationToken);
        using RpcClient newcomer = await server.ConnectAsync();
        (byte first, byte[] payload) = await oldest.ReceiveFrameAsync();
        Assert.Equal((0x88, 1013), (first, (payload[0] << 8) | payload[1]));
        Assert.Contains("Try again later", Encoding.UTF8.GetString(payload.AsSpan(2)));
        Assert.Contains("pong", await newcomer.AskAsync(Ping));
        Assert.Contains("pong", await known.AskAsync(Ping));
        await older.SendFrameAsync(0x81, Encoding.UTF8.GetBytes(Ping));
        Assert.Equal(0x81, (await older.ReceiveFrameAsync()).First);

        // The place changed hands once: what has yielded gives none back when it ends.
        oldest.Reset();
        await RpcServer.UntilAsync(() => server.Connections.All.Count() == 3);
        Assert.Equal((3, 1), (server.Connections.Count, server.Connections.Counts.Refused));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task that_does_not_log_in_is_closed_with_1008_and_another_stays(bool logsIn)
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with
        {
            LoginWait = TimeSpan.FromMilliseconds(300),
            Opened = connection => connection.IsLoggedIn = logsIn,
        });
        using RpcClient client = await server.ConnectAsync();
        Assert.Contains("pong", await client.AskAsync(Ping));
        Task<WebSocketCloseStatus?> closing = client.ReceiveCloseAsync();
        await Task.WhenAny(closing, Task.Delay(TimeSpan.FromSeconds(logsIn ? 1 : 20), TestContext.Current.CancellationToken));
        Assert.Equal(!logsIn, closing.IsCompleted);
        Assert.Equal(logsIn ? null : WebSocketCloseStatus.PolicyViolation, client.Socket.CloseStatus);
    }

    [Fact]
    public async Task keeps_its_place_for_ever_where_nobody_has_to_log_in()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with
        {
            ConnectionsMax = 1,
            StrangerKeep = TimeSpan.FromMilliseconds(1),
        });
        using RpcClient client = await server.ConnectAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<WebSocketException>(() => server.ConnectAsync());
        Assert.Contains("pong", await client.AskAsync(Ping));
    }

    [Fact]
    public async Task that_sends_a_binary_frame_is_closed_with_1003()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        await client.SendAsync(Encoding.UTF8.GetBytes(Ping), type: WebSocketMessageType.Binary);
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, await client.ReceiveCloseAsync());
    }

    [Theory]
    [InlineData(MiB - 1, true)]
    [InlineData(MiB, true)]
    [InlineData(MiB + 1, false)]
    [InlineData(4 * MiB, false)]
    public async Task carries_messages_of_up_to_1_MiB_and_is_closed_with_1009_over_it(int length, bool allowed)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        string frame = """{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"?"}}""";
        string text = frame.Replace("?", new string('x', length - frame.Length + 1), StringComparison.Ordinal);
        Assert.Equal(length, text.Length);
        await client.SendAsync(text);
        if (allowed)
        {
            Assert.Contains("pong", await client.ReceiveAsync());
        }
        else
        {
            Assert.Equal(WebSocketCloseStatus.MessageTooBig, await client.ReceiveCloseAsync());
        }
    }

    [Fact]
    public async Task puts_a_message_together_from_many_fragments()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        byte[] text = Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","id":"ζ€😀","method":"ping"}""");
        for (int i = 0; i < text.Length; i++)
        {
            await client.SendAsync(text.AsMemory(i, 1), end: i == text.Length - 1);
        }

        Assert.Contains("\"ζ€😀\"", await client.ReceiveAsync());
    }

    [Fact]
    public async Task answers_control_frames_between_the_fragments_of_a_message()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.HandshakeAsync();
        byte[] text = Encoding.UTF8.GetBytes(Ping);
        await client.SendFrameAsync(0x01, text[..10]);
        await client.SendFrameAsync(0x89, [1, 2, 3]);
        await client.SendFrameAsync(0x80, text[10..]);
        (byte first, byte[] payload) = await client.ReceiveFrameAsync();
        Assert.Equal(0x8a, first);
        Assert.Equal([1, 2, 3], payload);
        (first, payload) = await client.ReceiveFrameAsync();
        Assert.Equal(0x81, first);
        Assert.Contains("pong", Encoding.UTF8.GetString(payload));
    }

    [Theory]
    [InlineData(0x91, 0)]
    [InlineData(0x83, 0)]
    [InlineData(0x80, 0)]
    [InlineData(0x09, 0)]
    [InlineData(0x89, 126)]
    public async Task with_a_broken_frame_is_closed_with_1002(int firstByte, int length)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.HandshakeAsync();
        await client.SendFrameAsync((byte)firstByte, new byte[length]);
        (byte first, byte[] payload) = await client.ReceiveFrameAsync();
        Assert.Equal(0x88, first);
        Assert.Equal(1002, (payload[0] << 8) | payload[1]);
    }

    [Fact]
    public async Task that_announces_an_endless_frame_costs_nothing_until_bytes_come()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.HandshakeAsync();
        await client.SendAsync([0x81, 0x80 | 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        await client.SendAsync(new byte[(2 * MiB) + 1]);
        (byte first, byte[] payload) = await client.ReceiveFrameAsync();
        Assert.Equal(0x88, first);
        Assert.Contains((payload[0] << 8) | payload[1], (int[])[1007, 1009]);
    }

    [Fact]
    public async Task ends_in_silence_when_peers_vanish()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        for (int i = 0; i < 500; i++)
        {
            RawClient client = await RawClient.ConnectAsync(server.Port);
            await client.HandshakeAsync();
            byte[] text = Encoding.UTF8.GetBytes(i % 3 == 0 ? Ping : """{"jsonrpc":"2.0","id":1,"method":"wait"}""");
            await client.SendFrameAsync(i % 2 == 0 ? (byte)0x81 : (byte)0x01, text);
            client.Reset();
        }

        await RpcServer.UntilAsync(() => server.Connections.Count == 0);
        Assert.Empty(server.Log.All);
        using RpcClient next = await server.ConnectAsync();
        Assert.Contains("pong", await next.AskAsync(Ping));
    }

    /// <summary>What may take its time must not hold up the thread that polls all sockets, whatever its request looks like.</summary>
    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":"ping","method":"where"}""")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"where"}]""")]
    public async Task runs_no_handler_but_that_of_pings_on_the_thread_of_all(string request)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        Assert.DoesNotContain("Sockets", await client.AskAsync(request), StringComparison.Ordinal);
        Assert.Contains("pong", await client.AskAsync(Ping), StringComparison.Ordinal);
    }

    [Fact]
    public async Task answers_a_close_with_its_own_code()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        await client.Socket.CloseAsync((WebSocketCloseStatus)3999, "bye", TestContext.Current.CancellationToken);
        Assert.Equal((WebSocketCloseStatus)3999, client.Socket.CloseStatus);
    }

    [Fact]
    public async Task answers_the_running_call_before_it_closes()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        Assert.Contains("pong", await client.AskAsync("""{"jsonrpc":"2.0","id":1,"method":"leave"}"""));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, await client.ReceiveCloseAsync());
        Assert.Equal("As you wish.", client.Socket.CloseStatusDescription);
    }

    [Fact]
    public async Task that_does_not_answer_a_close_is_cut_off()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with { CloseWait = TimeSpan.FromMilliseconds(100) });
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.HandshakeAsync();
        await client.SendFrameAsync(0x82, []);
        await RpcServer.UntilAsync(() => server.Connections.Counts.Opened == 1 && server.Connections.Count == 0);
    }

    [Fact]
    public async Task that_is_half_open_is_found_and_an_idle_one_lives_on()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with
        {
            PingInterval = TimeSpan.FromMilliseconds(50),
            PongWait = TimeSpan.FromMilliseconds(250),
            CallTimeout = TimeSpan.FromMilliseconds(100),
            SendStallMax = TimeSpan.FromMilliseconds(100),
        });
        using RpcClient idle = await server.ConnectAsync();
        Task<string?> reading = idle.ReceiveAsync();
        using RawClient dead = await RawClient.ConnectAsync(server.Port);
        await dead.HandshakeAsync();
        await RpcServer.UntilAsync(() => server.Connections.Count == 2);
        await RpcServer.UntilAsync(() => server.Connections.Count == 1);
        Assert.False(reading.IsCompleted);
        await idle.SendAsync(Ping);
        Assert.Contains("pong", await reading);
    }

    [Fact]
    public async Task is_not_dropped_while_pongs_wait_behind_a_long_call()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with
        {
            PingInterval = TimeSpan.FromMilliseconds(30),
            PongWait = TimeSpan.FromMilliseconds(2000),
            CallTimeout = TimeSpan.FromMilliseconds(1000),
            SendStallMax = TimeSpan.FromMilliseconds(100),
        });
        using RpcClient client = await server.ConnectAsync();
        Assert.Contains("timeout", await client.AskAsync("""{"jsonrpc":"2.0","id":1,"method":"wait"}"""));
        Assert.Contains("pong", await client.AskAsync(Ping));
    }

    [Fact]
    public async Task is_told_of_its_opening_and_its_end_once()
    {
        int opened = 0;
        int closed = 0;
        await using RpcServer server = await RpcServer.StartAsync(o => o with
        {
            Opened = connection =>
            {
                opened++;
                connection.State = "somebody";
            },
            Closed = connection => closed += connection.State is "somebody" ? 1 : 100,
        });
        using (RpcClient client = await server.ConnectAsync())
        {
            Assert.Contains("pong", await client.AskAsync(Ping));
            Assert.Equal(IPAddress.Loopback, Assert.Single(server.Connections.All).RemoteAddress);
        }

        await RpcServer.UntilAsync(() => closed > 0);
        Assert.Equal((1, 1), (opened, closed));
        Assert.Empty(server.Connections.All);
    }

    [Fact]
    public async Task is_closed_with_1001_when_the_server_stops()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient first = await server.ConnectAsync();
        using RpcClient second = await server.ConnectAsync();
        Task stopping = server.StopAsync();
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await first.ReceiveCloseAsync());
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await second.ReceiveCloseAsync());
        await first.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        await second.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        await stopping.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task has_its_running_call_answered_when_the_server_stops()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with { StopGrace = TimeSpan.FromMilliseconds(200) });
        using RpcClient client = await server.ConnectAsync();
        await client.SendAsync("""{"jsonrpc":"2.0","id":1,"method":"wait"}""");
        await RpcServer.UntilAsync(() => server.Connections.Counts.Messages == 1);
        Task stopping = server.StopAsync();
        Assert.Contains("shutting_down", await client.ReceiveAsync());
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await client.ReceiveCloseAsync());
        await stopping.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task has_bounds_that_do_not_contradict_each_other()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => RpcServer.StartAsync(o => o with { PongWait = o.CallTimeout }));
        await Assert.ThrowsAsync<ArgumentException>(() => RpcServer.StartAsync(o => o with { BatchMembersMax = 0 }));
    }

    [Theory]
    [InlineData(new byte[] { }, new byte[] { 0x03, 0xe8 })]
    [InlineData(new byte[] { 0x03, 0xf1 }, new byte[] { 0x03, 0xf1 })]
    [InlineData(new byte[] { 0x0b, 0xb8, (byte)'x' }, new byte[] { 0x0b, 0xb8 })]
    [InlineData(new byte[] { 0x03 }, new byte[] { 0x03, 0xea })]
    [InlineData(new byte[] { 0x03, 0xed }, new byte[] { 0x03, 0xea })]
    public async Task answers_close_frames_of_every_kind(byte[] sent, byte[] answer)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.HandshakeAsync();
        await client.SendFrameAsync(0x88, sent);
        (byte first, byte[] payload) = await client.ReceiveFrameAsync();
        Assert.Equal(0x88, first);
        Assert.Equal(answer, payload);
        await RpcServer.UntilAsync(() => server.Connections.Count == 0);
    }

    [Fact]
    public async Task whose_message_comes_too_slowly_is_closed_with_1008()
    {
        await using RpcServer server = await RpcServer.StartAsync(
            o => o with { ReceiveTimeout = TimeSpan.FromMilliseconds(100) });
        using RpcClient client = await server.ConnectAsync();
        Assert.Contains("pong", await client.AskAsync(Ping));
        await client.SendAsync("{"u8.ToArray(), end: false);
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, await client.ReceiveCloseAsync());
    }

    [Fact]
    public async Task cannot_be_closed_with_what_may_not_be_sent()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        await RpcServer.UntilAsync(() => server.Connections.All.Any());
        var connection = server.Connections.All.Single();
        Assert.Throws<ArgumentException>(() => connection.Close(WebSocketCloseStatus.Empty, ""));
        Assert.Throws<ArgumentException>(() => connection.Close(WebSocketCloseStatus.NormalClosure, new string('é', 62)));
        Assert.Contains("pong", await client.AskAsync(Ping));
        connection.Close(WebSocketCloseStatus.NormalClosure, new string('é', 61));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, await client.ReceiveCloseAsync());
    }

    [Fact]
    public async Task runs_its_calls_while_others_wait()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient waiting = await server.ConnectAsync();
        await waiting.SendAsync("""{"jsonrpc":"2.0","id":1,"method":"wait"}""");
        await waiting.SendAsync(Ping);
        using RpcClient other = await server.ConnectAsync();
        Assert.Contains("pong", await other.AskAsync(Ping));
        await RpcServer.UntilAsync(() => server.Connections.Counts.Messages == 2);
    }
}
