using System.Text;
using System.Text.Json;
using Events.JsonRpc;
using Xunit;

namespace Events.Tests.Engines.JsonRpc;

/// <summary>The envelope: JSON-RPC 2.0, sections 4 to 6.</summary>
public sealed class A_request
{
    [Theory]
    [InlineData("1")]
    [InlineData("0")]
    [InlineData("-7")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("1.50")]
    [InlineData("1E+400")]
    [InlineData("\"\"")]
    [InlineData("\"abc\"")]
    [InlineData("\"\\u00e9\\/\\ud83d\\ude00\"")]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"ζ€😀<&'\"")]
    public async Task gets_its_id_back_byte_for_byte(string id)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        string answer = await client.AskAsync($$"""{"jsonrpc":"2.0","id":{{id}},"method":"ping"}""");
        Assert.Equal($$"""{"jsonrpc":"2.0","id":{{id}},"result":"pong"}""", answer);
    }

    [Theory]
    [InlineData("""{"id":1,"method":"ping"}""", "1")]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"ping"}""", "1")]
    [InlineData("""{"jsonrpc":2.0,"id":1,"method":"ping"}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":1}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":null}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"\ud800"}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":true,"method":"ping"}""", "null")]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"ping"}""", "null")]
    [InlineData("""{"jsonrpc":"2.0","id":[1],"method":"ping"}""", "null")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","params":"bar"}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","params":7}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}""", "null")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","method":"echo"}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"\u006dethod":"ping","method":"echo"}""", "1")]
    [InlineData("{}", "null")]
    [InlineData("1", "null")]
    [InlineData("null", "null")]
    [InlineData("\"ping\"", "null")]
    public async Task with_a_bad_envelope_gets_invalid_request(string text, string id)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        JsonElement answer = await client.AskJsonAsync(text);
        Assert.Equal(-32600, answer.GetProperty("error").GetProperty("code").GetInt32());
        Assert.Equal("Invalid Request", answer.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal(id, answer.GetProperty("id").GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"} {}")]
    [InlineData("{'id':1}")]
    [InlineData("// {}")]
    [InlineData("\uFEFF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":01,\"method\":\"ping\"}")]
    [InlineData("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},")]
    public async Task that_is_not_JSON_gets_parse_error(string text)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        JsonElement answer = await client.AskJsonAsync(text);
        Assert.Equal(-32700, answer.GetProperty("error").GetProperty("code").GetInt32());
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("id").ValueKind);
    }

    [Fact]
    public async Task nested_deeper_than_64_gets_parse_error()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        Assert.Equal(-32700, await client.AskErrorAsync(Nested(64)));
        JsonElement allowed = await client.AskJsonAsync(Nested(63));
        Assert.True(allowed.TryGetProperty("result", out _));

        static string Nested(int depth) =>
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":"
            + string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1) + "}";
    }

    [Fact]
    public async Task may_leave_its_parameters_out_or_give_null()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        Assert.Contains("\"absent\"", await client.AskAsync("""{"jsonrpc":"2.0","id":1,"method":"echo"}"""));
        Assert.Contains("\"absent\"", await client.AskAsync("""{"jsonrpc":"2.0","id":1,"method":"echo","params":null}"""));
        Assert.Contains("{\"a\":[1]}", await client.AskAsync("""{"params":{"a":[1]},"method":"echo","id":1,"jsonrpc":"2.0"}"""));
    }

    [Fact]
    public async Task with_parameters_by_position_gets_invalid_params()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        Assert.Equal(-32602, await client.AskErrorAsync("""{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"""));
    }

    /// <summary>JSON by its grammar, but nothing that any handler could read as text.</summary>
    [Theory]
    [InlineData(@"{""a"":""\ud800""}", false)]
    [InlineData(@"{""a"":[{""\udC00"":1}]}", false)]
    [InlineData(@"{""a"":""\udc00\ud800""}", false)]
    [InlineData(@"{""a"":""\ud83d\uDE00 \\ud800""}", true)]
    public async Task with_half_a_character_gets_invalid_params(string parameters, bool isText)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        JsonElement answer = await client.AskJsonAsync($$"""{"jsonrpc":"2.0","id":1,"method":"echo","params":{{parameters}}}""");
        Assert.Equal(isText ? 0 : -32602, answer.TryGetProperty("error", out JsonElement error) ? error.GetProperty("code").GetInt32() : 0);
    }

    [Fact]
    public async Task with_a_parameter_given_twice_counts_the_last()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        JsonElement answer = await client.AskJsonAsync(
            """{"jsonrpc":"2.0","id":1,"method":"subtract","params":{"minuend":1,"minuend":9,"subtrahend":4}}""");
        Assert.Equal(5, answer.GetProperty("result").GetInt32());
    }

    [Fact]
    public async Task without_id_is_run_and_not_answered()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        await client.SendAsync("""{"jsonrpc":"2.0","method":"notify"}""");
        await client.SendAsync("""{"jsonrpc":"2.0","id":null,"method":"notify"}""");
        await client.SendAsync("""{"jsonrpc":"2.0","method":"unknown"}""");
        await client.SendAsync("""{"jsonrpc":"2.0","method":"throw"}""");
        await client.SendAsync("""{"jsonrpc":"2.0","method":"ping","params":[1]}""");
        string news = """{"jsonrpc":"2.0","method":"news","params":{"n":1}}""";
        Assert.Equal(news, await client.ReceiveAsync());
        Assert.Equal(news, await client.ReceiveAsync());
        Assert.Contains("\"id\":5", await client.AskAsync("""{"jsonrpc":"2.0","id":5,"method":"ping"}"""));
    }

    [Fact]
    public async Task that_is_not_UTF8_closes_its_socket_with_1007()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.HandshakeAsync();
        await client.SendFrameAsync(0x81, [(byte)'"', 0xff, 0xfe, (byte)'"']);
        (byte first, byte[] payload) = await client.ReceiveFrameAsync();
        Assert.Equal(0x88, first);
        Assert.Equal(1007, (payload[0] << 8) | payload[1]);
    }

    [Fact]
    public async Task that_fails_unexpectedly_gets_internal_error_without_its_text()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        foreach (string method in (string[])["throw", "throw_later"])
        {
            string answer = await client.AskAsync($$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}"}""");
            Assert.Contains("-32603", answer);
            Assert.Contains("Internal server error", answer);
            Assert.DoesNotContain("secret", answer);
            string id = JsonElement.Parse(answer).GetProperty("error").GetProperty("data").GetProperty("request_id").GetString()!;
            Assert.Contains(server.Log.All, line => line.Contains(id) && line.Contains("a secret of the house"));
        }
    }

    [Fact]
    public async Task whose_answer_is_too_long_gets_internal_error()
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with { AnswerBytesMax = 10_000 });
        using RpcClient client = await server.ConnectAsync();
        string id = new('i', 9_000);
        Assert.Contains("answer_too_long", await client.AskAsync(Big(9_990)));
        Assert.Contains("answer_too_long", await client.AskAsync(Big(5_000_000)));
        Assert.Contains("\"xxx", await client.AskAsync(Big(900)));
        JsonElement both = await client.AskJsonAsync($"[{Big(900)},{Big(900)}]");
        Assert.True(both[0].TryGetProperty("result", out _));
        Assert.Equal(id, both[1].GetProperty("id").GetString());
        Assert.Equal(-32603, both[1].GetProperty("error").GetProperty("code").GetInt32());

        string Big(int length) =>
            $$$"""{"jsonrpc":"2.0","id":"{{{id}}}","method":"big","params":{"length":{{{length}}}}}""";
    }

    [Theory]
    [InlineData("wait", "timeout")]
    [InlineData("deaf", "timeout")]
    public async Task that_takes_too_long_is_answered_and_the_next_one_runs(string method, string reason)
    {
        await using RpcServer server = await RpcServer.StartAsync(o => o with { CallTimeout = TimeSpan.FromMilliseconds(100) });
        using RpcClient client = await server.ConnectAsync();
        JsonElement answer = await client.AskJsonAsync($$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}"}""");
        JsonElement error = answer.GetProperty("error");
        Assert.Equal(-32603, error.GetProperty("code").GetInt32());
        Assert.Equal(reason, error.GetProperty("data").GetProperty("reason").GetString());
        Assert.Contains("pong", await client.AskAsync("""{"jsonrpc":"2.0","id":2,"method":"ping"}"""));
    }

    [Fact]
    public async Task is_asked_for_rate_then_method_then_gate_then_parameters()
    {
        bool tooFast = true;
        var asked = new List<string?>();
        await using RpcServer server = await RpcServer.StartAsync(options => options with
        {
            Rate = (_, method) =>
            {
                asked.Add(method);
                return tooFast ? new JsonRpcError(-32040, "Rate limited") : null;
            },
            Gate = call => call.Method.Metadata is "admin" ? new JsonRpcError(-32002, "Permission denied") : null,
        });
        using RpcClient client = await server.ConnectAsync();
        Assert.Equal(-32040, await client.AskErrorAsync("""{"jsonrpc":"2.0","id":1,"method":"unknown"}"""));
        Assert.Equal(-32040, await client.AskErrorAsync("{"));
        tooFast = false;
        Assert.Equal(-32601, await client.AskErrorAsync("""{"jsonrpc":"2.0","id":1,"method":"unknown","params":[]}"""));
        Assert.Equal(-32002, await client.AskErrorAsync("""{"jsonrpc":"2.0","id":1,"method":"admin","params":[]}"""));
        Assert.Equal(-32602, await client.AskErrorAsync("""{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"""));
        Assert.Equal(["unknown", null, "unknown", "admin", "ping"], asked);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping"}""")]
    public async Task survives_a_rule_that_fails(string text)
    {
        bool broken = true;
        await using RpcServer server = await RpcServer.StartAsync(o => o with
        {
            Rate = (_, _) => broken ? throw new InvalidOperationException("a secret of the house") : null,
        });
        using RpcClient client = await server.ConnectAsync();
        Assert.Equal(-32603, await client.AskErrorAsync(text));
        broken = false;
        Assert.Contains("pong", await client.AskAsync("""{"jsonrpc":"2.0","id":2,"method":"ping"}"""));
    }

    [Fact]
    public async Task is_answered_in_the_order_it_came()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        for (int i = 0; i < 200; i++)
        {
            await client.SendAsync(Encoding.UTF8.GetBytes($$"""{"jsonrpc":"2.0","id":{{i}},"method":"ping"}"""));
        }

        for (int i = 0; i < 200; i++)
        {
            Assert.Equal($$"""{"jsonrpc":"2.0","id":{{i}},"result":"pong"}""", await client.ReceiveAsync());
        }
    }
}
