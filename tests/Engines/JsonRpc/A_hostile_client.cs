using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Engines.JsonRpc;

/// <summary>Whatever comes, there is one answer, none where none is due, or a defined close; and the server goes on.</summary>
public sealed class A_hostile_client
{
    private const string Marker = """{"jsonrpc":"2.0","id":"marker","method":"ping"}""";
    private const string MarkerAnswer = """{"jsonrpc":"2.0","id":"marker","result":"pong"}""";

    private static readonly string[] Seeds =
    [
        """{"jsonrpc":"2.0","id":1,"method":"ping"}""",
        """{"jsonrpc":"2.0","id":"a","method":"echo","params":{"x":[1,2.5e3,null,true,"\u00e9"]}}""",
        """{"jsonrpc":"2.0","id":-3,"method":"subtract","params":{"minuend":3,"subtrahend":1}}""",
        """[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"ping"},{"jsonrpc":"2.0","id":2,"method":"x"}]""",
        """{"jsonrpc":"2.0","id":1,"method":"throw","params":{}}""",
    ];

    private static readonly string[] Tokens =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\u", "\\ud800", "null", "true", "1e999", "-", "0", "\"id\"", "\"jsonrpc\":\"2.0\"",
        "\"method\":\"ping\"", "\"params\":", "\"\\u0069d\":7", "😀", "\u0000", " ", "\n", "\"jsonrpc\":\"2.0\",\"id\":1,",
    ];

    private static Gen<string> Mutated =>
        from seed in Gen.Elements(Seeds)
        from edits in Gen.ListOf(
            from place in Gen.Choose(0, 10_000)
            from cut in Gen.Choose(0, 6)
            from token in Gen.Elements(Tokens)
            select (place, cut, token))
        select edits.Take(4).Aggregate(seed, (text, edit) =>
        {
            int at = edit.place % (text.Length + 1);
            return text[..at] + edit.token + text[Math.Min(text.Length, at + edit.cut)..];
        });

    private static Gen<string> Soup =>
        from tokens in Gen.ListOf(Gen.Elements(Tokens))
        select string.Concat(tokens);

    private static Gen<string> Json => Gen.Sized(size => JsonOf(Math.Min(size, 12)));

    [Fact]
    public async Task with_mutated_requests_gets_an_answer_each() => await EachAsync(Mutated, 600);

    [Fact]
    public async Task with_token_soup_gets_an_answer_each() => await EachAsync(Soup, 300);

    [Fact]
    public async Task with_any_JSON_gets_an_answer_each() => await EachAsync(Json, 600);

    [Fact]
    public async Task with_random_frames_is_closed_or_answered_and_the_server_goes_on()
    {
        await using RpcServer server = await RpcServer.StartAsync();
        IEnumerable<byte[]> streams = ArbMap.Default.ArbFor<byte[]>().Generator.Sample(200, 300);
        foreach (byte[] bytes in streams)
        {
            using RawClient client = await RawClient.ConnectAsync(server.Port);
            await client.HandshakeAsync();
            await client.SendAsync(bytes);
        }

        using RpcClient next = await server.ConnectAsync();
        Assert.Equal(MarkerAnswer, await next.AskAsync(Marker));
        await RpcServer.UntilAsync(() => server.Connections.Count == 1);
        Assert.DoesNotContain(server.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private static async Task EachAsync(Gen<string> texts, int count)
    {
        await using RpcServer server = await RpcServer.StartAsync();
        using RpcClient client = await server.ConnectAsync();
        foreach (string text in texts.Sample(30, count))
        {
            await client.SendAsync(Encoding.UTF8.GetBytes(text));
            await client.SendAsync(Marker);
            string? first = await client.ReceiveAsync();
            if (first == MarkerAnswer)
            {
                Assert.True(IsUnanswered(text), $"Not answered: {text}");
                continue;
            }

            Assert.True(first is not null && IsAnswer(first), $"{text} gave {first}");
            Assert.Equal(MarkerAnswer, await client.ReceiveAsync());
        }
    }

    /// <summary>A second, slower opinion on what is only notifications.</summary>
    private static bool IsUnanswered(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        return root.ValueKind == JsonValueKind.Array
            ? root.GetArrayLength() > 0 && root.EnumerateArray().All(IsNotification)
            : IsNotification(root);

        static bool IsNotification(JsonElement request) => request.ValueKind == JsonValueKind.Object
            && request.GetProperty("jsonrpc").GetString() == "2.0"
            && request.GetProperty("method").ValueKind == JsonValueKind.String
            && (!request.TryGetProperty("id", out JsonElement id) || id.ValueKind == JsonValueKind.Null);
    }

    private static bool IsAnswer(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        return root.ValueKind == JsonValueKind.Array
            ? root.GetArrayLength() is >= 1 and <= 50 && root.EnumerateArray().All(IsOne)
            : IsOne(root);

        static bool IsOne(JsonElement answer) => answer.GetProperty("jsonrpc").GetString() == "2.0"
            && answer.GetProperty("id").ValueKind is JsonValueKind.Null or JsonValueKind.String or JsonValueKind.Number
            && answer.TryGetProperty("result", out _) != answer.TryGetProperty("error", out _);
    }

    private static Gen<string> JsonOf(int depth)
    {
        Gen<string> leaf = Gen.Elements("null", "true", "0", "-1.5e300", "\"\"", "\"2.0\"", "\"ping\"", "\"\\ud800\"", "\"é\"");
        if (depth <= 0)
        {
            return leaf;
        }

        Gen<string> inner = JsonOf(depth / 3);
        Gen<string> name = Gen.Elements(
            "\"jsonrpc\"", "\"id\"", "\"method\"", "\"params\"", "\"x\"", "\"\\u0069d\"", "\"\\udc00\"");
        Gen<string> member = from n in name from v in inner select n + ":" + v;
        return Gen.OneOf(
            leaf,
            Gen.ListOf(inner).Select(items => "[" + string.Join(',', items.Take(60)) + "]"),
            Gen.ListOf(member).Select(members => "{" + string.Join(',', members.Take(8)) + "}"));
    }
}
