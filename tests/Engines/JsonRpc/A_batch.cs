using System.Text.Json;
using Xunit;

namespace Events.Tests.Engines.JsonRpc;

/// <summary>JSON-RPC 2.0, section 6.</summary>
public sealed class A_batch
{
    [Fact]
    public async Task is_answered_by_an_array_in_its_own_order()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        Assert.Equal(
            """[{"jsonrpc":"2.0","id":2,"result":"pong"},{"jsonrpc":"2.0","id":"b","result":{"x":1}}]""",
            await client.AskAsync("""
                [ {"jsonrpc":"2.0","id":2,"method":"ping"},
                  {"jsonrpc":"2.0","method":"ping"},
                  {"jsonrpc":"2.0","id":"b","method":"echo","params":{"x":1}} ]
                """));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(50, 50)]
    public async Task has_up_to_50_members(int members, int answers)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        Assert.Equal(answers, (await client.AskJsonAsync(Pings(members))).GetArrayLength());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(51)]
    [InlineData(5000)]
    public async Task that_is_empty_or_longer_gets_one_invalid_request(int members)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        JsonElement answer = await client.AskJsonAsync(Pings(members));
        Assert.Equal(-32600, answer.GetProperty("error").GetProperty("code").GetInt32());
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("id").ValueKind);
    }

    [Fact]
    public async Task of_notifications_gets_nothing()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        await client.SendAsync("""[{"jsonrpc":"2.0","method":"ping"},{"jsonrpc":"2.0","method":"unknown"}]""");
        Assert.Contains("\"id\":9", await client.AskAsync("""{"jsonrpc":"2.0","id":9,"method":"ping"}"""));
    }

    [Fact]
    public async Task that_is_out_of_time_has_every_call_answered()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with { CallTimeout = TimeSpan.FromMilliseconds(100) });
        using RpcClient client = await server.ConnectAsync();
        JsonElement answer = await client.AskJsonAsync("""
            [{"jsonrpc":"2.0","id":1,"method":"ping"},
             {"jsonrpc":"2.0","id":2,"method":"wait"},
             {"jsonrpc":"2.0","id":3,"method":"ping"}]
            """);
        Assert.Equal("pong", answer[0].GetProperty("result").GetString());
        Assert.Equal("timeout", answer[1].GetProperty("error").GetProperty("data").GetProperty("reason").GetString());
        Assert.Equal("timeout", answer[2].GetProperty("error").GetProperty("data").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task counts_each_member_for_the_rate()
    {
        int asked = 0;
        await using RpcServer server = await RpcServer.StartAsync(o => o with
        {
            Rate = (_, _) => ++asked > 2 ? new Events.JsonRpc.JsonRpcError(-32040, "Rate limited") : null,
        });
        using RpcClient client = await server.ConnectAsync();
        JsonElement answer = await client.AskJsonAsync(Pings(4));
        Assert.Equal([false, false, true, true], answer.EnumerateArray().Select(a => a.TryGetProperty("error", out _)));
    }

    private static string Pings(int count) => "["
        + string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"jsonrpc":"2.0","id":{{i}},"method":"ping"}""")) + "]";
}
