using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

/// <summary>A host that may look for streams, with an RTSP camera to be found and one camera that ffmpeg makes.</summary>
public sealed class MutationScene : IAsyncLifetime
{
    internal RunningHost Host { get; private set; } = null!;

    internal RtspCamera Rtsp { get; private set; } = null!;

    internal GraphQLClient Admin { get; private set; } = null!;

    internal GraphQLClient Operator { get; private set; } = null!;

    internal GraphQLClient Viewer { get; private set; } = null!;

    internal string CameraId { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Rtsp = await RtspCamera.StartAsync("--size", "320x180");
        Host = await RunningHost.StartAsync(new()
        {
            ["EVENTS__Discovery__Enabled"] = "true",
            ["EVENTS__Discovery__GenericEnabled"] = "true",
            ["EVENTS__Discovery__GenericRanges"] = "127.0.0.1",
            ["EVENTS__Discovery__GenericPorts"] = $"{Rtsp.Port}",
            ["EVENTS__Discovery__GenericPaths"] = "/cam0",
        });
        Admin = new GraphQLClient(Host, await Host.TokenAsync("admin"));
        Operator = new GraphQLClient(Host, await Host.TokenAsync("operator"));
        Viewer = new GraphQLClient(Host, await Host.TokenAsync("viewer"));
        await Scene.AddAsync(Host, Scene.Pattern);
        JsonElement camera = default;
        await Until.TrueAsync(
            async () => (camera = (await Admin.AskAsync("{ camera(number: 0) { id status } }")).GetProperty("camera")).Text("status")
                == "CONNECTED",
            TimeSpan.FromSeconds(30),
            "the camera to be connected");
        CameraId = camera.Text("id");
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Rtsp.DisposeAsync();
    }

    /// <returns>The id of a recording that has come to its end.</returns>
    internal async Task<string> RecordAsync()
    {
        JsonElement started = await Operator.AskAsync(
            "mutation($c: ID!) { startRecording(input: { cameraId: $c }) { recording { id } } }", new { c = CameraId });
        string id = started.GetProperty("startRecording").GetProperty("recording").Text("id");
        await Until.RecordedAsync(1);
        await Operator.AskAsync("mutation($id: ID!) { stopRecording(input: { id: $id }) { position } }", new { id });
        return id;
    }
}

/// <summary>Holds, retention, broadcasts, external streams and parked facts over GraphQL, with real footage and a real camera.</summary>
public sealed class The_mutations(MutationScene scene) : IClassFixture<MutationScene>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private GraphQLClient Admin => scene.Admin;

    [Fact]
    public async Task hold_a_recording_so_that_nobody_deletes_it()
    {
        string id = await scene.RecordAsync();
        JsonElement placed = await OneAsync("placeLegalHold", "recording { heldFor version }", new { id, reason = "Case 2026-17" });
        Assert.Equal("Case 2026-17", placed.GetProperty("recording").Text("heldFor"));
        Assert.Equal(JsonValueKind.String, placed.GetProperty("position").ValueKind);

        JsonElement again = await OneAsync("placeLegalHold", "recording { heldFor }", new { id, reason = "Case 2026-17" });
        Assert.Equal(JsonValueKind.Null, again.GetProperty("position").ValueKind);
        Assert.Equal("recording.already_held", await CodeAsync("placeLegalHold", new { id, reason = "Another case" }));
        Assert.Equal("recording.bad_hold_reason", await CodeAsync("placeLegalHold", new { id, reason = " " }));
        Assert.Equal("recording.legal_hold", await CodeAsync("deleteRecording", new { id }));
        Assert.Equal(
            "command.version_changed", await CodeAsync("releaseLegalHold", new { id, reason = "Closed", expectedVersion = 1 }));

        JsonElement held = await Admin.AskAsync(
            "{ recordings(where: { isHeld: { eq: true } }) { nodes { id } } storage { use { recordingsBytes snapshotsBytes heldBytes } } }");
        Assert.Equal([id], held.GetProperty("recordings").GetProperty("nodes").EnumerateArray().Select(node => node.Text("id")));
        JsonElement use = held.GetProperty("storage").GetProperty("use");
        Assert.True(use.GetProperty("heldBytes").GetInt64() > 0);
        Assert.True(use.GetProperty("heldBytes").GetInt64() <= use.GetProperty("recordingsBytes").GetInt64());

        long version = placed.GetProperty("recording").GetProperty("version").GetInt64();
        JsonElement released = await OneAsync(
            "releaseLegalHold", "recording { heldFor }", new { id, reason = "Closed", expectedVersion = version });
        Assert.Equal(JsonValueKind.Null, released.GetProperty("recording").GetProperty("heldFor").ValueKind);
        Assert.Equal(
            "DELETED", (await OneAsync("deleteRecording", "recording { status }", new { id })).GetProperty("recording").Text("status"));
        Assert.Equal("recording.deleted", await CodeAsync("placeLegalHold", new { id, reason = "Too late" }));
    }

    [Fact]
    public async Task set_a_policy_and_clean_up_by_it()
    {
        Assert.Equal("retention.no_max_age", await CodeAsync("setRetentionPolicy", new { type = "AGE", isEnabled = true }));
        Assert.Equal(
            "retention.bad_max_size", await CodeAsync("setRetentionPolicy", new { type = "MANUAL", isEnabled = true, maxSizeBytes = 0 }));

        JsonElement off = await OneAsync("cleanUpFiles", "cleanup { id }", new { id = Guid.CreateVersion7() });
        Assert.Equal(JsonValueKind.Null, off.GetProperty("cleanup").ValueKind);

        string kept = await scene.RecordAsync();
        await OneAsync("placeLegalHold", "recording { id }", new { id = kept, reason = "Case 2026-18" });
        string goes = await scene.RecordAsync();
        object policy = new { type = "MANUAL", isEnabled = true, maxSizeBytes = 1 };
        JsonElement set = await OneAsync("setRetentionPolicy", "retentionPolicy { type isEnabled maxSizeBytes setAt stream }", policy);
        Assert.Equal(1, set.GetProperty("retentionPolicy").GetProperty("maxSizeBytes").GetInt64());
        JsonElement again = await OneAsync("setRetentionPolicy", "retentionPolicy { type }", policy);
        Assert.Equal(JsonValueKind.Null, again.GetProperty("position").ValueKind);
        JsonElement read = (await Admin.AskAsync("{ retentionPolicy { type isEnabled maxSizeBytes setAt stream } }"))
            .GetProperty("retentionPolicy");
        Assert.Equal(set.GetProperty("retentionPolicy").GetRawText(), read.GetRawText());
        JsonElement facts = await Admin.AskAsync(
            "query($s: String) { events(stream: $s) { nodes { type data } } }", new { s = read.Text("stream") });
        Assert.Equal("retention_policy_set", facts.GetProperty("events").GetProperty("nodes")[0].Text("type"));

        string id = Guid.CreateVersion7().ToString("d");
        JsonElement done = await OneAsync(
            "cleanUpFiles", "cleanup { id trigger recordingsDeleted bytesFreed isComplete }", new { id });
        JsonElement cleanup = done.GetProperty("cleanup");
        Assert.Equal("REQUESTED", cleanup.Text("trigger"));
        Assert.True(cleanup.GetProperty("recordingsDeleted").GetInt32() >= 1);
        Assert.True(cleanup.GetProperty("bytesFreed").GetInt64() > 0);
        Assert.True(cleanup.GetProperty("isComplete").GetBoolean());
        JsonElement repeated = await OneAsync("cleanUpFiles", "cleanup { id recordingsDeleted }", new { id });
        Assert.Equal(JsonValueKind.Null, repeated.GetProperty("position").ValueKind);
        Assert.Equal(cleanup.Text("id"), repeated.GetProperty("cleanup").Text("id"));

        JsonElement after = await Admin.AskAsync(
            "query($kept: ID!, $goes: ID!, $id: ID!) { kept: recording(id: $kept) { status } goes: recording(id: $goes) { status } "
            + "cleanups(first: 1) { nodes { id } } node(id: $id) { ... on Cleanup { recordingsDeleted } } }",
            new { kept, goes, id = cleanup.Text("id") });
        Assert.Equal("STOPPED", after.GetProperty("kept").Text("status"));
        Assert.Equal("DELETED", after.GetProperty("goes").Text("status"));
        Assert.Equal(cleanup.Text("id"), after.GetProperty("cleanups").GetProperty("nodes")[0].Text("id"));
        Assert.True(after.GetProperty("node").GetProperty("recordingsDeleted").GetInt32() >= 1);
        await OneAsync("setRetentionPolicy", "position", new { type = "MANUAL", isEnabled = false });
        await OneAsync("releaseLegalHold", "position", new { id = kept, reason = "Closed" });
    }

    [Fact]
    public async Task start_and_stop_a_broadcast()
    {
        JsonElement before = await Admin.AskAsync("{ camera(number: 0) { broadcast { isRunning } streams { rtsp page } } }");
        Assert.StartsWith("rtsp://127.0.0.1:", before.GetProperty("camera").GetProperty("streams").Text("rtsp"), StringComparison.Ordinal);
        JsonElement started = await OneAsync(
            "startBroadcast", "broadcast { isRunning startedAt stoppedAt }", new { cameraId = scene.CameraId }, scene.Operator);
        Assert.True(started.GetProperty("broadcast").GetProperty("isRunning").GetBoolean());
        JsonElement joined = await OneAsync(
            "startBroadcast", "broadcast { startedAt }", new { cameraId = scene.CameraId }, scene.Operator);
        Assert.Equal(JsonValueKind.Null, joined.GetProperty("position").ValueKind);
        Assert.Equal(started.GetProperty("broadcast").Text("startedAt"), joined.GetProperty("broadcast").Text("startedAt"));

        JsonElement stopped = await OneAsync(
            "stopBroadcast", "broadcast { isRunning stoppedFor }", new { cameraId = scene.CameraId }, scene.Operator);
        Assert.Equal("REQUESTED", stopped.GetProperty("broadcast").Text("stoppedFor"));
        JsonElement shown = (await scene.Viewer.AskAsync("{ cameras(first: 1) { nodes { broadcast { isRunning } } } }"))
            .GetProperty("cameras").GetProperty("nodes")[0].GetProperty("broadcast");
        Assert.False(shown.GetProperty("isRunning").GetBoolean());
        Assert.Equal("camera.not_registered", await CodeAsync("startBroadcast", new { cameraId = Guid.CreateVersion7() }));
        Assert.Equal("camera.not_registered", await CodeAsync("stopBroadcast", new { cameraId = Guid.CreateVersion7() }));
    }

    [Fact]
    public async Task find_add_and_remove_an_external_stream()
    {
        JsonElement found = await AskAsync(
            "discoverExternalStreams", "streams { source kind isOnline cameraId } scannedAt took troubles", new { isForced = true },
            scene.Operator);
        JsonElement seen = Assert.Single(found.GetProperty("streams").EnumerateArray());
        Assert.Equal(scene.Rtsp.Url, seen.Text("source"));
        Assert.Equal("GENERIC_RTSP", seen.Text("kind"));
        Assert.Equal(JsonValueKind.Null, seen.GetProperty("cameraId").ValueKind);

        object stream = new { name = "Drone", source = scene.Rtsp.UrlOf("/cam0", "ada:secret-word@"), id = Guid.CreateVersion7() };
        JsonElement added = await OneAsync("addExternalStream", "camera { id name source }", stream, scene.Operator);
        Assert.Equal(scene.Rtsp.Url, added.GetProperty("camera").Text("source"));
        Assert.DoesNotContain("secret-word", added.GetRawText(), StringComparison.Ordinal);
        JsonElement again = await OneAsync("addExternalStream", "camera { id }", stream, scene.Operator);
        Assert.Equal(JsonValueKind.Null, again.GetProperty("position").ValueKind);
        Assert.Equal(added.GetProperty("camera").Text("id"), again.GetProperty("camera").Text("id"));
        Assert.Equal(
            "external_stream.already_added", await CodeAsync("addExternalStream", new { name = "Other", source = scene.Rtsp.Url }));
        Assert.Equal(
            "external_stream.not_on_network", await CodeAsync("addExternalStream", new { name = "File", source = "file:///clip.mp4" }));

        JsonElement listed = (await scene.Viewer.AskAsync(
            "{ externalStreams { totalCount nodes { name source camera { number } } } }")).GetProperty("externalStreams");
        Assert.Equal(1, listed.GetProperty("totalCount").GetInt32());
        Assert.Equal("Drone", listed.GetProperty("nodes")[0].Text("name"));
        Assert.True(listed.GetProperty("nodes")[0].GetProperty("camera").GetProperty("number").GetInt32() > 0);

        await OneAsync("removeExternalStream", "position", new { source = scene.Rtsp.Url }, scene.Operator);
        Assert.Equal("external_stream.not_found", await CodeAsync("removeExternalStream", new { source = scene.Rtsp.Url }));
        JsonElement camera = await Admin.AskAsync(
            "query($id: ID!) { camera(id: $id) { status } }", new { id = added.GetProperty("camera").Text("id") });
        Assert.Equal("RETIRED", camera.GetProperty("camera").Text("status"));
        JsonElement then = await scene.Viewer.AskAsync(
            "query($p: String!) { externalStreams(asOf: { position: $p }) { totalCount nodes { name source isOnline } } }",
            new { p = added.Text("position") });
        JsonElement drone = Assert.Single(then.GetProperty("externalStreams").GetProperty("nodes").EnumerateArray());
        Assert.Equal(("Drone", scene.Rtsp.Url), (drone.Text("name"), drone.Text("source")));
    }

    [Fact]
    public async Task set_how_often_discovery_looks()
    {
        JsonElement set = await OneAsync("setDiscoveryInterval", "intervalSeconds", new { intervalSeconds = 3_600 });
        Assert.Equal(3_600, set.GetProperty("intervalSeconds").GetInt32());
        Assert.Equal("discovery.bad_interval", await CodeAsync("setDiscoveryInterval", new { intervalSeconds = -1 }));
        await Until.TrueAsync(
            async () => (await scene.Viewer.AskAsync("{ discovery { isEnabled intervalSeconds kinds } }")).GetProperty("discovery")
                .GetProperty("intervalSeconds").GetInt32() == 3_600,
            Limit,
            "the interval to count");
        await OneAsync("setDiscoveryInterval", "intervalSeconds", new { intervalSeconds = 0 });
    }

    [Fact]
    public async Task park_a_fact_and_take_it_back()
    {
        object fact = new { view = "SnapshotView", position = "1", reason = "Written by a test" };
        JsonElement parked = await OneAsync("parkFact", "projection { name parked }", fact);
        Assert.Equal("1", parked.GetProperty("projection").GetProperty("parked")[0].GetString());
        JsonElement again = await OneAsync("parkFact", "projection { parked }", fact);
        Assert.Equal(JsonValueKind.Null, again.GetProperty("position").ValueKind);
        Assert.Equal("projection.not_found", await CodeAsync("parkFact", new { view = "NoView", position = "1", reason = "x" }));
        Assert.Equal("logbook.bad_reason", await CodeAsync("parkFact", new { view = "SnapshotView", position = "1", reason = "" }));
        Assert.Equal("logbook.bad_position", await CodeAsync("parkFact", new { view = "SnapshotView", position = "0", reason = "x" }));
        Assert.Equal("logbook.position_ahead", await CodeAsync("parkFact", new { view = "ApiKeyView", position = "999999", reason = "x" }));

        JsonElement back = await OneAsync("unparkFact", "projection { parked state }", fact);
        Assert.Equal(0, back.GetProperty("projection").GetProperty("parked").GetArrayLength());
        JsonElement all = (await Admin.AskAsync("{ projections { name state position lag fault } }")).GetProperty("projections");
        Assert.Contains(all.EnumerateArray(), view => view.Text("name") == "RecordingView" && view.Text("state") == "FOLLOWING");
    }

    [Fact]
    public async Task show_nobody_more_than_the_role_allows()
    {
        JsonElement answer = await scene.Viewer.AnswerAsync("{ storage { level use { heldBytes } } }");
        Assert.Equal("AUTH_NOT_AUTHORIZED", answer.GetProperty("errors")[0].GetProperty("extensions").Text("code"));
        Assert.NotEmpty(answer.GetProperty("data").GetProperty("storage").Text("level"));
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("data").GetProperty("storage").GetProperty("use").ValueKind);

        string key = (await scene.Host.CliAsync("keys", "issue", "--role", "operator", "--name", "Gate", "--camera", "camera0")).Ok().Trim();
        var some = new GraphQLClient(scene.Host, key.Split('\n', ' ').First(word => word.StartsWith("csk_", StringComparison.Ordinal)));
        Assert.Equal("AUTH_NOT_AUTHORIZED", await some.CodeAsync("mutation { discoverExternalStreams(input: {}) { took } }"));
        JsonElement none = (await some.AskAsync("{ externalStreams { totalCount } }")).GetProperty("externalStreams");
        Assert.Equal(0, none.GetProperty("totalCount").GetInt32());
    }

    /// <summary>The payload of a mutation that was carried out, with its position.</summary>
    private async Task<JsonElement> OneAsync(string mutation, string payload, object input, GraphQLClient? client = null) =>
        await AskAsync(mutation, $"position {payload}", input, client);

    private async Task<JsonElement> AskAsync(string mutation, string payload, object input, GraphQLClient? client = null)
    {
        JsonElement answer = (await (client ?? Admin).AskAsync(Text(mutation, $"{payload} errors {{ ... on Error {{ message }} }}"), new { input }))
            .GetProperty(mutation);
        Assert.True(answer.GetProperty("errors").ValueKind == JsonValueKind.Null, $"{mutation}: {answer}");
        return answer;
    }

    /// <summary>The code of what a mutation was refused for.</summary>
    private async Task<string> CodeAsync(string mutation, object input)
    {
        JsonElement schema = await Admin.AskAsync("query($name: String!) { __type(name: $name) { possibleTypes { name } } }",
            new { name = $"{char.ToUpperInvariant(mutation[0])}{mutation[1..]}Error" });
        string[] known = [.. schema.GetProperty("__type").GetProperty("possibleTypes").EnumerateArray().Select(type => type.Text("name"))];
        string asked = string.Join(' ', known.Where(name => name != "DependencyError").Select(name => $"... on {name} {{ code }}"));
        JsonElement answer = await Admin.AskAsync(Text(mutation, $"errors {{ {asked} }}"), new { input });
        return answer.GetProperty(mutation).GetProperty("errors")[0].Text("code");
    }

    private static string Text(string mutation, string payload) =>
        $"mutation($input: {char.ToUpperInvariant(mutation[0])}{mutation[1..]}Input!) {{ {mutation}(input: $input) {{ {payload} }} }}";
}
