using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Events.Tests.Engines.JsonRpc;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Http;

/// <summary>Whatever comes, there is an answer or a defined close, and the others notice nothing.</summary>
public sealed class A_hostile_client
{
    private const string Modern = "application/graphql-response+json";
    private const string Upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n";

    private static readonly string[] Tokens =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\u", "\\ud800", "null", "true", "1e999", "-", "0", "\"id\"", "\"id\":\"1\",", "\"type\":\"ping\"",
        "\"type\":\"subscribe\"", "\"type\":\"complete\"", "\"payload\":", "\"query\":\"{ hello }\"", "\"variables\":{", "\"\\u0069d\":7",
        "😀", "\u0000", " ", "\n",
    ];

    /// <summary>The nesting that a parser with recursion would not survive, in every place it can stand.</summary>
    public static TheoryData<string, int> Nested => new MatrixTheoryData<string, int>(
        [
            """{"query":"{ hello }","variables":{"a":?}}""",
            """{"query":"{ hello }","extensions":{"a":?}}""",
            """{"query":"{ hello }","unknown":?}""",
            """{"query":?}""",
            "?",
        ],
        [20_000, 80_000]);

    [Theory]
    [MemberData(nameof(Nested))]
    public async Task with_deeply_nested_JSON_is_answered_at_once(string body, int levels)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        foreach ((string open, string close) in new[] { ("[", "]"), ("{\"a\":", "}") })
        {
            string nested = string.Concat(Enumerable.Repeat(open, levels)) + "1" + string.Concat(Enumerable.Repeat(close, levels));
            string text = body.Replace("?", nested, StringComparison.Ordinal);
            var watch = Stopwatch.StartNew();
            Reply reply = await server.PostAsync(text, Modern);
            Assert.Equal((400, "BAD_REQUEST"), (reply.Status, reply.Code));
            Assert.True(watch.ElapsedMilliseconds < 1_000, $"It took {watch.ElapsedMilliseconds} ms.");
            using GraphQLSocket socket = await server.ConnectAsync();
            await socket.SendAsync("{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":" + text + "}");
            Assert.Contains((await socket.ReceiveCloseAsync()).Code, (int[])[4400, 1009]);
        }
    }

    [Fact]
    public async Task with_messages_of_any_shape_is_answered_or_closed_and_the_server_goes_on()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Gen<string> soup = Gen.ListOf(Gen.Elements(Tokens)).Select(string.Concat);
        Gen<string> seeded = from text in soup select "{\"id\":\"1\"," + text + "\"type\":\"ping\"}";
        foreach (string text in Gen.OneOf(soup, seeded).Sample(20, 300))
        {
            using GraphQLSocket socket = await server.ConnectAsync();
            await socket.SendAsync(text);
            await socket.SendAsync("""{"type":"ping","payload":{"marker":1}}""");
            string? answer = await socket.ReceiveAsync();
            bool isDefined = (int?)socket.Socket.CloseStatus is 4400 or 4409 or 4429;
            Assert.True(answer is not null || isDefined, $"{text}: {socket.Socket.CloseStatus}");
        }

        await RpcServer.UntilAsync(() => server is { Traffic.Sockets: 0, Traffic.OperationsRunning: 0 });
        Assert.Empty(server.Log.All);
    }

    [Fact]
    public async Task with_bodies_of_any_shape_is_answered()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Gen<string> soup = Gen.ListOf(Gen.Elements(Tokens)).Select(string.Concat);
        foreach (string text in soup.Sample(20, 500))
        {
            Reply reply = await server.PostAsync(text, Modern);
            Assert.Contains(reply.Status, (int[])[200, 400]);
            Assert.Equal(reply.Status == 400, reply.Json.TryGetProperty("errors", out _));
        }

        Assert.Empty(server.Log.All);
    }

    [Fact]
    public async Task with_random_frames_is_closed_and_the_server_goes_on()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        foreach (byte[] bytes in ArbMap.Default.ArbFor<byte[]>().Generator.Sample(200, 300))
        {
            using RawClient client = await RawClient.ConnectAsync(server.Port);
            await client.HandshakeAsync(Upgrade, "/graphql");
            await client.SendAsync(bytes);
        }

        using GraphQLSocket next = await server.ConnectAsync();
        await RpcServer.UntilAsync(() => server.Traffic.Sockets == 1);
        Assert.DoesNotContain(server.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0x82, 4400)]
    [InlineData(0x91, 1002)]
    [InlineData(0x83, 1002)]
    public async Task with_a_broken_frame_is_closed_with_a_code(int firstByte, int code)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.HandshakeAsync(Upgrade, "/graphql");
        await client.SendFrameAsync((byte)firstByte, [1]);
        (byte first, byte[] payload) = await client.ReceiveFrameAsync();
        Assert.Equal((0x88, code), (first, (payload[0] << 8) | payload[1]));
    }

    [Fact]
    public async Task with_text_that_is_no_UTF_8_is_closed_with_1007()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.HandshakeAsync(Upgrade, "/graphql");
        await client.SendFrameAsync(0x81, [0x22, 0xC3, 0x28, 0x22]);
        (byte first, byte[] payload) = await client.ReceiveFrameAsync();
        Assert.Equal((0x88, 1007), (first, (payload[0] << 8) | payload[1]));
    }

    [Fact]
    public async Task puts_a_message_together_from_many_fragments_with_pings_between()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.HandshakeAsync(Upgrade, "/graphql");
        byte[] text = Encoding.UTF8.GetBytes("""{"type":"ping","payload":{"x":"ζ€😀"}}""");
        for (int i = 0; i < text.Length; i++)
        {
            await client.SendFrameAsync((byte)((i == 0 ? 0x01 : 0x00) | (i == text.Length - 1 ? 0x80 : 0x00)), text[i..(i + 1)]);
            if (i == 5)
            {
                await client.SendFrameAsync(0x89, [7]);
                Assert.Equal(0x8a, (await client.ReceiveFrameAsync()).First);
            }
        }

        Assert.Equal("""{"type":"pong","payload":{"x":"ζ€😀"}}""", Encoding.UTF8.GetString((await client.ReceiveFrameAsync()).Payload));
    }

    /// <summary>Half a message, half a handshake, half a body, and nothing more.</summary>
    [Fact]
    public async Task that_leaves_things_unfinished_is_let_go_of()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            ReceiveTimeout = TimeSpan.FromMilliseconds(200),
            CloseWait = TimeSpan.FromMilliseconds(200),
            RequestTimeout = TimeSpan.FromMilliseconds(400),
        });
        using RawClient message = await RawClient.ConnectAsync(server.Port);
        await message.HandshakeAsync(Upgrade, "/graphql");
        await message.SendFrameAsync(0x01, Encoding.UTF8.GetBytes("""{"type":"pi"""));
        (byte first, byte[] payload) = await message.ReceiveFrameAsync();
        Assert.Equal((0x88, 1008), (first, (payload[0] << 8) | payload[1]));
        await RpcServer.UntilAsync(() => server.Traffic.Sockets == 0);
        using RawClient body = await RawClient.ConnectAsync(server.Port);
        await body.SendAsync(Encoding.ASCII.GetBytes(
            "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"query\":"));
        byte[] answer = new byte[200];
        int read = await body.ReadAsync(answer);
        Assert.StartsWith("HTTP/1.1 408 ", Encoding.ASCII.GetString(answer, 0, read), StringComparison.Ordinal);
    }

    [Fact]
    public async Task that_is_half_open_is_found_and_an_idle_one_lives_on()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            KeepAliveInterval = TimeSpan.FromMilliseconds(50),
            PongWait = TimeSpan.FromMilliseconds(300),
        });
        using GraphQLSocket idle = await server.ConnectAsync();
        Task<string?> reading = idle.ReceiveAsync();
        using RawClient dead = await RawClient.ConnectAsync(server.Port);
        await dead.HandshakeAsync(Upgrade, "/graphql");
        await RpcServer.UntilAsync(() => server.Traffic.Sockets == 2);
        await RpcServer.UntilAsync(() => server.Traffic.Sockets == 1);
        Assert.False(reading.IsCompleted);
        await idle.SendAsync("""{"type":"ping"}""");
        Assert.Equal("""{"type":"pong"}""", await reading);
    }

    [Fact]
    public async Task that_announces_an_endless_frame_costs_nothing_until_bytes_come()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.HandshakeAsync(Upgrade, "/graphql");
        await client.SendAsync([0x81, 0x80 | 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        await client.SendAsync(Encoding.ASCII.GetBytes(new string(' ', 300 * 1024)));
        (byte first, byte[] payload) = await client.ReceiveFrameAsync();
        Assert.Equal((0x88, 1009), (first, (payload[0] << 8) | payload[1]));
    }

    /// <summary>200 sockets that all stay silent, all subscribe without reading, or all vanish.</summary>
    [Fact]
    public async Task with_200_sockets_leaves_room_for_the_others()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { SendStallMax = TimeSpan.FromSeconds(1) });
        var clients = new List<RawClient>();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 200; i++)
        {
            RawClient client = await RawClient.ConnectAsync(server.Port, receiveBytes: 4096);
            clients.Add(client);
            await client.HandshakeAsync(Upgrade, "/graphql");
            if (i % 2 == 0)
            {
                await client.SendFrameAsync(0x81, Encoding.UTF8.GetBytes("""{"type":"connection_init"}"""));
                await client.ReceiveFrameAsync();
                string query = "subscription { flood(bytes: 2000) }";
                await client.SendFrameAsync(0x81, JsonSerializer.SerializeToUtf8Bytes(new { id = "1", type = "subscribe", payload = new { query } }));
            }
        }

        using GraphQLSocket other = await server.ConnectAsync();
        var watch = Stopwatch.StartNew();
        await other.SubscribeAsync("1", "{ hello }");
        Assert.Equal(2, (await other.ReceiveAllAsync("1")).Count);
        Assert.True(watch.ElapsedMilliseconds < 1_000, $"It took {watch.ElapsedMilliseconds} ms.");
        long held = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(held < 200L * 1024 * 1024, $"{held / 1024} KiB are held.");
        await RpcServer.UntilAsync(() => server.Executor.Sources == 0);
        clients.ForEach(client => client.Reset());
        await RpcServer.UntilAsync(() => server is { Traffic.Sockets: 1, Traffic.OperationsRunning: 0 });
        Assert.Empty(server.Log.All);
    }

    [Fact]
    public async Task ends_in_silence_when_it_vanishes()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        for (int i = 0; i < 200; i++)
        {
            RawClient client = await RawClient.ConnectAsync(server.Port);
            await client.HandshakeAsync(Upgrade, "/graphql");
            await client.SendFrameAsync(i % 2 == 0 ? (byte)0x81 : (byte)0x01, Encoding.UTF8.GetBytes("""{"type":"connection_init"}"""));
            client.Reset();
        }

        await RpcServer.UntilAsync(() => server.Traffic.Sockets == 0);
        Assert.Empty(server.Log.All);
    }

    [Fact]
    public async Task that_does_not_answer_a_close_is_cut_off()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { CloseWait = TimeSpan.FromMilliseconds(100) });
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.HandshakeAsync(Upgrade, "/graphql");
        await client.SendFrameAsync(0x82, []);
        await RpcServer.UntilAsync(() => server.Traffic is { SocketsOpened: 1, Sockets: 0 });
    }

    [Fact]
    public async Task answers_a_close_with_its_own_code()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.Socket.CloseAsync((WebSocketCloseStatus)4499, "bye", TestContext.Current.CancellationToken);
        Assert.Equal((WebSocketCloseStatus)4499, socket.Socket.CloseStatus);
    }
}
