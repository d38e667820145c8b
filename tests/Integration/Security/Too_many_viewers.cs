using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>One account cannot have all places of viewers, nor one address all connections of RTSP; and the log says so, briefly.</summary>
[Trait("pace", "slow")]
public sealed class Too_many_viewers
{
    private const int PerAccount = 2;
    private const int Strangers = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task of_one_account_are_turned_away_by_every_way_while_others_look()
    {
        await using RunningHost host = await StartAsync();
        string own = await KeyAsync(host, "wall");
        string other = await KeyAsync(host, "desk");
        string part = string.Empty;
        await Until.TrueAsync(
            async () => (part = await PartAsync(host, other)).Length > 0, Limit, "a playlist");
        using TcpClient player = new();
        await player.ConnectAsync(IPAddress.Loopback, host.RtspPort, Cancel);
        Assert.Equal(200, await SetupAsync(host, player, own));
        using ClientWebSocket socket = await WatchAsync(host, own);

        Assert.Equal((HttpStatusCode.TooManyRequests, true), await FetchAsync(host, own, part));
        await Assert.ThrowsAsync<WebSocketException>(() => WatchAsync(host, own));
        using TcpClient second = new();
        await second.ConnectAsync(IPAddress.Loopback, host.RtspPort, Cancel);
        Assert.Equal(453, await SetupAsync(host, second, own));
        Assert.Equal((HttpStatusCode.OK, false), await FetchAsync(host, other, part));
        using ClientWebSocket others = await WatchAsync(host, other);

        // One that leaves makes room; whoever fetches takes it, and keeps it while it fetches.
        player.Close();
        await Until.TrueAsync(async () => (await FetchAsync(host, own, part)).Status == HttpStatusCode.OK, Limit, "room for one who fetches");
        await Assert.ThrowsAsync<WebSocketException>(() => WatchAsync(host, own));
        Assert.Equal((HttpStatusCode.OK, false), await FetchAsync(host, own, part));
        await ToldAsync(host, "too_many_viewers", 4);
    }

    [Fact]
    public async Task of_one_person_are_turned_away_also_by_links()
    {
        await using RunningHost host = await StartAsync();
        string other = await KeyAsync(host, "desk");
        const string password = "a long walk in rain";
        (await host.CliReadingAsync(password + "\n", "users", "add", "--name", "ada", "--role", "viewer", "--password-stdin")).Ok();
        using HttpResponseMessage signed = await host.Http.PostAsJsonAsync(
            new Uri("/auth/sign-in", UriKind.Relative), new { user = "ada", password }, Cancel);
        string token = JsonElement.Parse(await signed.Content.ReadAsStringAsync(Cancel)).Text("accessToken");
        string link = new Uri((await new GraphQLClient(host, token).AskAsync("{ camera(number: 0) { streams { hls } } }"))
            .GetProperty("camera").GetProperty("streams").Text("hls")).Query;
        await Until.TrueAsync(async () => (await PartAsync(host, other)).Length > 0, Limit, "a playlist");

        using ClientWebSocket first = await WatchByAsync(host, link);
        using TcpClient player = new();
        await player.ConnectAsync(IPAddress.Loopback, host.RtspPort, Cancel);
        Assert.Equal(200, await SetupAsync(host, player, token));
        await Assert.ThrowsAsync<WebSocketException>(() => WatchByAsync(host, link));
        var part = new Uri(await PartAsync(host, other) + link, UriKind.Relative);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await host.Http.GetAsync(part, Cancel)).StatusCode);
        using ClientWebSocket others = await WatchAsync(host, other);
        await ToldAsync(host, "too_many_viewers", 2);
    }

    [Fact]
    public async Task who_have_not_signed_in_are_few_and_stay_briefly()
    {
        await using RunningHost host = await StartAsync();
        string key = await KeyAsync(host, "desk");
        List<TcpClient> flood = [];
        try
        {
            for (int i = 0; i < 50; i++)
            {
                // Another address of this machine, so that the one who has a key comes from elsewhere.
                var client = new TcpClient(new IPEndPoint(IPAddress.Parse("127.0.0.3"), 0));
                await client.ConnectAsync(IPAddress.Loopback, host.RtspPort, Cancel);
                flood.Add(client);
            }

            using var known = new TcpClient();
            await known.ConnectAsync(IPAddress.Loopback, host.RtspPort, Cancel);
            Assert.Equal(200, await SetupAsync(host, known, key));
            await ToldAsync(host, "too_many_connections", 50 - Strangers);
            bool[] closed = await Task.WhenAll(flood.Select(IsClosedAsync));
            Assert.All(closed, Assert.True);
            await ToldAsync(host, "not_signed_in", Strangers);
            Assert.Single(host.Output.Split('\n'), line => line.Contains("An RTSP connection was turned away", StringComparison.Ordinal));
        }
        finally
        {
            flood.ForEach(client => client.Dispose());
        }
    }

    private static async Task<RunningHost> StartAsync()
    {
        RunningHost host = await RunningHost.StartAsync(new()
        {
            ["EVENTS__Security__UseReportPause"] = "1s",
            ["EVENTS__Live__MaxViewersPerAccount"] = $"{PerAccount}",
            ["EVENTS__Rtsp__MaxStrangersPerAddress"] = $"{Strangers}",
            ["EVENTS__Rtsp__SignInWait"] = "4s",
        });
        await Scene.AddAsync(host, Scene.Pattern);
        await using RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client);
        return host;
    }

    private static async Task<string> KeyAsync(RunningHost host, string name) =>
        (await host.CliAsync("keys", "issue", "--name", name, "--role", "viewer")).Ok().Trim();

    /// <summary>Refusals of a kind: so many at least, since some were tried again, in a few facts.</summary>
    private static async Task ToldAsync(RunningHost host, string why, int count)
    {
        string which = $"from events.mt_events where type = 'access_refused' and data->>'why' = '{why}'";
        await Until.TrueAsync(
            async () => await NumberAsync(host, $"select coalesce(sum((data->>'count')::int), 0) {which}") >= count,
            Limit,
            $"{count} times {why}");
        Assert.InRange(await NumberAsync(host, $"select count(*) {which}"), 1, 6);
    }

    private static async Task<int> NumberAsync(RunningHost host, string sql) =>
        int.Parse(await host.SqlAsync(sql), CultureInfo.InvariantCulture);

    /// <returns>The path of the newest part of the playlist; empty while there is none.</returns>
    private static async Task<string> PartAsync(RunningHost host, string key)
    {
        using HttpResponseMessage answer = await GetAsync(host, key, "/hls/camera0.m3u8");
        string[] lines = (await answer.Content.ReadAsStringAsync(Cancel)).Split('\n');
        return answer.IsSuccessStatusCode ? "/hls/" + lines.Last(line => line.Contains("segment-", StringComparison.Ordinal)).Trim() : "";
    }

    /// <returns>The status, and whether the answer names the setting; the newest part where the named one is gone meanwhile.</returns>
    private static async Task<(HttpStatusCode Status, bool NamesSetting)> FetchAsync(RunningHost host, string key, string part)
    {
        using HttpResponseMessage answer = await GetAsync(host, key, part);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return await FetchAsync(host, key, await PartAsync(host, key));
        }

        string text = answer.IsSuccessStatusCode ? "" : await answer.Content.ReadAsStringAsync(Cancel);
        return (answer.StatusCode, text.Contains("Live.MaxViewersPerAccount", StringComparison.Ordinal));
    }

    private static async Task<HttpResponseMessage> GetAsync(RunningHost host, string key, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-API-Key", key);
        return await host.Http.SendAsync(request, Cancel);
    }

    private static async Task<ClientWebSocket> WatchAsync(RunningHost host, string key)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("X-API-Key", key);
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/live/camera0"), Cancel);
        return socket;
    }

    /// <param name="link">The query of a signed one.</param>
    private static async Task<ClientWebSocket> WatchByAsync(RunningHost host, string link)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/live/camera0{link}"), Cancel);
        return socket;
    }

    private static async Task<int> SetupAsync(RunningHost host, TcpClient client, string key)
    {
        string text = $"SETUP rtsp://127.0.0.1:{host.RtspPort}/camera0 RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Bearer {key}\r\n"
            + "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text), Cancel);
        byte[] answer = new byte[1024];
        int got = await client.GetStream().ReadAsync(answer, Cancel);
        return int.Parse(Encoding.ASCII.GetString(answer, 0, got).Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static async Task<bool> IsClosedAsync(TcpClient client)
    {
        byte[] buffer = new byte[1024];
        try
        {
            while (await client.GetStream().ReadAsync(buffer, Cancel).AsTask().WaitAsync(Limit, Cancel) > 0)
            {
                // A good-bye.
            }
        }
        catch (IOException)
        {
            // Reset is closed, too.
        }

        return true;
    }
}
