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

/// <summary>A host with few places for viewers, and a camera. Each test looks by keys or accounts of its own.</summary>
public sealed class FewSeats : IAsyncLifetime
{
    internal const int PerAccount = 2;
    internal const int Strangers = 3;

    internal RunningHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync(new()
        {
            ["EVENTS__Security__UseReportPause"] = "1s",
            ["EVENTS__Live__MaxViewersPerAccount"] = $"{PerAccount}",
            ["EVENTS__Rtsp__MaxStrangersPerAddress"] = $"{Strangers}",
            ["EVENTS__Rtsp__SignInWait"] = "4s",
        });
        await Scene.AddAsync(Host, Scene.Pattern);
        await using RpcClient client = await Host.ConnectAsync();
        await Scene.ConnectedAsync(client);
    }

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? default;
}

/// <summary>One account cannot have all places of viewers, nor one address all connections of RTSP; and the log says so, briefly.</summary>
public sealed class Too_many_viewers(FewSeats seats) : IClassFixture<FewSeats>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private RunningHost Host => seats.Host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task of_one_account_are_turned_away_by_every_way_while_others_look()
    {
        string own = await KeyAsync("wall");
        string other = await KeyAsync("desk");
        string part = string.Empty;
        await Until.TrueAsync(
            async () => (part = await PartAsync(other)).Length > 0, Limit, "a playlist");
        using TcpClient player = new();
        await player.ConnectAsync(IPAddress.Loopback, Host.RtspPort, Cancel);
        Assert.Equal(200, await SetupAsync(player, own));
        using ClientWebSocket socket = await WatchAsync(own);

        Assert.Equal((HttpStatusCode.TooManyRequests, true), await FetchAsync(own, part));
        await Assert.ThrowsAsync<WebSocketException>(() => WatchAsync(own));
        using TcpClient second = new();
        await second.ConnectAsync(IPAddress.Loopback, Host.RtspPort, Cancel);
        Assert.Equal(453, await SetupAsync(second, own));
        Assert.Equal((HttpStatusCode.OK, false), await FetchAsync(other, part));
        using ClientWebSocket others = await WatchAsync(other);

        // One that leaves makes room; whoever fetches takes it, and keeps it while it fetches.
        player.Close();
        await Until.TrueAsync(async () => (await FetchAsync(own, part)).Status == HttpStatusCode.OK, Limit, "room for one who fetches");
        await Assert.ThrowsAsync<WebSocketException>(() => WatchAsync(own));
        Assert.Equal((HttpStatusCode.OK, false), await FetchAsync(own, part));
        await ToldAsync("too_many_viewers", 4, "key-%");
    }

    [Fact]
    public async Task of_one_person_are_turned_away_also_by_links()
    {
        string other = await KeyAsync("desk of ada");
        const string password = "a long walk in rain";
        (await Host.CliReadingAsync(password + "\n", "users", "add", "--name", "ada", "--role", "viewer", "--password-stdin")).Ok();
        using HttpResponseMessage signed = await Host.Http.PostAsJsonAsync(
            new Uri("/auth/sign-in", UriKind.Relative), new { user = "ada", password }, Cancel);
        string token = JsonElement.Parse(await signed.Content.ReadAsStringAsync(Cancel)).Text("accessToken");
        string link = new Uri((await new GraphQLClient(Host, token).AskAsync("{ camera(number: 0) { streams { hls } } }"))
            .GetProperty("camera").GetProperty("streams").Text("hls")).Query;
        await Until.TrueAsync(async () => (await PartAsync(other)).Length > 0, Limit, "a playlist");

        using ClientWebSocket first = await WatchByAsync(link);
        using TcpClient player = new();
        await player.ConnectAsync(IPAddress.Loopback, Host.RtspPort, Cancel);
        Assert.Equal(200, await SetupAsync(player, token));
        await Assert.ThrowsAsync<WebSocketException>(() => WatchByAsync(link));
        var part = new Uri(await PartAsync(other) + link, UriKind.Relative);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await Host.Http.GetAsync(part, Cancel)).StatusCode);
        using ClientWebSocket others = await WatchAsync(other);
        await ToldAsync("too_many_viewers", 2, "user-%");
    }

    [Fact]
    public async Task who_have_not_signed_in_are_few_and_stay_briefly()
    {
        string key = await KeyAsync("desk of bob");
        List<TcpClient> flood = [];
        try
        {
            for (int i = 0; i < 50; i++)
            {
                // Another address of this machine, so that the one who has a key comes from elsewhere.
                var client = new TcpClient(new IPEndPoint(IPAddress.Parse("127.0.0.3"), 0));
                await client.ConnectAsync(IPAddress.Loopback, Host.RtspPort, Cancel);
                flood.Add(client);
            }

            using var known = new TcpClient();
            await known.ConnectAsync(IPAddress.Loopback, Host.RtspPort, Cancel);
            Assert.Equal(200, await SetupAsync(known, key));
            await ToldAsync("too_many_connections", 50 - FewSeats.Strangers);
            bool[] closed = await Task.WhenAll(flood.Select(IsClosedAsync));
            Assert.All(closed, Assert.True);
            await ToldAsync("not_signed_in", FewSeats.Strangers);
            Assert.Single(Host.Output.Split('\n'), line => line.Contains("An RTSP connection was turned away", StringComparison.Ordinal));
        }
        finally
        {
            flood.ForEach(client => client.Dispose());
        }
    }

    private async Task<string> KeyAsync(string name) =>
        (await Host.CliAsync("keys", "issue", "--name", name, "--role", "viewer")).Ok().Trim();

    /// <summary>Refusals of a kind: so many at least, since some were tried again, in a few facts.</summary>
    /// <param name="who">Accounts like these; null for strangers, whom no other test has refused so.</param>
    private async Task ToldAsync(string why, int count, string? who = null)
    {
        string which = $"from events.mt_events where type = 'access_refused' and data->>'why' = '{why}'"
            + (who is null ? "" : $" and data->>'who' like '{who}'");
        await Until.TrueAsync(
            async () => await NumberAsync($"select coalesce(sum((data->>'count')::int), 0) {which}") >= count,
            Limit,
            $"{count} times {why}");
        Assert.InRange(await NumberAsync($"select count(*) {which}"), 1, 6);
    }

    private async Task<int> NumberAsync(string sql) =>
        int.Parse(await Host.SqlAsync(sql), CultureInfo.InvariantCulture);

    /// <returns>The path of the newest part of the playlist; empty while there is none.</returns>
    private async Task<string> PartAsync(string key)
    {
        using HttpResponseMessage answer = await GetAsync(key, "/hls/camera0.m3u8");
        string[] lines = (await answer.Content.ReadAsStringAsync(Cancel)).Split('\n');
        return answer.IsSuccessStatusCode ? "/hls/" + lines.Last(line => line.Contains("segment-", StringComparison.Ordinal)).Trim() : "";
    }

    /// <returns>The status, and whether the answer names the setting; the newest part where the named one is gone meanwhile.</returns>
    private async Task<(HttpStatusCode Status, bool NamesSetting)> FetchAsync(string key, string part)
    {
        using HttpResponseMessage answer = await GetAsync(key, part);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return await FetchAsync(key, await PartAsync(key));
        }

        string text = answer.IsSuccessStatusCode ? "" : await answer.Content.ReadAsStringAsync(Cancel);
        return (answer.StatusCode, text.Contains("Live.MaxViewersPerAccount", StringComparison.Ordinal));
    }

    private async Task<HttpResponseMessage> GetAsync(string key, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-API-Key", key);
        return await Host.Http.SendAsync(request, Cancel);
    }

    private async Task<ClientWebSocket> WatchAsync(string key)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("X-API-Key", key);
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/live/camera0"), Cancel);
        return socket;
    }

    /// <param name="link">The query of a signed one.</param>
    private async Task<ClientWebSocket> WatchByAsync(string link)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/live/camera0{link}"), Cancel);
        return socket;
    }

    private async Task<int> SetupAsync(TcpClient client, string key)
    {
        string text = $"SETUP rtsp://127.0.0.1:{Host.RtspPort}/camera0 RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Bearer {key}\r\n"
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
