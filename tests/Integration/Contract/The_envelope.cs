using System.Globalization;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>Whatever the request, its answer has its id and either a result or an error whose code and data are the contract's.</summary>
public sealed class The_envelope(Stage stage) : IClassFixture<Stage>
{
    private static readonly int[] Codes =
        [-32700, -32600, -32601, -32602, -32603, -32001, -32002, -32010, -32020, -32030, -32040, -32050];

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1.5", "1e400", "\"\"", "\"camera0\"", "\"camera999\"", "\"x\"", "[]", "{}", "[null]", "{\"a\":{}}",
        "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"../../etc/passwd\"", "\"'; drop table mt_events; --\"", "99999999999999999999",
    ];

    private static Gen<string> Id => Gen.OneOf(
        Gen.Choose(int.MinValue, int.MaxValue).Select(number => number.ToString(CultureInfo.InvariantCulture)),
        Gen.Elements("\"\"", "\"a\"", "\"\\u00e9\"", "\"😀\"", "1.5", "-0", "12345678901234567890"));

    private static Gen<string> Method => Gen.Elements(
        [.. ContractTable.Rows.Select(row => row.Method), "", "no_such_method", "rpc.discover", "PING", "camera_status_update"]);

    private static Gen<string> Params =>
        from names in Gen.SubListOf(
            "device", "filename", "limit", "offset", "duration", "format", "topics", "filters", "stream_url", "stream_name", "stream_type",
            "scan_interval", "policy_type", "enabled", "auth_token", "token", "unknown")
        from values in Gen.Elements(Values).ListOf(names.Count)
        select "{" + string.Join(',', names.Zip(values).Select(pair => $"\"{pair.First}\":{pair.Second}")) + "}";

    [Theory]
    [InlineData("")]
    [InlineData("viewer")]
    [InlineData("operator")]
    public async Task has_an_answer_to_every_request(string role)
    {
        await using RpcClient checker = await stage.ConnectAsync("viewer");
        using RawSocket socket = await RawSocket.ConnectAsync(stage.Host.Port);
        if (role.Length > 0)
        {
            string login = JsonSerializer.Serialize(
                new { jsonrpc = "2.0", id = 1, method = "authenticate", @params = new { auth_token = await stage.TokenAsync(role) } });
            await socket.SendAsync(login);
            await AnswerAsync(socket);
        }

        // Not those that take long or change what other tests stand on; the contract's own tests call them.
        string[] left = ["discover_external_streams", "start_recording", "take_snapshot"];
        var requests = from id in Id from method in Method from given in Params select (id, method, given);
        foreach ((string id, string method, string given) in requests.Sample(20, 400).Where(one => !left.Contains(one.method)))
        {
            await socket.SendAsync($$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}","params":{{given}}}""");
            JsonElement answer = await AnswerAsync(socket);
            AssertAnswer(answer, id, $"{method} {given}");
            if (role.Length == 0 && method is not "ping" and not "authenticate" && ContractTable.Rows.Any(row => row.Method == method))
            {
                Assert.Equal(-32001, answer.GetProperty("error").GetProperty("code").GetInt32());
            }
        }

        Assert.Equal("pong", (await checker.CallAsync("ping")).GetString());
    }

    [Fact]
    public async Task has_an_answer_for_each_member_of_a_batch_in_order()
    {
        using RawSocket socket = await RawSocket.ConnectAsync(stage.Host.Port);
        var batches = Gen.Elements(
            """{"jsonrpc":"2.0","id":ID,"method":"ping"}""",
            """{"jsonrpc":"2.0","method":"ping"}""",
            """{"jsonrpc":"2.0","id":ID,"method":"get_streams"}""",
            """{"jsonrpc":"2.0","id":ID,"method":"no_such_method"}""",
            """{"id":ID}""",
            "7").NonEmptyListOf();
        foreach (string[] members in batches.Sample(30, 100).Select(batch => batch.Take(50).ToArray()))
        {
            string[] numbered = [.. members.Select((member, index) => member.Replace("ID", $"{index}", StringComparison.Ordinal))];
            string[] answered = [.. numbered.Where(member => member != """{"jsonrpc":"2.0","method":"ping"}""")];
            await socket.SendAsync($"[{string.Join(',', numbered)}]");
            if (answered.Length == 0)
            {
                await socket.SendAsync("""{"jsonrpc":"2.0","id":"after","method":"ping"}""");
                Assert.Equal("after", (await AnswerAsync(socket)).Text("id"));
                continue;
            }

            JsonElement answer = await AnswerAsync(socket);
            Assert.Equal(answered.Length, answer.GetArrayLength());
            Assert.All(answered.Zip(answer.EnumerateArray()), pair =>
                AssertAnswer(pair.Second, pair.First == "7" ? "null" : IdIn(pair.First), pair.First));
        }
    }

    private static string IdIn(string member) => JsonSerializer.Deserialize<JsonElement>(member).GetProperty("id").GetRawText();

    private static void AssertAnswer(JsonElement answer, string id, string request)
    {
        Assert.Equal(("2.0", id), (answer.Text("jsonrpc"), answer.GetProperty("id").GetRawText()));
        Assert.True(answer.TryGetProperty("result", out _) != answer.TryGetProperty("error", out JsonElement error), request);
        if (error.ValueKind == JsonValueKind.Undefined)
        {
            return;
        }

        Assert.Contains(error.GetProperty("code").GetInt32(), Codes);
        Assert.NotEmpty(error.Text("message"));
        Assert.NotEmpty(error.GetProperty("data").Text("reason"));
        Assert.True(error.GetProperty("code").GetInt32() != -32603, $"{request} gave {answer}");
        Assert.DoesNotContain("/dev/", answer.GetRawText(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> AnswerAsync(RawSocket socket)
    {
        while (await socket.ReceiveAsync() is { } frame)
        {
            if (frame.First == RawSocket.Text)
            {
                return JsonSerializer.Deserialize<JsonElement>(frame.Payload);
            }
        }

        throw new InvalidOperationException("The server has gone.");
    }
}
