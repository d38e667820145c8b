using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>People who may know of some cameras: the others are not there, through every way in, until somebody says so.</summary>
public sealed class Users_of_some_cameras(House house) : IClassFixture<House>
{
    private const string Password = "a long walk in rain";

    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(1);

    private RunningHost Host => house.Host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task see_nothing_of_the_others_by_any_way_in()
    {
        await AddAsync("noa", "--role", "operator", "--camera", "camera0");
        string token = await SignInAsync("noa");
        await SeesOnlyAsync(token, 0);
        await SeesOnlyByGraphQLAsync(token, 0);
        await SeesOnlyByJsonRpcAsync(token, 0);

        await EndsAsync(token, () => Host.CliAsync("users", "cameras", "--name", "noa", "--camera", "Yard"));
        token = await SignInAsync("noa");
        await SeesOnlyAsync(token, 1);
        await SeesOnlyByGraphQLAsync(token, 1);
        await SeesOnlyByJsonRpcAsync(token, 1);
    }

    [Fact]
    public async Task are_told_of_no_other_in_subscriptions()
    {
        await AddAsync("pia", "--role", "viewer", "--camera", "camera0");
        await using GraphQLSocket socket = await new GraphQLClient(Host, await SignInAsync("pia")).OpenAsync();
        await socket.GreetedAsync();
        await socket.SubscribeAsync("subscription { snapshotTaken { snapshot { cameraNumber } } }");

        // One of the other camera first, then one of ours: what comes first must be ours.
        Task<JsonElement> first = socket.DataAsync();
        while (!first.IsCompleted)
        {
            await house.Admin.CallAsync("take_snapshot", new { device = "camera1" });
            await house.Admin.CallAsync("take_snapshot", new { device = "camera0" });
        }

        Assert.Equal(0, (await first).GetProperty("snapshotTaken").GetProperty("snapshot").Number("cameraNumber"));
    }

    [Fact]
    public async Task are_given_them_at_the_command_line_and_by_graphql()
    {
        await AddAsync("rut", "--role", "viewer");
        Assert.Contains("--all", (await ChangeAsync("rut")).Errors, StringComparison.Ordinal);
        Assert.Contains("--all", (await ChangeAsync("rut", "--camera", "camera0", "--all")).Errors, StringComparison.Ordinal);
        Assert.Contains("no camera camera9", (await ChangeAsync("rut", "--camera", "camera9")).Errors, StringComparison.Ordinal);
        string row = (await ChangeAsync("rut", "--camera", "camera1", "--camera", "camera0")).Ok();
        Assert.Contains("camera0 camera1", row, StringComparison.Ordinal);
        CliResult whole = await Host.CliAsync("users", "role", "--name", "rut", "--role", "admin");
        Assert.Contains("Take the list away first", whole.Errors, StringComparison.Ordinal);

        var graph = new GraphQLClient(Host, await Host.TokenAsync("admin"));
        Assert.Equal(house.Cameras.Order(), IdsOf((await graph.AskAsync("{ user(name: \"rut\") { cameras } }")).GetProperty("user")).Order());
        const string change =
            """
            mutation($ids: [ID!]) {
              changeUserCameras(input: { name: "rut", cameras: $ids }) {
                user { cameras }
                errors { ... on InvalidInputError { code } }
              }
            }
            """;
        string[] nodes = await NodesOfCamerasAsync();
        JsonElement changed = (await graph.AskAsync(change, new { ids = nodes[..1] })).GetProperty("changeUserCameras");
        Assert.Equal(house.Cameras[..1], IdsOf(changed.GetProperty("user")));
        foreach (string[] none in new string[][] { [], [Guid.NewGuid().ToString()] })
        {
            JsonElement refused = (await graph.AskAsync(change, new { ids = none })).GetProperty("changeUserCameras");
            Assert.Equal("user.bad_cameras", refused.GetProperty("errors")[0].Text("code"));
        }

        changed = (await graph.AskAsync(change, new { ids = (string[]?)null })).GetProperty("changeUserCameras");
        Assert.Equal(JsonValueKind.Null, changed.GetProperty("user").GetProperty("cameras").ValueKind);
        Assert.Contains("all", (await ChangeAsync("rut", "--all")).Ok(), StringComparison.Ordinal);
    }

    private async Task SeesOnlyAsync(string token, int own)
    {
        for (int i = 0; i < 2; i++)
        {
            HttpStatusCode expected = i == own ? HttpStatusCode.OK : HttpStatusCode.NotFound;
            foreach (string path in new[]
            {
                $"/files/recordings/{house.Recordings[i]}.fmp4", $"/files/snapshots/{house.Snapshots[i]}", $"/live/camera{i}.jpg",
                $"/live/camera{i}", $"/hls/camera{i}.m3u8",
            })
            {
                Assert.Equal((path, expected), (path, await house.GetAsync(path, ("Authorization", $"Bearer {token}"))));
            }

            Assert.Equal((int)expected, await house.DescribeAsync($"camera{i}", token));
        }
    }

    private async Task SeesOnlyByGraphQLAsync(string token, int own)
    {
        string[] nodes = await NodesOfCamerasAsync();
        JsonElement seen = await new GraphQLClient(Host, token).AskAsync(
            """
            query($own: ID!, $other: ID!) {
              me { cameras } cameras { totalCount nodes { id } } recordings { nodes { cameraNumber } }
              node(id: $own) { id } hidden: node(id: $other) { id } camera(id: $other) { id }
            }
            """,
            new { own = nodes[own], other = nodes[1 - own] });
        Assert.Equal([house.Cameras[own]], IdsOf(seen.GetProperty("me")));
        Assert.Equal(nodes[own], Assert.Single(Nodes(seen, "cameras")).Text("id"));
        Assert.Equal(1, seen.GetProperty("cameras").Number("totalCount"));
        Assert.NotEmpty(Nodes(seen, "recordings"));
        Assert.All(Nodes(seen, "recordings"), node => Assert.Equal(own, node.Number("cameraNumber")));
        Assert.Equal(nodes[own], seen.GetProperty("node").Text("id"));
        Assert.Equal(JsonValueKind.Null, seen.GetProperty("hidden").ValueKind);
        Assert.Equal(JsonValueKind.Null, seen.GetProperty("camera").ValueKind);
        JsonElement refused = await new GraphQLClient(Host, token).AskAsync(
            "mutation($id: ID!) { startRecording(input: { cameraId: $id }) { errors { ... on NotFoundError { subject } } } }",
            new { id = house.Cameras[1 - own] });
        Assert.Equal("camera", refused.GetProperty("startRecording").GetProperty("errors")[0].Text("subject"));
    }

    private async Task SeesOnlyByJsonRpcAsync(string token, int own)
    {
        await using RpcClient rpc = await house.RpcAsync(token);
        string other = $"camera{1 - own}";
        Assert.Equal($"camera{own}", Assert.Single((await rpc.CallAsync("who_am_i")).GetProperty("cameras").EnumerateArray()).GetString());
        Assert.Equal(1, (await rpc.CallAsync("get_camera_list")).Number("total"));
        foreach (string method in new[] { "get_camera_status", "start_recording", "stop_recording", "take_snapshot", "get_stream_url" })
        {
            Assert.Equal(-32010, (await Scene.RefusedAsync(rpc, method, new { device = other })).Code);
        }

        Assert.Equal(-32010, (await Scene.RefusedAsync(rpc, "get_recording_info", new { filename = house.Recordings[1 - own] })).Code);
        await rpc.CallAsync("get_recording_info", new { filename = house.Recordings[own] });
    }

    /// <summary>What is open in a session for camera 0 is over when its user is for others.</summary>
    private async Task EndsAsync(string token, Func<Task<CliResult>> change)
    {
        await using RpcClient rpc = await house.RpcAsync(token);
        string download = (await rpc.CallAsync("get_recording_info", new { filename = house.Recordings[0] })).Text("download_url");
        Assert.Equal(HttpStatusCode.OK, await house.GetAsync(download));
        var graph = new GraphQLClient(Host, token);
        string hls = (await graph.AskAsync("{ camera(number: 0) { streams { hls } } }"))
            .GetProperty("camera").GetProperty("streams").Text("hls");
        Assert.Equal(HttpStatusCode.OK, await house.GetAsync(hls));
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(hls.Replace("camera0", "camera1", StringComparison.Ordinal)));
        await using GraphQLSocket socket = await graph.OpenAsync();
        Assert.Equal("connection_ack", await socket.GreetedAsync());
        using var live = new ClientWebSocket();
        await live.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/live/camera0{new Uri(hls).Query}"), Cancel);
        Task[] closed = [House.ClosedAsync(live), Assert.ThrowsAsync<ChannelClosedException>(socket.NextAsync)];

        (await change()).Ok();
        Assert.InRange(await House.TimeOfAsync(Task.WhenAll(closed)), TimeSpan.Zero, EndsWithin);
        Assert.Equal(-32001, (await Scene.RefusedAsync(rpc, "get_camera_list")).Code);
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(download));
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(hls));
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync("/live/camera0.jpg", ("Authorization", $"Bearer {token}")));
    }

    /// <returns>Ids in the whole schema, by camera number.</returns>
    private async Task<string[]> NodesOfCamerasAsync() =>
    [
        .. Nodes(await new GraphQLClient(Host, await Host.TokenAsync("admin")).AskAsync("{ cameras { nodes { id number } } }"), "cameras")
            .OrderBy(node => node.Number("number")).Select(node => node.Text("id")),
    ];

    private Task<CliResult> ChangeAsync(string name, params string[] cameras) =>
        Host.CliAsync(["users", "cameras", "--name", name, .. cameras]);

    private async Task AddAsync(string name, params string[] more) =>
        (await Host.CliReadingAsync(Password + "\n", ["users", "add", "--name", name, "--password-stdin", .. more])).Ok();

    private async Task<string> SignInAsync(string user)
    {
        using HttpResponseMessage response = await Host.Http.PostAsJsonAsync(
            new Uri("/auth/sign-in", UriKind.Relative), new { user, password = Password }, Cancel);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text).Text("accessToken");
    }

    private static string[] IdsOf(JsonElement of) => [.. of.GetProperty("cameras").EnumerateArray().Select(id => id.GetString()!)];

    private static JsonElement.ArrayEnumerator Nodes(JsonElement data, string list) =>
        data.GetProperty(list).GetProperty("nodes").EnumerateArray();
}
