using System.Net.Http.Headers;
using System.Text;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>
/// Passwords, tokens and keys are given to the host in every way there is; afterwards everything that it wrote, printed, answered
/// or started is searched for them.
/// </summary>
public sealed class Planted_secrets
{
    private const string CameraSecrets = "select count(*) from events_own.protected_value where name like 'camera-source/%'";
    private const string BeforeTheHost = "pl4nted/0ne+before:host";
    private const string InThePath = "pl4ntedTw0InThePath";
    private const string InTheQuery = "pl4nted+thr33/in?query";
    private const string AsAToken = "pl4ntedF0urAsAToken";
    private const string Wrong = "pl4nted F1ve is wrong";
    private const string InABadAddress = "pl4ntedS1xInABadAddress";
    private const string BadLogin = "pl4ntedS3venAsALogin";
    private const string JwtSecret = "pl4ntedE1ght-signs-all-the-tokens-of-this-installation";

    private readonly Planted _planted =
        new(BeforeTheHost, InThePath, InTheQuery, AsAToken, Wrong, InABadAddress, BadLogin, JwtSecret);

    private readonly StringBuilder _printed = new();

    [Trait("pace", "slow")]
    [Fact]
    public async Task are_used_and_are_nowhere()
    {
        await using RtspCamera asks = await RtspCamera.StartAsync(
            "--size", "320x180", "--fps", "10", "--user", "ada", "--password", BeforeTheHost);
        await using RtspCamera hides = await RtspCamera.StartAsync(
            "--size", "320x180", "--fps", "10", "--path", $"/user=ada_password={InThePath}_channel=1");
        await using RunningHost host = await RunningHost.StartAsync(
            new() { ["EVENTS__Security__JwtSecretKey"] = JwtSecret, ["EVENTS__Media__ReconnectPauseMaxS"] = "1" });
        await using RpcClient client = await host.ConnectAsync();
        await client.CallAsync("subscribe_events", new { topics = new[] { "camera_status_update", "recording_status_update" } });

        await AddAllAsync(host, asks, hides);
        await Scene.ConnectedAsync(client, "camera0");
        await Scene.ConnectedAsync(client, "camera1");
        await UseAllAsync(host, client);
        string token = await host.TokenAsync("viewer");
        var keys = new Planted(await UseKeyAsync(host), await UseKeyAsync(host));
        Assert.Empty(await SearchAsync(host, client));
        Assert.Empty(keys.InFolder(host.Data));
        Assert.Empty(keys.In("printed", _printed.ToString() + host.Output + client.Heard));
        Assert.Empty(keys.In("the database", await DumpAsync(host)));
        Assert.Empty(new Planted(token).In("printed", _printed.ToString() + host.Output));

        // What is kept is kept over a restart, and what is forgotten is gone.
        await host.StopAsync();
        await host.StartAgainAsync();
        await using RpcClient again = await host.ConnectAsync();
        await Scene.ConnectedAsync(again, "camera0");
        await Scene.ConnectedAsync(again, "camera1");
        Assert.Equal("5", await host.SqlAsync(CameraSecrets));
        await CliAsync(host, "camera", "retire", "camera1", "--reason", "sold");
        await Until.TrueAsync(
            async () => await host.SqlAsync(CameraSecrets) == "4",
            TimeSpan.FromSeconds(10),
            "the retired camera's secret to be forgotten");
        Assert.Empty(await SearchAsync(host, again));
    }

    [Fact]
    public void are_found_where_they_are()
    {
        var planted = new Planted("a secret/of some+length");
        foreach (string text in new[]
        {
            "xa secret/of some+lengthx", "rtsp://h/a%20secret%2Fof%20some%2Blength", "a%20secret%2fof%20some%2blength",
            Convert.ToBase64String("a secret/of some+length"u8), Convert.ToBase64String("a:a secret/of some+length"u8),
            Convert.ToBase64String("x:a secret/of some+length."u8), Convert.ToHexStringLower("a secret/of some+length"u8),
        })
        {
            Assert.NotEmpty(planted.In("here", text));
        }

        Assert.Empty(planted.In("here", "a secret of some length"));
    }

    private async Task AddAllAsync(RunningHost host, RtspCamera asks, RtspCamera hides)
    {
        string escaped = Uri.EscapeDataString(BeforeTheHost);
        string query = Uri.EscapeDataString(InTheQuery);
        _printed.Append(await host.CliReadingAsync(
            asks.UrlOf("/cam0", $"ada:{escaped}@") + "\n", "camera", "add", "--name", "Asks", "--source", "-", "--format", "json"));
        await CliAsync(host, "camera", "add", "--name", "Hides", "--source", hides.UrlOf($"/user=ada_password={InThePath}_channel=1"));
        await CliAsync(host, "camera", "add", "--name", "Nowhere", "--source", $"rtsp://127.0.0.1:1/live?user=ada&password={query}&channel=2");
        await CliAsync(host, "camera", "add", "--name", "Token", "--source", $"http://127.0.0.1:{host.Port}/live.m3u8?access_token={AsAToken}");
        await CliAsync(
            host, "camera", "add", "--name", "Wrong", "--source", asks.UrlOf("/cam0", $"ada:{Uri.EscapeDataString(Wrong)}@"));
        foreach (string bad in new[]
        {
            $"rtsp://ada:{InABadAddress}/@127.0.0.1/x", $"ftp://ada:{InABadAddress}@127.0.0.1/", $"rtsp:///x?password={InABadAddress}",
            $"rtsp://127.0.0.1:99999/?password={InABadAddress}",
        })
        {
            CliResult refused = await host.CliAsync("camera", "add", "--name", "Bad", "--source", bad);
            Assert.Equal(1, refused.ExitCode);
            _printed.Append(refused);
        }
    }

    /// <summary>Whatever makes the host speak of its cameras and of those who call.</summary>
    private async Task UseAllAsync(RunningHost host, RpcClient client)
    {
        foreach (string device in new[] { "camera0", "camera1" })
        {
            await client.CallAsync("start_recording", new { device });
            await client.CallAsync("take_snapshot", new { device });
        }

        foreach (string device in new[] { "camera2", "camera3", "camera4" })
        {
            await Scene.RefusedAsync(client, "start_recording", new { device });
            await Scene.RefusedAsync(client, "take_snapshot", new { device });
        }

        await Scene.RefusedAsync(client, "authenticate", new { auth_token = BadLogin });
        await Scene.RefusedAsync(client, "authenticate", new { auth_token = "e30." + BadLogin + ".e30", token = BadLogin });
        string[] calls =
        [
            "get_camera_list", "list_recordings", "list_snapshots", "get_storage_info", "get_system_status", "get_streams",
            "get_metrics", "get_status", "get_server_info",
        ];
        foreach (string method in calls)
        {
            await client.SendAsync(Encoding.UTF8.GetBytes($$"""{"jsonrpc":"2.0","id":"{{method}}","method":"{{method}}"}"""));
        }

        foreach (string path in new[] { $"/files/snapshots/a.jpg?exp=9999999999&sig={BadLogin}", "/hls/camera0.m3u8", "/live/camera1.jpg" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", BadLogin);
            using HttpResponseMessage answer = await host.Http.SendAsync(request);
            Assert.Equal(401, (int)answer.StatusCode);
            _printed.Append(answer.Headers).Append(await answer.Content.ReadAsStringAsync());
        }

        await CliAsync(host, "camera", "move", "camera2", "--source", $"rtsp://127.0.0.1:1/other?user=ada&password={AsAToken}&channel=2");
        await client.CallAsync("stop_recording", new { device = "camera0" });
    }

    /// <summary>Shows a new key at every door, also where it does not fit, and takes it away again.</summary>
    /// <returns>Its secret, which was printed where it was asked for and is to be nowhere else.</returns>
    private async Task<string> UseKeyAsync(RunningHost host)
    {
        string secret = (await host.CliAsync("keys", "issue", "--role", "viewer", "--name", "Planted")).Ok().Trim();
        foreach (string shown in new[] { secret, secret + "x" })
        {
            foreach (string path in new[] { "/live/camera0.jpg", $"/live/camera0?access_token={shown}", $"/files/snapshots/{shown}.jpg" })
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                request.Headers.Add("X-API-Key", shown);
                using HttpResponseMessage answer = await host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                _printed.Append(answer.Headers);
            }

            await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/ws"));
            await Record.ExceptionAsync(() => rpc.CallAsync("authenticate", new { auth_token = shown }));
            _printed.Append(rpc.Heard);
            _printed.Append(await new GraphQLClient(host, shown).AnswerAsync("{ cameras { nodes { streams { hls } } } }"));
        }

        await CliAsync(host, "keys", "list", "--format", "json");
        await CliAsync(host, "keys", "list");
        return secret;
    }

    private static async Task<string> DumpAsync(RunningHost host) =>
        (await Tool.RunAsync("pg_dump", ["--inserts", (await host.CliAsync("db", "url")).Ok().Trim()])).Ok();

    private async Task<IReadOnlyList<string>> SearchAsync(RunningHost host, RpcClient client)
    {
        await CliAsync(host, "camera", "list", "--format", "json");
        await CliAsync(host, "camera", "list", "--all");
        await CliAsync(host, "recording", "list", "--format", "json");
        await CliAsync(host, "recording", "list");
        await CliAsync(host, "status", "--format", "json");
        await CliAsync(host, "status");
        Assert.Contains("password=***_channel=1", _printed.ToString(), StringComparison.Ordinal);
        Assert.Contains("rtsp://***@", _printed.ToString(), StringComparison.Ordinal);

        foreach (string path in new[] { "/health", "/health/detailed", "/health/ready", "/health/live", "/health/system", "/health/cameras" })
        {
            _printed.Append(await (await host.Http.GetAsync(new Uri($"http://127.0.0.1:{host.HealthPort}{path}"))).Content.ReadAsStringAsync());
        }

        string dump = await DumpAsync(host);
        Assert.Contains("password=***", dump, StringComparison.Ordinal);
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);
        Assert.True(children.Count >= 4, "Two cameras and PostgreSQL have processes of their own.");
        return
        [
            .. _planted.In("the database", dump),
            .. _planted.InFolder(host.Data),
            .. _planted.In("the host's output", host.Output),
            .. _planted.In("an answer over JSON-RPC", client.Heard),
            .. _planted.In("what was printed or answered elsewhere", _printed.ToString()),
            .. children.SelectMany(_planted.InProcess),
        ];
    }

    private async Task CliAsync(RunningHost host, params string[] words)
    {
        CliResult result = await host.CliAsync(words);
        result.Ok();
        _printed.Append(result);
    }
}
