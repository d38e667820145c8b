using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

/// <summary>One host with one camera that ffmpeg makes, for all questions.</summary>
public sealed class GraphQLScene : IAsyncLifetime
{
    internal const string Pattern = "test:pattern?size=320x240&fps=10";

    internal RunningHost Host { get; private set; } = null!;

    internal GraphQLClient Admin { get; private set; } = null!;

    internal string CameraId { get; private set; } = "";

    internal string CameraKey { get; } = Guid.CreateVersion7().ToString("d");

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync();
        Admin = await ClientAsync("admin");
        JsonElement added = await Admin.AskAsync(
            "mutation($id: ID, $source: String!) { addCamera(input: {id: $id, name: \"Gate\", source: $source}) { camera { id } position } }",
            new { id = CameraKey, source = Pattern });
        CameraId = added.GetProperty("addCamera").GetProperty("camera").Text("id");
        await Until.TrueAsync(
            async () => (await Admin.AskAsync("{ camera(number: 0) { status } }")).GetProperty("camera").Text("status") == "CONNECTED",
            TimeSpan.FromSeconds(30),
            "the camera to be connected");
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    internal async Task<GraphQLClient> ClientAsync(string role) => new(Host, await Host.TokenAsync(role));
}

public sealed class The_api(GraphQLScene scene) : IClassFixture<GraphQLScene>
{
    private GraphQLClient Admin => scene.Admin;

    [Fact]
    public async Task shows_a_camera_by_id_by_number_and_as_a_node()
    {
        JsonElement data = await Admin.AskAsync(
            """
            query($id: ID!, $key: ID!) {
              byId: camera(id: $id) { number name source version stream streams { hls jpeg isReady } }
              byKey: camera(id: $key) { id }
              byNumber: camera(number: 0) { id openRecording { id } }
              node(id: $id) { __typename id ... on Camera { name } }
              none: camera(number: 77) { id }
            }
            """,
            new { id = scene.CameraId, key = scene.CameraKey });
        Assert.Equal("Gate", data.GetProperty("byId").Text("name"));
        Assert.Equal($"camera-{scene.CameraKey}", data.GetProperty("byId").Text("stream"));
        Assert.Equal(scene.CameraId, data.GetProperty("byKey").Text("id"));
        Assert.Equal(scene.CameraId, data.GetProperty("byNumber").Text("id"));
        Assert.Equal("Camera", data.GetProperty("node").Text("__typename"));
        Assert.Equal(JsonValueKind.Null, data.GetProperty("none").ValueKind);
        string jpeg = data.GetProperty("byId").GetProperty("streams").Text("jpeg");
        Assert.StartsWith($"http://127.0.0.1:{scene.Host.Port}/live/camera0.jpg?", jpeg, StringComparison.Ordinal);
        Assert.NotEmpty(await scene.Host.DownloadAsync(jpeg));
        Assert.Equal("BAD_ARGUMENTS", await Admin.CodeAsync("{ camera { id } }"));
    }

    [Fact]
    public async Task filters_sorts_and_pages_cameras()
    {
        string[] names = ["pager c", "pager a", "pager b", "other"];
        foreach (string name in names)
        {
            JsonElement added = await Admin.AskAsync(
                "mutation($name: String!) { addCamera(input: {name: $name, source: \"rtsp://127.0.0.1:9/x\"}) { camera { id } } }",
                new { name });
            Assert.NotEqual(JsonValueKind.Null, added.GetProperty("addCamera").GetProperty("camera").ValueKind);
        }

        const string Query =
            """
            query($after: String, $before: String, $first: Int, $last: Int) {
              cameras(first: $first, after: $after, last: $last, before: $before,
                      where: { name: { startsWith: "pager" }, status: { neq: RETIRED } }, order: [{ name: DESC }]) {
                totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
              }
            }
            """;
        JsonElement one = (await Admin.AskAsync(Query, new { first = 2 })).GetProperty("cameras");
        Assert.Equal(3, one.GetProperty("totalCount").GetInt32());
        Assert.Equal(["pager c", "pager b"], Names(one));
        Assert.True(one.GetProperty("pageInfo").GetProperty("hasNextPage").GetBoolean());
        string end = one.GetProperty("pageInfo").Text("endCursor");
        JsonElement two = (await Admin.AskAsync(Query, new { first = 2, after = end })).GetProperty("cameras");
        Assert.Equal(["pager a"], Names(two));
        Assert.False(two.GetProperty("pageInfo").GetProperty("hasNextPage").GetBoolean());
        JsonElement back = (await Admin.AskAsync(
            Query, new { last = 1, before = two.GetProperty("pageInfo").Text("startCursor") })).GetProperty("cameras");
        Assert.Equal(["pager b"], Names(back));
        Assert.Equal("BAD_PAGING", await Admin.CodeAsync("query($c: String) { cameras(after: $c) { nodes { id } } }", new { c = end }));
        Assert.Equal("BAD_PAGING", await Admin.CodeAsync("{ cameras(first: 101) { nodes { id } } }"));
        Assert.Equal("BAD_FILTER", await Admin.CodeAsync("{ cameras(where: { name: { eq: \"\\u0000\" } }) { nodes { id } } }"));
    }

    [Fact]
    public async Task answers_a_repeated_command_as_the_first_one()
    {
        const string Add =
            """
            mutation($id: ID, $name: String!) {
              addCamera(input: {id: $id, name: $name, source: "rtsp://user:secret@127.0.0.1:9/y"}) {
                position camera { id version source } errors { __typename ... on WrongStateError { code } ... on Error { message } }
              }
            }
            """;
        string id = Guid.CreateVersion7().ToString("d");
        JsonElement first = (await Admin.AskAsync(Add, new { id, name = "Once" })).GetProperty("addCamera");
        JsonElement again = (await Admin.AskAsync(Add, new { id, name = "Once" })).GetProperty("addCamera");
        JsonElement other = (await Admin.AskAsync(Add, new { id, name = "Twice" })).GetProperty("addCamera");
        Assert.Equal(JsonValueKind.String, first.GetProperty("position").ValueKind);
        Assert.Equal(JsonValueKind.Null, again.GetProperty("position").ValueKind);
        Assert.Equal(first.GetProperty("camera").Text("id"), again.GetProperty("camera").Text("id"));
        Assert.DoesNotContain("secret", first.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("camera.already_registered", other.GetProperty("errors")[0].Text("code"));
    }

    [Fact]
    public async Task refuses_with_typed_errors_and_stable_codes()
    {
        JsonElement data = await Admin.AskAsync(
            """
            mutation($id: ID!) {
              bad: addCamera(input: {name: "", source: "rtsp://h/x"}) { camera { id } errors { __typename ... on InvalidInputError { code field } } }
              none: renameCamera(input: {id: "01a2132a-7540-7951-b853-794b167c4050", name: "x"}) { errors { __typename ... on NotFoundError { code } } }
              old: renameCamera(input: {id: $id, name: "Newer", expectedVersion: 1}) { errors { __typename ... on ConflictError { code } } }
              gone: stopRecording(input: {id: "01a2132a-7540-7951-b853-794b167c4050"}) { errors { ... on NotFoundError { code subject } } }
            }
            """,
            new { id = scene.CameraId });
        Assert.Equal("""{"__typename":"InvalidInputError","code":"camera.bad_name","field":"name"}""", Error(data, "bad"));
        Assert.Equal("""{"__typename":"NotFoundError","code":"camera.not_registered"}""", Error(data, "none"));
        Assert.Equal("""{"__typename":"ConflictError","code":"command.version_changed"}""", Error(data, "old"));
        Assert.Equal("""{"code":"recording.not_found","subject":"recording"}""", Error(data, "gone"));
    }

    [Fact]
    public async Task lets_nobody_do_more_than_the_role_allows()
    {
        GraphQLClient nobody = new(scene.Host, null);
        GraphQLClient viewer = await scene.ClientAsync("viewer");
        GraphQLClient @operator = await scene.ClientAsync("operator");
        string start = $"mutation {{ startRecording(input: {{cameraId: \"{Guid.Empty}\"}}) {{ errors {{ __typename }} }} }}";
        string rename = $"mutation {{ renameCamera(input: {{id: \"{Guid.Empty}\", name: \"x\"}}) {{ errors {{ __typename }} }} }}";
        Assert.Equal("Query", (await nobody.AskAsync("{ __typename }")).Text("__typename"));
        Assert.Equal("AUTH_NOT_AUTHENTICATED", await nobody.CodeAsync("{ cameras { nodes { id } } }"));
        Assert.Equal("AUTH_NOT_AUTHENTICATED", await nobody.CodeAsync($"{{ node(id: \"{scene.CameraId}\") {{ id }} }}"));
        Assert.Equal("AUTH_NOT_AUTHORIZED", await viewer.CodeAsync(start));
        Assert.Equal("AUTH_NOT_AUTHORIZED", await @operator.CodeAsync(rename));
        Assert.Equal("NotFoundError", (await @operator.AskAsync(start)).GetProperty("startRecording").GetProperty("errors")[0].Text("__typename"));
        Assert.Equal("UNAUTHENTICATED", await new GraphQLClient(scene.Host, "nonsense").CodeAsync("{ __typename }"));
    }

    [Fact]
    public async Task closes_sockets_without_a_good_token()
    {
        await using GraphQLSocket nobody = await GraphQLSocket.OpenAsync(scene.Host.Port, null);
        Assert.Equal("closed", await nobody.GreetedAsync());
        Assert.Equal((WebSocketCloseStatus)4403, nobody.CloseStatus);
        await using GraphQLSocket bad = await GraphQLSocket.OpenAsync(scene.Host.Port, new { Authorization = "Bearer x" });
        Assert.Equal("closed", await bad.GreetedAsync());
        string token = await scene.Host.TokenAsync("viewer");
        await using GraphQLSocket good = await GraphQLSocket.OpenAsync(scene.Host.Port, new { Authorization = $"Bearer {token}" });
        Assert.Equal("connection_ack", await good.GreetedAsync());
    }

    [Fact]
    public async Task finds_facts_by_stream_type_and_position()
    {
        const string Query =
            """
            query($stream: String, $types: [String!], $after: String, $first: Int, $last: Int) {
              events(stream: $stream, types: $types, after: $after, first: $first, last: $last) {
                nodes { position type time user correlation stream version data } pageInfo { hasNextPage endCursor }
              }
            }
            """;
        string stream = $"camera-{scene.CameraKey}";
        JsonElement some = (await Admin.AskAsync(Query, new { stream, first = 1 })).GetProperty("events");
        JsonElement fact = some.GetProperty("nodes")[0];
        Assert.Equal("camera_registered", fact.Text("type"));
        Assert.Equal("Gate", fact.GetProperty("data").Text("name"));
        Assert.NotEmpty(fact.Text("correlation"));
        Assert.Equal(fact.Text("position"), some.GetProperty("pageInfo").Text("endCursor"));
        JsonElement rest = (await Admin.AskAsync(Query, new { stream, after = fact.Text("position"), first = 500 })).GetProperty("events");
        Assert.Equal("camera_connected", rest.GetProperty("nodes")[0].Text("type"));
        JsonElement typed = (await Admin.AskAsync(Query, new { types = new[] { "camera_registered" }, last = 500 })).GetProperty("events");
        Assert.All(typed.GetProperty("nodes").EnumerateArray(), one => Assert.Equal("camera_registered", one.Text("type")));
        Assert.NotEmpty(typed.GetProperty("nodes").EnumerateArray());
        Assert.Equal("BAD_POSITION", await Admin.CodeAsync("{ events(after: \"x\") { nodes { position } } }"));
    }

    [Fact]
    public async Task shows_things_as_they_were()
    {
        JsonElement added = (await Admin.AskAsync(
            "mutation { addCamera(input: {name: \"Before\", source: \"rtsp://127.0.0.1:9/z\"}) { position camera { id } } }"))
            .GetProperty("addCamera");
        string id = added.GetProperty("camera").Text("id");
        string position = added.Text("position");
        await Admin.AskAsync("mutation($id: ID!) { renameCamera(input: {id: $id, name: \"Behind\"}) { position } }", new { id });
        JsonElement data = await Admin.AskAsync(
            """
            query($id: ID!, $p: String!) {
              now: camera(id: $id) { name }
              then: camera(id: $id, asOf: { position: $p }) { name version }
              never: camera(id: $id, asOf: { time: "2020-01-01T00:00:00Z" }) { name }
              list: cameras(asOf: { position: $p }, where: { name: { eq: "Before" } }) { totalCount nodes { name } }
              none: cameras(asOf: { position: "0" }) { totalCount nodes { name } }
            }
            """,
            new { id, p = position });
        Assert.Equal("Behind", data.GetProperty("now").Text("name"));
        Assert.Equal("Before", data.GetProperty("then").Text("name"));
        Assert.Equal(JsonValueKind.Null, data.GetProperty("never").ValueKind);
        Assert.Equal(["Before"], Names(data.GetProperty("list")));
        Assert.Equal(0, data.GetProperty("none").GetProperty("totalCount").GetInt32());
        await ShowsTheOtherViewsAsync(position);
    }

    /// <summary>Everything else that comes from a view: before there was anything, once there was, and after it was changed.</summary>
    private async Task ShowsTheOtherViewsAsync(string before)
    {
        string from = DateTimeOffset.UtcNow.AddMinutes(-30).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        string recording = (await DoneAsync(
            "mutation($gate: ID!) { startRecording(input: {cameraId: $gate}) { recording { id } errors { __typename } } }",
            new { gate = scene.CameraId })).GetProperty("startRecording").GetProperty("recording").Text("id");
        await Until.RecordedAsync(2);
        JsonElement made = await DoneAsync(
            """
            mutation($gate: ID!, $recording: ID!) {
              stopRecording(input: {id: $recording}) { errors { __typename } }
              setRetentionPolicy(input: {type: MANUAL, isEnabled: true, maxAgeDays: 36500}) { errors { __typename } }
              cleanUpFiles(input: {}) { errors { __typename } }
              issueApiKey(input: {name: "Then", role: VIEWER}) { apiKey { id } errors { __typename } }
              createUser(input: {name: "then", role: VIEWER, password: "a long walk in rain"}) { errors { __typename } }
              takeSnapshot(input: {cameraId: $gate}) { errors { __typename } }
              startBroadcast(input: {cameraId: $gate}) { errors { __typename } }
            }
            """,
            new { gate = scene.CameraId, recording });
        string key = made.GetProperty("issueApiKey").GetProperty("apiKey").Text("id");
        JsonElement newest = (await Admin.AskAsync("{ events(last: 1) { nodes { position time } } }"))
            .GetProperty("events").GetProperty("nodes")[0];
        await DoneAsync(
            """
            mutation($gate: ID!, $recording: ID!, $key: ID!) {
              deleteRecording(input: {id: $recording}) { errors { __typename } }
              setRetentionPolicy(input: {type: MANUAL, isEnabled: false}) { errors { __typename } }
              cleanUpFiles(input: {}) { errors { __typename } }
              suspendApiKey(input: {id: $key}) { errors { __typename } }
              disableUser(input: {name: "then", reason: "left"}) { errors { __typename } }
              takeSnapshot(input: {cameraId: $gate}) { errors { __typename } }
              stopBroadcast(input: {cameraId: $gate}) { errors { __typename } }
            }
            """,
            new { gate = scene.CameraId, recording, key });

        (string views, long sizeBefore) = await ViewsAsync(new { position = before }, key, from);
        Assert.Equal(
            """
            {"cleanups":{"totalCount":0},"retentionPolicy":{"type":null,"isEnabled":false},"apiKeys":{"nodes":[]},"apiKey":null,
            "users":{"nodes":[]},"user":null,"externalStreams":{"totalCount":0},"timeline":{"recorded":[]},"camera":{"broadcast":null}}
            """.ReplaceLineEndings(""),
            views);
        long sizeThen = 0;
        foreach (object then in new object[] { new { position = newest.Text("position") }, new { time = newest.Text("time") } })
        {
            (views, sizeThen) = await ViewsAsync(then, key, from);
            Assert.Equal(
                """
                {"cleanups":{"totalCount":1},"retentionPolicy":{"type":"MANUAL","isEnabled":true},"apiKeys":{"nodes":[{"status":"ACTIVE"}]},
                "apiKey":{"status":"ACTIVE"},"users":{"nodes":[{"disabledFor":null}]},"user":{"disabledFor":null},
                "externalStreams":{"totalCount":0},"timeline":{"recorded":[{"isSafe":true}]},"camera":{"broadcast":{"isRunning":true}}}
                """.ReplaceLineEndings(""),
                views);
        }

        (views, long sizeNow) = await ViewsAsync(null, key, from);
        Assert.Equal(
            """
            {"cleanups":{"totalCount":1},"retentionPolicy":{"type":"MANUAL","isEnabled":false},"apiKeys":{"nodes":[{"status":"SUSPENDED"}]},
            "apiKey":{"status":"SUSPENDED"},"users":{"nodes":[{"disabledFor":"left"}]},"user":{"disabledFor":"left"},
            "externalStreams":{"totalCount":0},"timeline":{"recorded":[]},"camera":{"broadcast":{"isRunning":false}}}
            """.ReplaceLineEndings(""),
            views);
        Assert.True(sizeBefore < sizeThen && sizeThen < sizeNow, $"{sizeBefore}, {sizeThen}, {sizeNow}");
        Assert.Equal("BAD_POSITION", await Admin.CodeAsync("{ storage(asOf: { position: \"x\" }) { level } }"));
    }

    /// <summary>The views, and the bytes of all snapshots.</summary>
    private async Task<(string Views, long SnapshotsBytes)> ViewsAsync(object? asOf, string key, string from)
    {
        JsonElement views = await Admin.AskAsync(
            """
            query($asOf: AsOfInput, $key: ID!, $gate: ID!, $from: DateTime!) {
              cleanups(asOf: $asOf) { totalCount }
              retentionPolicy(asOf: $asOf) { type isEnabled }
              apiKeys(asOf: $asOf, where: { name: { eq: "Then" } }) { nodes { status } }
              apiKey(id: $key, asOf: $asOf) { status }
              users(asOf: $asOf, where: { name: { eq: "then" } }) { nodes { disabledFor } }
              user(name: "then", asOf: $asOf) { disabledFor }
              externalStreams(asOf: $asOf) { totalCount }
              timeline(cameraId: $gate, from: $from, asOf: $asOf) { recorded { isSafe } }
              camera(id: $gate) { broadcast(asOf: $asOf) { isRunning } }
            }
            """,
            new { asOf, key, gate = scene.CameraId, from });
        JsonElement storage = (await Admin.AskAsync(
            "query($asOf: AsOfInput) { storage(asOf: $asOf) { level totalBytes use { snapshotsBytes } } }", new { asOf }))
            .GetProperty("storage");
        Assert.True(storage.GetProperty("totalBytes").GetInt64() > 0);
        return (views.GetRawText(), storage.GetProperty("use").GetProperty("snapshotsBytes").GetInt64());
    }

    /// <summary>Mutations of which none is refused.</summary>
    private async Task<JsonElement> DoneAsync(string mutations, object variables)
    {
        JsonElement done = await Admin.AskAsync(mutations, variables);
        Assert.DoesNotContain("__typename", done.GetRawText(), StringComparison.Ordinal);
        return done;
    }

    [Fact]
    public async Task records_photographs_and_shows_the_time_line()
    {
        GraphQLClient @operator = await scene.ClientAsync("operator");
        await using GraphQLSocket socket = await Admin.OpenAsync();
        string head = (await Admin.AskAsync("{ events(last: 1) { nodes { position } } }"))
            .GetProperty("events").GetProperty("nodes")[0].Text("position");
        JsonElement started = (await @operator.AskAsync(
            "mutation($c: ID!) { startRecording(input: {cameraId: $c}) { position recording { id status camera { name } } errors { __typename } } }",
            new { c = scene.CameraId })).GetProperty("startRecording");
        Assert.Equal("RUNNING", started.GetProperty("recording").Text("status"));
        string id = started.GetProperty("recording").Text("id");
        JsonElement twice = (await @operator.AskAsync(
            "mutation($c: ID!) { startRecording(input: {cameraId: $c}) { errors { ... on WrongStateError { code } } } }",
            new { c = scene.CameraId })).GetProperty("startRecording");
        Assert.Equal("recording.already_running", twice.GetProperty("errors")[0].Text("code"));
        JsonElement shot = (await @operator.AskAsync(
            "mutation($c: ID!) { takeSnapshot(input: {cameraId: $c, fileName: \"gate\"}) { position snapshot { fileName downloadUrl width } } }",
            new { c = scene.CameraId })).GetProperty("takeSnapshot").GetProperty("snapshot");
        Assert.Equal(320, shot.GetProperty("width").GetInt32());
        Assert.NotEmpty(await scene.Host.DownloadAsync(shot.Text("downloadUrl")));
        await Until.RecordedAsync(4);
        JsonElement stopped = (await @operator.AskAsync(
            "mutation($id: ID!) { stopRecording(input: {id: $id}) { recording { status footage downloadUrl } } }",
            new { id })).GetProperty("stopRecording").GetProperty("recording");
        Assert.Equal("STOPPED", stopped.Text("status"));
        Assert.NotEmpty(await scene.Host.DownloadAsync(stopped.Text("downloadUrl")));

        JsonElement line = (await Admin.AskAsync(
            """
            query($c: ID!, $from: DateTime!) {
              timeline(cameraId: $c, from: $from) { recorded { from to isSafe recording { id } } gaps { from to why } }
            }
            """,
            new { c = scene.CameraId, from = DateTimeOffset.UtcNow.AddHours(-1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'") })).GetProperty("timeline");
        Assert.Equal(id, Assert.Single(line.GetProperty("recorded").EnumerateArray()).GetProperty("recording").Text("id"));
        Assert.Equal("not_recorded", line.GetProperty("gaps")[0].Text("why"));
        Assert.Contains(
            (await Admin.AskAsync("{ storage { level totalBytes } }")).GetProperty("storage").Text("level"),
            (string[])["OK", "LOW", "CRITICAL"]);

        await socket.SubscribeAsync(
            "subscription($after: String) { snapshotTaken(after: $after) { position snapshot { fileName } } }", new { after = head });
        JsonElement taken = (await socket.DataAsync()).GetProperty("snapshotTaken");
        Assert.Equal("gate.jpg", taken.GetProperty("snapshot").Text("fileName"));
        JsonElement deleted = (await Admin.AskAsync(
            "mutation($id: ID!) { deleteRecording(input: {id: $id}) { recording { status downloadUrl } errors { __typename } } }",
            new { id })).GetProperty("deleteRecording").GetProperty("recording");
        Assert.Equal("DELETED", deleted.Text("status"));
    }

    [Fact]
    public async Task tells_of_changes_as_they_come()
    {
        await using GraphQLSocket socket = await Admin.OpenAsync();
        await socket.SubscribeAsync("subscription { events(types: [\"camera_renamed\"]) { position type data } }");
        await using GraphQLSocket cameras = await Admin.OpenAsync();
        string id = (await Admin.AskAsync(
            "mutation { addCamera(input: {name: \"Told\", source: \"rtsp://127.0.0.1:9/t\"}) { position camera { id } } }"))
            .GetProperty("addCamera").GetProperty("camera").Text("id");
        await cameras.SubscribeAsync(
            "subscription($id: ID, $after: String) { cameraChanged(id: $id, after: $after) { position type camera { name } } }",
            new { id, after = "0" });
        Assert.Equal("Told", (await cameras.DataAsync()).GetProperty("cameraChanged").GetProperty("camera").Text("name"));
        string position = (await Admin.AskAsync(
            "mutation($id: ID!) { renameCamera(input: {id: $id, name: \"Told again\"}) { position } }", new { id }))
            .GetProperty("renameCamera").Text("position");
        JsonElement change = (await cameras.DataAsync()).GetProperty("cameraChanged");
        Assert.Equal(("Told again", position), (change.GetProperty("camera").Text("name"), change.Text("position")));
        JsonElement fact = (await socket.DataAsync()).GetProperty("events");
        while (fact.Text("position") != position)
        {
            fact = (await socket.DataAsync()).GetProperty("events");
        }

        Assert.Equal("Told again", fact.GetProperty("data").Text("name"));
    }

    [Fact]
    public async Task hands_out_its_schema()
    {
        using HttpResponseMessage schema = await scene.Host.Http.GetAsync(
            new Uri("/graphql/schema.graphql", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, schema.StatusCode);
        Assert.Contains("type Subscription", await schema.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using HttpResponseMessage other = await scene.Host.Http.GetAsync(
            new Uri($"http://127.0.0.1:{scene.Host.HealthPort}/graphql"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
    }

    private static string[] Names(JsonElement connection) =>
        [.. connection.GetProperty("nodes").EnumerateArray().Select(node => node.Text("name"))];

    private static string Error(JsonElement data, string field) => data.GetProperty(field).GetProperty("errors")[0].GetRawText();
}
