using System.Text.Json.Nodes;
using Xunit;

namespace Events.Tests.Engines.JsonRpc;

/// <summary>The situations of JSON-RPC 2.0's section 7, with parameters by name where it also allows positions.</summary>
public sealed class The_specification
{
    [Theory]
    [InlineData(
        """{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}""",
        """{"jsonrpc":"2.0","error":-32602,"id":1}""")]
    [InlineData(
        """{"jsonrpc":"2.0","method":"subtract","params":{"subtrahend":23,"minuend":42},"id":3}""",
        """{"jsonrpc":"2.0","result":19,"id":3}""")]
    [InlineData(
        """{"jsonrpc":"2.0","method":"subtract","params":{"minuend":23,"subtrahend":42},"id":4}""",
        """{"jsonrpc":"2.0","result":-19,"id":4}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"echo","params":{"a":1}}""", null)]
    [InlineData("""{"jsonrpc":"2.0","method":"foobar"}""", null)]
    [InlineData("""{"jsonrpc":"2.0","method":"foobar","id":"1"}""", """{"jsonrpc":"2.0","error":-32601,"id":"1"}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"foobar,"params":"bar","baz]""", """{"jsonrpc":"2.0","error":-32700,"id":null}""")]
    [InlineData("""{"jsonrpc":"2.0","method":1,"params":"bar"}""", """{"jsonrpc":"2.0","error":-32600,"id":null}""")]
    [InlineData(
        """[{"jsonrpc":"2.0","method":"echo","params":{"a":1},"id":"1"},{"jsonrpc":"2.0","method"]""",
        """{"jsonrpc":"2.0","error":-32700,"id":null}""")]
    [InlineData("[]", """{"jsonrpc":"2.0","error":-32600,"id":null}""")]
    [InlineData("[1]", """[{"jsonrpc":"2.0","error":-32600,"id":null}]""")]
    [InlineData(
        "[1,2,3]",
        """
        [{"jsonrpc":"2.0","error":-32600,"id":null},{"jsonrpc":"2.0","error":-32600,"id":null},
         {"jsonrpc":"2.0","error":-32600,"id":null}]
        """)]
    [InlineData(
        """
        [{"jsonrpc":"2.0","method":"echo","params":{"a":1},"id":"1"},{"jsonrpc":"2.0","method":"ping"},
         {"jsonrpc":"2.0","method":"subtract","params":{"minuend":42,"subtrahend":23},"id":"2"},{"foo":"boo"},
         {"jsonrpc":"2.0","method":"foo.get","params":{"name":"myself"},"id":"5"},{"jsonrpc":"2.0","method":"ping","id":"9"}]
        """,
        """
        [{"jsonrpc":"2.0","result":{"a":1},"id":"1"},{"jsonrpc":"2.0","result":19,"id":"2"},
         {"jsonrpc":"2.0","error":-32600,"id":null},{"jsonrpc":"2.0","error":-32601,"id":"5"},
         {"jsonrpc":"2.0","result":"pong","id":"9"}]
        """)]
    [InlineData("""[{"jsonrpc":"2.0","method":"ping","params":{}},{"jsonrpc":"2.0","method":"echo"}]""", null)]
    public async Task is_kept_in_every_example(string message, string? answer)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        await client.SendAsync(message);
        await client.SendAsync("""{"jsonrpc":"2.0","id":"last","method":"ping"}""");
        if (answer is not null)
        {
            JsonNode got = JsonNode.Parse((await client.ReceiveAsync())!)!;
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(answer), WithCodesOnly(got)), got.ToJsonString());
        }

        Assert.Contains("\"id\":\"last\"", await client.ReceiveAsync());
    }

    /// <summary>Puts the error's code in the place of the error, as the examples above are written.</summary>
    private static JsonNode WithCodesOnly(JsonNode answer)
    {
        foreach (JsonObject one in answer is JsonArray many ? many.OfType<JsonObject>() : [(JsonObject)answer])
        {
            if (one["error"] is JsonObject error)
            {
                one["error"] = error["code"]!.DeepClone();
            }
        }

        return answer;
    }
}
