using System.Globalization;
using System.Text;
using System.Text.Json;
using Events.Tests.Engines.JsonRpc;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Http;

/// <summary>Results wait for their reader within bounds; none is dropped in silence, and no other reader waits.</summary>
public sealed class A_slow_reader
{
    private const string Init = """{"type":"connection_init"}""";

    /// <summary>A replay of the log is faster than any client reads it. It must not end as long as the client reads on.</summary>
    [Fact]
    public async Task of_a_long_replay_gets_every_item_in_order()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            QueuedMessagesMax = 8,
            SlowConsumerWait = TimeSpan.FromSeconds(15),
        });
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("1", "subscription { countdown(from: 20000) }");
        List<string> got = await socket.ReceiveAllAsync("1");
        Assert.Equal(20_002, got.Count);
        Assert.Equal("complete", got[^1]);
        Assert.All(got.SkipLast(1).Index(), one =>
            Assert.Equal("next {\"data\":{\"countdown\":" + (20_000 - one.Index).ToString(CultureInfo.InvariantCulture) + "}}", one.Item));
    }

    [Fact]
    public async Task that_pauses_for_long_is_told_so_and_where_it_was()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            SlowConsumerWait = TimeSpan.FromMilliseconds(100),
            QueuedMessagesMax = 16,
        });
        using RawClient client = await SubscribeAsync(server, "subscription { flood(bytes: 5000, positions: true) }");
        await RpcServer.UntilAsync(() => server.Traffic.SlowConsumersEnded == 1);
        await RpcServer.UntilAsync(() => server is { Executor.Sources: 0, Traffic.OperationsRunning: 0 });

        // Everything that was given out comes, then the error, and the socket lives on.
        int items = 0;
        JsonElement last;
        while ((last = JsonElement.Parse(await TextAsync(client))).GetProperty("type").GetString() == "next")
        {
            items++;
        }

        Assert.Equal("error", last.GetProperty("type").GetString());
        JsonElement extensions = last.GetProperty("payload")[0].GetProperty("extensions");
        Assert.Equal("SLOW_CONSUMER", extensions.GetProperty("code").GetString());
        Assert.Equal(items.ToString(CultureInfo.InvariantCulture), extensions.GetProperty("lastPosition").GetString());
        await SendAsync(client, """{"type":"ping"}""");
        Assert.Equal("""{"type":"pong"}""", await TextAsync(client));
        Assert.Empty(server.Log.All);
    }

    [Fact]
    public async Task that_never_reads_is_cut_off_and_holds_little_until_then()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            SlowConsumerWait = TimeSpan.FromSeconds(15),
            SendStallMax = TimeSpan.FromMilliseconds(500),
        });
        using RawClient client = await SubscribeAsync(server, "subscription { flood(bytes: 10000) }");
        await RpcServer.UntilAsync(() => server is { Executor.Sources: 0, Traffic.Sockets: 0 });
        Assert.InRange(server.Executor.Given, 1, 2000);
        Assert.Empty(server.Log.All);
    }

    /// <summary>Small requests with answers, and nobody takes the answers: the requests are not read either.</summary>
    [Fact]
    public async Task cannot_pile_up_answers_by_asking_on()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using RawClient client = await OpenAsync(server);
        byte[] request = Encoding.UTF8.GetBytes("""{"id":"1","type":"complete"}""");
        byte[] ping = Encoding.UTF8.GetBytes("{\"type\":\"ping\",\"payload\":{\"x\":\"" + new string('x', 30_000) + "\"}}");
        bool isHeldBack = false;
        for (int i = 0; i < 2_000 && !isHeldBack; i++)
        {
            Task sending = client.SendFrameAsync(0x81, i % 2 == 0 ? ping : request);
            isHeldBack = await Task.WhenAny(sending, Task.Delay(500, TestContext.Current.CancellationToken)) != sending;
        }

        Assert.True(isHeldBack, "60 MB were taken without a reader.");
        using GraphQLSocket other = await server.ConnectAsync();
        await other.SubscribeAsync("1", "{ hello }");
        Assert.Equal(2, (await other.ReceiveAllAsync("1")).Count);
    }

    [Fact]
    public async Task does_not_slow_down_another_on_the_same_source()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using RawClient slow = await SubscribeAsync(server, "subscription { flood(bytes: 20000) }");
        using GraphQLSocket quick = await server.ConnectAsync();
        await quick.SubscribeAsync("1", "subscription { countdown(from: 1000) }");
        Assert.Equal(1002, (await quick.ReceiveAllAsync("1")).Count);
        Assert.Equal(1, server.Executor.Sources);
    }

    private static async Task<RawClient> OpenAsync(GraphQLServer server)
    {
        RawClient client = await RawClient.ConnectAsync(server.Port, receiveBytes: 4096);
        await client.HandshakeAsync(
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n", "/graphql");
        await SendAsync(client, Init);
        Assert.Contains("connection_ack", await TextAsync(client), StringComparison.Ordinal);
        return client;
    }

    private static async Task<RawClient> SubscribeAsync(GraphQLServer server, string query)
    {
        RawClient client = await OpenAsync(server);
        await SendAsync(client, JsonSerializer.Serialize(new { id = "1", type = "subscribe", payload = new { query } }));
        return client;
    }

    private static Task SendAsync(RawClient client, string text) => client.SendFrameAsync(0x81, Encoding.UTF8.GetBytes(text));

    private static async Task<string> TextAsync(RawClient client) => Encoding.UTF8.GetString((await client.ReceiveFrameAsync()).Payload);
}
