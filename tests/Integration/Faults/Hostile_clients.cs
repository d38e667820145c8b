using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>One host with one camera, for all who come with bad intentions.</summary>
public sealed class Ground : IAsyncLifetime
{
    internal RunningHost Host { get; private set; } = null!;

    internal string Admin { get; private set; } = "";

    internal string Operator { get; private set; } = "";

    internal string Viewer { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync(flags: ["--no-demo"]);
        await Scene.AddAsync(Host, Scene.Pattern);
        (Admin, Operator, Viewer) =
            (await Host.TokenAsync("admin"), await Host.TokenAsync("operator"), await Host.TokenAsync("viewer"));
        await using RpcClient client = await Host.ConnectAsync();
        await Scene.ConnectedAsync(client);
        await client.CallAsync("take_snapshot", new { device = "camera0", filename = "gate.jpg" });
        await client.CallAsync("start_recording", new { device = "camera0", duration = 1 });
        await Scene.FactAsync(Host, "recording", "recording_stopped");
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}

/// <summary>Whatever comes over the WebSocket is answered by the contract, and the host does not even frown.</summary>
public sealed class Hostile_clients(Ground ground) : IClassFixture<Ground>, IAsyncLifetime
{
    private const int InvalidParams = -32602;

    /// <summary>What the contract allows as an answer to something odd: never -32603, which says that we were at fault.</summary>
    private static readonly int[] Calm = [-32600, -32601, -32602, -32010, -32020, -32030, -32050];

    /// <summary>All methods of the contract with parameters that are right; those that are not there yet say so.</summary>
    private static readonly Dictionary<string, Dictionary<string, string>> Methods = new()
    {
        ["ping"] = [],
        ["authenticate"] = new() { ["auth_token"] = "\"no\"", ["token"] = "\"no\"" },
        ["get_camera_list"] = [],
        ["get_camera_status"] = new() { ["device"] = "\"camera0\"" },
        ["get_camera_capabilities"] = new() { ["device"] = "\"camera0\"" },
        ["take_snapshot"] = new() { ["device"] = "\"camera0\"", ["filename"] = "\"a.jpg\"" },
        ["start_recording"] = new() { ["device"] = "\"camera0\"", ["duration"] = "1", ["format"] = "\"fmp4\"" },
        ["stop_recording"] = new() { ["device"] = "\"camera0\"" },
        ["list_recordings"] = new() { ["limit"] = "5", ["offset"] = "0" },
        ["list_snapshots"] = new() { ["limit"] = "5", ["offset"] = "0" },
        ["get_recording_info"] = new() { ["filename"] = "\"camera0_2020-01-01_00-00-00\"" },
        ["get_snapshot_info"] = new() { ["filename"] = "\"gate.jpg\"" },
        ["delete_recording"] = new() { ["filename"] = "\"camera0_2020-01-01_00-00-00\"" },
        ["delete_snapshot"] = new() { ["filename"] = "\"none.jpg\"" },
        ["start_streaming"] = new() { ["device"] = "\"camera0\"" },
        ["stop_streaming"] = new() { ["device"] = "\"camera0\"" },
        ["get_stream_url"] = new() { ["device"] = "\"camera0\"" },
        ["get_stream_status"] = new() { ["device"] = "\"camera0\"" },
        ["get_streams"] = [],
        ["get_metrics"] = [],
        ["get_status"] = [],
        ["get_system_status"] = [],
        ["get_server_info"] = [],
        ["get_storage_info"] = [],
        ["set_retention_policy"] = new()
        {
            ["policy_type"] = "\"manual\"", ["enabled"] = "false", ["max_age_days"] = "3650", ["max_size_gb"] = "1000",
        },
        ["subscribe_events"] = new() { ["topics"] = "[\"camera.connected\"]", ["filters"] = "{}" },
        ["unsubscribe_events"] = new() { ["topics"] = "[\"camera.connected\"]" },
        ["get_subscription_stats"] = [],
        ["discover_external_streams"] = new() { ["skydio_enabled"] = "false", ["include_offline"] = "false" },
        ["add_external_stream"] = new() { ["stream_url"] = "\"rtsp://127.0.0.1:1/x\"", ["stream_name"] = "\"x\"" },
        ["remove_external_stream"] = new() { ["stream_url"] = "\"rtsp://127.0.0.1:1/none\"" },
        ["get_external_streams"] = [],
        ["set_discovery_interval"] = new() { ["scan_interval"] = "0" },
    };

    /// <summary>As JSON text. None is right for any parameter, but for null, which counts as absent.</summary>
    private static readonly string[] WrongValues =
    [
        "null", "-1", "1.5", "1e400", "-1e400", "99999999999999999999999999", "1e-320", "\"\"", "\" \"", "\"\\u0000\"", "\"\\ud800\"",
        "\"\\udc00\\ud800\"", "\"camera0\\u0000\"", "\"camera0\\n\"", "\"../../etc/passwd\"", "\"/etc/passwd\"", "\"%2e%2e\"",
        "\"\\u202egpj\"", "{\"$ref\":\"#\"}", "[[[[[[[[]]]]]]]]", "[null]", "[1]", "{\"\":{\"\":{}}}", "\"'; drop table x; --\"",
        "\"<script>alert(1)</script>\"", "[\"\\ud800\"]", "[\"a\",[]]", "{\"\\ud800\":\"\\udc00\"}",
    ];

    private static readonly string[] Dreadful = ["\"" + new string('x', 300) + "\"", "\"" + new string('\u00e9', 100_000) + "\""];

    private int _saidBefore;

    private RunningHost Host => ground.Host;

    public ValueTask InitializeAsync()
    {
        _saidBefore = Host.Output.Length;
        return ValueTask.CompletedTask;
    }

    /// <summary>After each of them the host still runs, serves others, and has found nothing worth a complaint.</summary>
    public async ValueTask DisposeAsync()
    {
        Assert.False(Host.Process.HasExited, Host.Output);
        await using RawRpc other = await RawRpc.ConnectAsync(Host, ground.Viewer);
        Assert.Equal(1, (await other.CallAsync("get_camera_list")).GetProperty("result").GetProperty("total").GetInt32());
        string said = Host.Output[_saidBefore..];
        Assert.DoesNotContain("Exception", said, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", said, StringComparison.Ordinal);
        Assert.DoesNotContain("crit:", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task give_wrong_values_for_every_parameter_of_every_method()
    {
        await using RawRpc client = await RawRpc.ConnectAsync(Host, ground.Admin);
        int there = 0;
        foreach ((string method, Dictionary<string, string> right) in Methods)
        {
            there += IsThere(await client.CallAsync(method, Join(right))) ? 1 : 0;
            foreach (string name in right.Keys)
            {
                foreach (string wrong in WrongValues.Concat(Dreadful))
                {
                    JsonElement answer = await client.CallAsync(method, Join(new(right) { [name] = wrong }));
                    string told = $"{method} {name}={wrong[..Math.Min(60, wrong.Length)]}: {answer}";
                    bool mayBeRight = wrong == "null" || name is "stream_name" || (name is "filters" && wrong[0] == '{')
                        || (name is "max_size_gb" && wrong is ("1.5" or "1e-320"));
                    Assert.True(answer.TryGetProperty("error", out JsonElement error) || mayBeRight, told);
                    if (error.ValueKind == JsonValueKind.Undefined)
                    {
                        continue;
                    }

                    int code = error.GetProperty("code").GetInt32();
                    Assert.True(Calm.Contains(code) || (method == "authenticate" && code == -32001), told);
                    Assert.True(code != InvalidParams || error.GetProperty("data").Text("hint").Length > 0, told);
                    Assert.False(string.IsNullOrEmpty(error.GetProperty("data").Text("reason")), told);
                }
            }
        }

        Assert.True(there >= 16, $"Only {there} methods are there.");
        Assert.Equal("", await Host.SqlAsync("select type from events.mt_events where type = 'recording_failed'"));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[\"camera0\"]")]
    [InlineData("[{\"device\":\"camera0\"}]")]
    public async Task give_parameters_by_position(string parameters)
    {
        await using RawRpc client = await RawRpc.ConnectAsync(Host, ground.Admin);
        foreach (string method in new[] { "ping", "get_camera_list", "get_camera_status", "start_recording" })
        {
            Assert.Equal(InvalidParams, Code(await client.CallAsync(method, parameters)));
        }
    }

    /// <summary>Method, then login, then role, then parameters: whoever may not ask learns nothing of how to.</summary>
    [Fact]
    public async Task are_told_what_is_wrong_in_the_contracts_order()
    {
        await using RawRpc stranger = await RawRpc.ConnectAsync(Host);
        await using RawRpc viewer = await RawRpc.ConnectAsync(Host, ground.Viewer);
        await using RawRpc admin = await RawRpc.ConnectAsync(Host, ground.Admin);
        foreach (string parameters in new[] { "{}", "[]", "{\"device\":7}", "{\"device\":\"camera999\"}" })
        {
            Assert.Equal(-32601, Code(await stranger.CallAsync("no_such_method", parameters)));
            Assert.Equal(-32001, Code(await stranger.CallAsync("start_recording", parameters)));
            Assert.Equal(-32002, Code(await viewer.CallAsync("start_recording", parameters)));
            Assert.Equal(-32601, Code(await viewer.CallAsync("recording_status_update", parameters)));
        }

        Assert.Equal(-32010, Code(await admin.CallAsync("start_recording", "{\"device\":\"camera999\"}")));
        JsonElement denied = (await viewer.CallAsync("delete_snapshot", "{}")).GetProperty("error").GetProperty("data");
        Assert.Equal(("admin", "viewer"), (denied.Text("required_role"), denied.Text("have_role")));
        JsonElement login = (await stranger.CallAsync("get_camera_list")).GetProperty("error").GetProperty("data");
        Assert.Equal("auth_required", login.Text("reason"));
        Assert.Contains("authenticate", login.Text("suggestion"), StringComparison.Ordinal);
        foreach (string name in new[] { "Ping", "ping ", "", "__proto__", "rpc.discover", "pi\\u006eg\\u0000", new string('m', 10_000) })
        {
            Assert.Equal(-32601, Code(await admin.CallAsync(name)));
        }
    }

    [Theory]
    [InlineData("", -32700)]
    [InlineData("nonsense", -32700)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"", -32700)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"} {}", -32700)]
    [InlineData("{'jsonrpc':'2.0','id':1,'method':'ping'}", -32700)]
    [InlineData("\ufeff{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", -32700)]
    [InlineData("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", -32600)]
    [InlineData("{\"id\":1,\"method\":\"ping\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"ping\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":7}", -32600)]
    [InlineData("[]", -32600)]
    [InlineData("7", -32600)]
    [InlineData("null", -32600)]
    public async Task send_what_is_no_request(string text, int code)
    {
        await using RawRpc client = await RawRpc.ConnectAsync(Host);
        JsonElement answer = await client.AskAsync(text);

        Assert.Equal(code, Code(answer));
        Assert.True(answer.TryGetProperty("id", out _), "An error has an id, if only null.");
        Assert.Equal("pong", (await client.CallAsync("ping")).Text("result"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-7")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("9007199254740993")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("\"\"")]
    [InlineData("\"a\\u0000\\\"\\ud83d\\ude00\"")]
    [InlineData("\"../../etc/passwd\"")]
    public async Task get_their_ids_back(string id)
    {
        await using RawRpc client = await RawRpc.ConnectAsync(Host);
        string request = "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"ping\"}";

        Assert.Equal(id, (await client.AskAsync(request)).GetProperty("id").GetRawText());
    }

    [Fact]
    public async Task send_batches_of_all_kinds()
    {
        const string ping = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
        const string note = "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"}";
        await using RawRpc client = await RawRpc.ConnectAsync(Host);

        Assert.Equal(50, (await client.AskAsync(Batch(ping, 50))).GetArrayLength());
        Assert.Equal(1, (await client.AskAsync($"[{ping}]")).GetArrayLength());
        Assert.Equal(-32600, Code(await client.AskAsync(Batch(ping, 51))));
        Assert.Equal(-32600, Code(await client.AskAsync(Batch("1", 100_000))));
        JsonElement mixed = await client.AskAsync($"[1,{ping},{note},{{}},[],\"x\",{{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"get_camera_list\"}}]");
        Assert.Equal([-32600, 0, -32600, -32600, -32600, -32001], mixed.EnumerateArray().Select(Code));
        await client.SendAsync(Batch(note, 50));
        Assert.Equal("pong", (await client.CallAsync("ping")).Text("result"));
    }

    [Fact]
    public async Task nest_deeply_and_write_much()
    {
        await using RawRpc client = await RawRpc.ConnectAsync(Host, ground.Admin);
        string deep = string.Concat(Enumerable.Repeat("[", 400_000)) + string.Concat(Enumerable.Repeat("]", 400_000));
        Assert.Equal(-32700, Code(await client.AskAsync(deep)));
        string props = string.Join(',', Enumerable.Range(0, 50_000).Select(n => $"\"p{n}\":{n}"));
        Assert.Equal(InvalidParams, Code(await client.CallAsync("get_camera_status", $"{{{props}}}")));
        string twice = string.Join(',', Enumerable.Repeat("\"device\":\"camera0\"", 50_000));
        Assert.True((await client.CallAsync("get_camera_status", $"{{{twice}}}")).TryGetProperty("result", out _));
        string topics = string.Join(',', Enumerable.Range(0, 60_000).Select(n => $"\"t{n}\""));
        Assert.Equal(InvalidParams, Code(await client.CallAsync("subscribe_events", $"{{\"topics\":[{topics}]}}")));
    }

    [Fact]
    public async Task send_too_much_binary_and_no_text()
    {
        await using (RawRpc huge = await RawRpc.ConnectAsync(Host))
        {
            await huge.SendAsync(new string(' ', (1024 * 1024) + 1));
            Assert.Equal(1009, await huge.CloseCodeAsync());
        }

        await using (RawRpc endless = await RawRpc.ConnectAsync(Host))
        {
            for (int i = 0; i < 17; i++)
            {
                await endless.SendAsync(new byte[64 * 1024], isEnd: false);
            }

            Assert.Equal(1009, await endless.CloseCodeAsync());
        }

        await using (RawRpc binary = await RawRpc.ConnectAsync(Host))
        {
            await binary.SendAsync([1, 2, 3], WebSocketMessageType.Binary);
            Assert.Equal(1003, await binary.CloseCodeAsync());
        }

        foreach (byte[] text in new[] { [0xff, 0xfe], [0xc0, 0xaf], [0xed, 0xa0, 0x80], new byte[] { 0x22, 0xf4, 0x90, 0x80, 0x80, 0x22 } })
        {
            await using RawRpc client = await RawRpc.ConnectAsync(Host);
            await client.SendAsync(text);
            Assert.Equal(1007, await client.CloseCodeAsync());
        }
    }

    [Fact]
    public async Task send_a_request_letter_by_letter()
    {
        await using RawRpc client = await RawRpc.ConnectAsync(Host);
        byte[] request = Encoding.UTF8.GetBytes("{\"jsonrpc\":\"2.0\",\"id\":\"é\",\"method\":\"ping\"}");
        for (int i = 0; i < request.Length; i++)
        {
            await client.SendAsync([request[i]], isEnd: i == request.Length - 1);
        }

        Assert.Contains("pong", await client.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://evil.example", false)]
    [InlineData("null", false)]
    [InlineData("http://localhost:3000.evil.example", false)]
    [InlineData("https://localhost:3001", false)]
    [InlineData("http://localhost:3000", true)]
    public async Task come_from_a_page(string origin, bool isLetIn)
    {
        if (isLetIn)
        {
            await using RawRpc client = await RawRpc.ConnectAsync(Host, origin: origin);
            Assert.Equal("pong", (await client.CallAsync("ping")).Text("result"));
        }
        else
        {
            var refused = await Assert.ThrowsAsync<WebSocketException>(() => RawRpc.ConnectAsync(Host, origin: origin));
            Assert.Contains("403", refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("../gate.jpg")]
    [InlineData("..")]
    [InlineData("a..b.jpg")]
    [InlineData("%2e%2e%2fgate.jpg")]
    [InlineData("/etc/passwd")]
    [InlineData("C:\\\\x.jpg")]
    [InlineData("a\\u0000.jpg")]
    [InlineData(".gate.jpg.tmp")]
    [InlineData("a/b.jpg")]
    [InlineData("-rf.jpg")]
    public async Task name_files_that_are_none(string name)
    {
        await using RawRpc client = await RawRpc.ConnectAsync(Host, ground.Admin);
        foreach (string method in new[] { "get_snapshot_info", "get_recording_info", "delete_snapshot", "delete_recording" })
        {
            Assert.Equal(InvalidParams, Code(await client.CallAsync(method, $"{{\"filename\":\"{name}\"}}")));
        }

        Assert.Equal(
            InvalidParams, Code(await client.CallAsync("take_snapshot", $"{{\"device\":\"camera0\",\"filename\":\"{name}\"}}")));
    }

    /// <summary>A name may have 255 characters, and the file system has no room for one more.</summary>
    [Theory]
    [InlineData(251, 0)]
    [InlineData(255, 0)]
    [InlineData(256, InvalidParams)]
    public async Task name_files_as_long_as_they_may_be(int length, int code)
    {
        await using RawRpc client = await RawRpc.ConnectAsync(Host, ground.Operator);
        string name = new string('n', length - 4) + ".jpg";
        JsonElement answer = await client.CallAsync("take_snapshot", $"{{\"device\":\"camera0\",\"filename\":\"{name}\"}}");

        Assert.True(Code(answer) == code, answer.ToString());
        Assert.Equal(code, Code(await client.CallAsync("get_snapshot_info", $"{{\"filename\":\"{name}\"}}")));
    }

    private static bool IsThere(JsonElement answer) => Code(answer) != -32601;

    private static int Code(JsonElement answer) =>
        answer.TryGetProperty("error", out JsonElement error) ? error.GetProperty("code").GetInt32() : 0;

    private static string Join(Dictionary<string, string> parameters) =>
        "{" + string.Join(',', parameters.Select(one => $"\"{one.Key}\":{one.Value}")) + "}";

    private static string Batch(string member, int count) => $"[{string.Join(',', Enumerable.Repeat(member, count))}]";
}
