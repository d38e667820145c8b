using System.Net;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>Other people's cameras are not there, through every way in.</summary>
public sealed class A_key_for_one_camera(House house) : IClassFixture<House>
{
    private RunningHost Host => house.Host;

    [Fact]
    public async Task finds_no_other_over_http_and_rtsp()
    {
        (string secret, _) = await house.KeyAsync("--role", "operator", "--camera", "camera0");
        for (int i = 0; i < 2; i++)
        {
            HttpStatusCode expected = i == 0 ? HttpStatusCode.OK : HttpStatusCode.NotFound;
            Assert.Equal(expected, await house.GetWithAsync(secret, $"/files/recordings/{house.Recordings[i]}.fmp4"));
            Assert.Equal(expected, await house.GetWithAsync(secret, $"/files/snapshots/{house.Snapshots[i]}"));
            Assert.Equal(expected, await house.GetWithAsync(secret, $"/live/camera{i}.jpg"));
            Assert.Equal(expected, await house.GetWithAsync(secret, $"/live/camera{i}"));
            await Until.TrueAsync(
                async () => await house.GetWithAsync(secret, $"/hls/camera{i}.m3u8") == expected,
                TimeSpan.FromSeconds(20),
                $"{expected}, once there is enough for a playlist");
            Assert.Equal((int)expected, await house.DescribeAsync($"camera{i}", secret));
        }
    }

    [Fact]
    public async Task finds_no_other_over_json_rpc()
    {
        (string secret, _) = await house.KeyAsync("--role", "operator", "--camera", "camera0");
        await using RpcClient rpc = await house.RpcAsync(secret);
        await rpc.CallAsync("subscribe_events", new { topics = new[] { "camera_status_update", "recording_status_update", "snapshot.taken" } });
        Assert.Equal(1, (await rpc.CallAsync("get_camera_list")).Number("total"));
        foreach (string list in new[] { "list_recordings", "list_snapshots" })
        {
            JsonElement files = (await rpc.CallAsync(list)).GetProperty("files");
            Assert.NotEmpty(files.EnumerateArray());
            Assert.All(files.EnumerateArray(), file => Assert.StartsWith("camera0", file.Text("filename"), StringComparison.Ordinal));
        }

        Assert.Equal(1, (await rpc.CallAsync("get_streams")).GetArrayLength());
        Assert.Equal(1, (await rpc.CallAsync("get_system_status")).GetProperty("available_cameras").GetArrayLength());
        foreach (string method in new[]
        {
            "get_camera_status", "get_camera_capabilities", "take_snapshot", "start_recording", "stop_recording", "start_streaming",
            "stop_streaming", "get_stream_url", "get_stream_status",
        })
        {
            Assert.Equal(-32010, (await Scene.RefusedAsync(rpc, method, new { device = "camera1" })).Code);
        }

        object drone = new { stream_url = "rtsp://127.0.0.9:9/x", stream_name = "Drone" };
        foreach (string method in new[] { "discover_external_streams", "add_external_stream", "remove_external_stream" })
        {
            RpcException refused = await Scene.RefusedAsync(rpc, method, drone);
            Assert.Equal((-32002, "permission_denied"), (refused.Code, refused.Data.Text("reason")));
        }

        Assert.Equal(-32010, (await Scene.RefusedAsync(rpc, "get_recording_info", new { filename = house.Recordings[1] })).Code);
        Assert.Equal(-32010, (await Scene.RefusedAsync(rpc, "get_snapshot_info", new { filename = house.Snapshots[1] })).Code);
        await rpc.CallAsync("get_recording_info", new { filename = house.Recordings[0] });

        await house.Admin.CallAsync("take_snapshot", new { device = "camera1" });
        await house.Admin.CallAsync("take_snapshot", new { device = "camera0" });
        await rpc.ToldAsync("snapshot.taken", _ => true);
        Assert.All(rpc.Notifications, note => Assert.DoesNotContain("camera1", note.GetRawText(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task finds_no_other_over_graphql()
    {
        (string secret, _) = await house.KeyAsync("--role", "operator", "--camera", "camera0");
        var graph = new GraphQLClient(Host, secret);
        JsonElement all = await new GraphQLClient(Host, await Host.TokenAsync("admin")).AskAsync(
            "{ cameras { nodes { id } } recordings { nodes { id cameraNumber } } snapshots { nodes { id cameraNumber } } }");
        string[] hidden =
        [
            .. Nodes(all, "cameras").Skip(1).Select(node => node.Text("id")),
            .. Nodes(all, "recordings").Concat(Nodes(all, "snapshots")).Where(node => node.Number("cameraNumber") == 1)
                .Select(node => node.Text("id")),
        ];
        Assert.True(hidden.Length >= 3);
        foreach (string id in hidden)
        {
            JsonElement found = await graph.AskAsync("query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }", new { id });
            Assert.Equal(JsonValueKind.Null, found.GetProperty("node").ValueKind);
            Assert.Equal(JsonValueKind.Null, found.GetProperty("nodes")[0].ValueKind);
        }

        JsonElement own = await graph.AskAsync(
            """
            query($id: ID!, $from: DateTime!) {
              cameras { totalCount nodes { number } } recordings { totalCount nodes { camera { number } } } snapshots { nodes { cameraNumber } }
              byId: camera(id: $id) { id } byNumber: camera(number: 1) { id } as: cameras(asOf: { time: $from }) { totalCount }
              timeline(cameraId: $id, from: $from) { recorded { recordingId } }
              events(first: 500) { nodes { stream type user data } }
            }
            """,
            new { id = house.Cameras[1], from = DateTimeOffset.UtcNow.AddDays(-1) });
        Assert.Equal([0], Nodes(own, "cameras").Select(node => (int)node.Number("number")));
        Assert.All(Nodes(own, "recordings"), node => Assert.Equal(0, node.GetProperty("camera").Number("number")));
        Assert.All(Nodes(own, "snapshots"), node => Assert.Equal(0, node.Number("cameraNumber")));
        Assert.Equal(JsonValueKind.Null, own.GetProperty("byId").ValueKind);
        Assert.Equal(JsonValueKind.Null, own.GetProperty("byNumber").ValueKind);
        Assert.Empty(own.GetProperty("timeline").GetProperty("recorded").EnumerateArray());
        Assert.NotEmpty(Nodes(own, "events"));
        Assert.DoesNotContain(house.Cameras[1], own.GetProperty("events").GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("api_key", own.GetProperty("events").GetRawText(), StringComparison.Ordinal);
        Assert.All(Nodes(own, "events"), node => Assert.Equal(JsonValueKind.Null, node.GetProperty("user").ValueKind));
        JsonElement refused = await graph.AskAsync(
            """
            mutation($id: ID!) {
              startRecording(input: { cameraId: $id }) { errors { ... on NotFoundError { subject } } }
              takeSnapshot(input: { cameraId: $id }) { errors { ... on NotFoundError { subject } } }
              startBroadcast(input: { cameraId: $id }) { errors { ... on NotFoundError { subject } } }
              stopBroadcast(input: { cameraId: $id }) { errors { ... on NotFoundError { subject } } }
            }
            """,
            new { id = house.Cameras[1] });
        Assert.All(refused.EnumerateObject(), field => Assert.Equal("camera", field.Value.GetProperty("errors")[0].Text("subject")));
    }

    [Fact]
    public async Task is_told_of_no_other_in_subscriptions()
    {
        (string secret, _) = await house.KeyAsync("--role", "viewer", "--camera", "camera0");
        string[] subscriptions =
        [
            "subscription { cameraChanged { camera { number } } }", "subscription { recordingChanged { recording { cameraNumber } } }",
            "subscription { snapshotTaken { snapshot { cameraNumber } } }", "subscription { events { stream user data } }",
        ];
        List<GraphQLSocket> sockets = [];
        foreach (string query in subscriptions)
        {
            GraphQLSocket socket = await new GraphQLClient(Host, secret).OpenAsync();
            await socket.GreetedAsync();
            await socket.SubscribeAsync(query);
            sockets.Add(socket);
        }

        // Something of the other camera first, then of ours: what comes first must be ours.
        Task<JsonElement>[] first = [.. sockets.Select(socket => socket.DataAsync())];
        while (!Task.WhenAll(first).IsCompleted)
        {
            foreach (string device in new[] { "camera1", "camera0" })
            {
                await house.Admin.CallAsync("take_snapshot", new { device });
                await house.Admin.CallAsync("start_recording", new { device });
                await house.Admin.CallAsync("stop_recording", new { device });
                (await Host.CliAsync("camera", "rename", device, "--name", $"{device} {Guid.NewGuid():n}")).Ok();
            }
        }

        Assert.All(first, one => Assert.DoesNotContain(house.Cameras[1], one.Result.GetRawText(), StringComparison.Ordinal));
        Assert.Equal(0, (await first[0]).GetProperty("cameraChanged").GetProperty("camera").Number("number"));
        Assert.Equal(0, (await first[1]).GetProperty("recordingChanged").GetProperty("recording").Number("cameraNumber"));
        Assert.Equal(0, (await first[2]).GetProperty("snapshotTaken").GetProperty("snapshot").Number("cameraNumber"));
        Assert.Equal(JsonValueKind.Null, (await first[3]).GetProperty("events").GetProperty("user").ValueKind);
        foreach (GraphQLSocket socket in sockets)
        {
            await socket.DisposeAsync();
        }
    }

    /// <summary>Whether there is more would tell when other people's cameras record.</summary>
    [Fact]
    public async Task is_not_told_by_a_page_of_facts_that_there_is_more_of_others()
    {
        (string secret, _) = await house.KeyAsync("--role", "operator", "--camera", "camera0");
        var graph = new GraphQLClient(Host, secret);
        const string Query =
            """
            query($first: Int, $last: Int) {
              events(types: ["recording_started"], first: $first, last: $last) {
                nodes { stream } pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
              }
            }
            """;
        JsonElement all = await new GraphQLClient(Host, await Host.TokenAsync("admin")).AskAsync(Query, new { first = 100 });
        JsonElement own = await graph.AskAsync(Query, new { first = 100 });
        int count = Nodes(own, "events").Count();
        Assert.InRange(count, 1, Nodes(all, "events").Count() - 1);
        foreach (object page in new object[] { new { first = count }, new { last = count }, new { first = 100 }, new { last = 100 } })
        {
            JsonElement found = (await graph.AskAsync(Query, page)).GetProperty("events");
            Assert.Equal(count, found.GetProperty("nodes").GetArrayLength());
            Assert.False(found.GetProperty("pageInfo").GetProperty("hasNextPage").GetBoolean());
            Assert.False(found.GetProperty("pageInfo").GetProperty("hasPreviousPage").GetBoolean());
        }

        string hidden = Nodes(all, "events").Select(node => node.Text("stream"))
            .Except(Nodes(own, "events").Select(node => node.Text("stream"))).First();
        JsonElement none = (await graph.AskAsync(
            "query($stream: String) { events(stream: $stream, first: 1) { nodes { type } pageInfo { hasNextPage endCursor } } }",
            new { stream = hidden })).GetProperty("events");
        Assert.Equal("{\"nodes\":[],\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}}", none.GetRawText());
    }

    private static JsonElement.ArrayEnumerator Nodes(JsonElement data, string list) =>
        data.GetProperty(list).GetProperty("nodes").EnumerateArray();
}
