using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>Views as operators handle them, over the command line of a real host.</summary>
public sealed class Handling_projections(OneHost house) : IClassFixture<OneHost>
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task finds_what_somebody_did_to_a_view_and_mends_it_by_a_rebuild()
    {
        RunningHost host = house.Host;
        string camera = await GateAsync(host);
        Assert.Equal(0, (await host.CliAsync("projections", "verify")).ExitCode);
        await host.SqlAsync($$"""update views.camera_view_v1 set row = jsonb_set(row, '{name}', '"Forged"') where key = '{{camera}}'""");
        CliResult different = await host.CliAsync("projections", "verify", "camera_view");
        Assert.Equal(1, different.ExitCode);
        Assert.Contains("1 rows differ", different.Output, StringComparison.Ordinal);
        Assert.Contains("Forged", different.Output, StringComparison.Ordinal);
        Assert.Contains("Gate", different.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await host.CliAsync("projections", "verify", "RecordingView")).ExitCode);

        (await host.CliAsync("projections", "rebuild", "camera_view")).Ok();
        Assert.Equal(0, (await host.CliAsync("projections", "verify")).ExitCode);
        await host.SqlAsync("delete from views.camera_view_v1");
        Assert.Equal(1, (await host.CliAsync("projections", "verify", "CameraView")).ExitCode);
        (await host.CliAsync("projections", "reset", "CameraView")).Ok();
        await Until.TrueAsync(
            async () => (await host.CliAsync("projections", "verify", "CameraView")).ExitCode == 0, _limit, "the view to be whole again");
        Assert.Equal("0", await host.SqlAsync("select count(*) from pg_tables where schemaname = 'views' and tablename ~ '_(verify|rebuild)$'"));
        Assert.Equal(1, (await host.CliAsync("projections", "rebuild", "NoSuchView")).ExitCode);
    }

    [Fact]
    public async Task lets_a_view_stand_still_also_over_a_restart()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        string camera = await GateAsync(host);
        string kept = (await host.CliAsync("keys", "issue", "--role", "viewer", "--name", "Kept")).Ok().Trim();
        string lost = (await host.CliAsync("keys", "issue", "--role", "viewer", "--name", "Lost")).Ok().Trim();
        (await host.CliAsync("projections", "pause", "SegmentView")).Ok();
        (await host.CliAsync("projections", "pause", "ApiKeyView")).Ok();
        await IsRevokedAsync(host, "Lost", lost);
        await RenameAsync(host, camera, "Yard");
        await host.KillAsync();
        await host.StartAgainAsync();
        await Until.TrueAsync(async () => await IsInAsync(host, kept), _limit, "a key, whatever stands still");
        Assert.False(await IsInAsync(host, lost));
        await Until.TrueAsync(async () => await NameAsync(host, camera) == "Yard", _limit, "the other views");
        JsonElement paused = await ViewAsync(host, "SegmentView");
        Assert.Equal("Paused", paused.Text("state"));
        Assert.True(paused.GetProperty("lag").GetInt64() > 0);
        Assert.Equal("Following", (await ViewAsync(host, "CameraView")).Text("state"));
        (await host.CliAsync("projections", "resume", "SegmentView")).Ok();
        await Until.TrueAsync(
            async () => (await ViewAsync(host, "SegmentView")).GetProperty("lag").GetInt64() == 0, _limit, "the view to go on");
    }

    [Fact]
    public async Task passes_over_a_fact_that_cannot_be_read_when_somebody_says_so()
    {
        RunningHost host = house.Host;
        string camera = await GateAsync(host);
        string position = await host.SqlAsync(
            """
            insert into events.mt_streams (id, version) values ('camera-other', 1);
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            select nextval('events.mt_events_sequence'), gen_random_uuid(), 'camera-other', 1, '{"cameraId": 5}', 'camera_renamed', now()
            returning seq_id
            """);
        position = position.Split('\n').First(line => long.TryParse(line, out _));
        await Until.TrueAsync(
            async () => (await ViewAsync(host, "CameraView")).Text("state") == "Stopped", _limit, "the view to stand still");
        JsonElement stopped = await ViewAsync(host, "CameraView");
        Assert.Contains($"position {position}", stopped.Text("fault"), StringComparison.Ordinal);
        Assert.Equal("Following", (await ViewAsync(host, "SnapshotView")).Text("state"));

        (await host.CliAsync("projections", "park", "CameraView", "--position", position, "--reason", "Written by hand")).Ok();
        await RenameAsync(host, camera, "Yard");
        await Until.TrueAsync(async () => await NameAsync(host, camera) == "Yard", _limit, "the view to go on");
        JsonElement parked = await ViewAsync(host, "CameraView");
        Assert.Equal([long.Parse(position)], parked.GetProperty("parked").EnumerateArray().Select(one => one.GetInt64()));
        Assert.Equal(
            "CameraView|Written by hand|local",
            await host.SqlAsync(
                "select data->>'view' || '|' || (data->>'reason') || '|' || user_name "
                + "from events.mt_events where type = 'fact_parked'"));
        Assert.Equal(0, (await host.CliAsync("projections", "verify", "CameraView")).ExitCode);
        (await host.CliAsync("projections", "rebuild", "CameraView")).Ok();

        // Not parked any more, it stops a rebuild, and the live view goes on.
        (await host.CliAsync("projections", "unpark", "CameraView", "--position", position, "--reason", "Once more")).Ok();
        CliResult rebuild = await host.CliAsync("projections", "rebuild", "CameraView");
        Assert.Equal(1, rebuild.ExitCode);
        Assert.Contains($"position {position}", rebuild.Errors, StringComparison.Ordinal);
        CliResult verified = await host.CliAsync("projections", "verify", "CameraView");
        Assert.Equal(2, verified.ExitCode);
        Assert.Contains($"position {position}", verified.Errors, StringComparison.Ordinal);
        Assert.Equal("Yard", await NameAsync(host, camera));

        // The other test of this host is to find views that can be built.
        (await host.CliAsync("projections", "park", "CameraView", "--position", position, "--reason", "As before")).Ok();
    }

    [Fact]
    public async Task goes_on_with_a_rebuild_after_a_kill()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        string camera = await GateAsync(host);
        await host.SqlAsync(
            """
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            select nextval('events.mt_events_sequence'), gen_random_uuid(), stream_id, 1000 + n,
                   data || jsonb_build_object('name', 'Gate ' || n), 'camera_renamed', now()
            from events.mt_events, generate_series(1, 200000) n where type = 'camera_registered' and seq_id < 100
            """);
        await Until.TrueAsync(async () => (await ViewAsync(host, "CameraView")).GetProperty("lag").GetInt64() == 0, _limit, "the view to follow");
        (await host.CliAsync("projections", "rebuild", "CameraView", "--no-wait")).Ok();
        await Until.TrueAsync(async () => await SavedAsync(host) > 0, _limit, "a first part of the rebuild");
        await host.KillAsync();
        await host.StartAgainAsync();
        await Until.TrueAsync(
            async () => (await ViewAsync(host, "CameraView")).GetProperty("aside").ValueKind == JsonValueKind.Null, _limit, "the rebuild to end");
        await Until.TrueAsync(async () => await SavedAsync(host) == -1, _limit, "the rebuild's checkpoint to be gone");
        Assert.Equal(0, (await host.CliAsync("projections", "verify", "CameraView")).ExitCode);
        Assert.Equal("Gate 200000", await NameAsync(host, camera));
    }

    /// <summary>By the fact alone: the view of keys stands still, and would say that it is active.</summary>
    private static async Task IsRevokedAsync(RunningHost host, string name, string secret)
    {
        string id = JsonElement.Parse((await host.CliAsync("keys", "list", "--format", "json")).Ok())
            .EnumerateArray().Single(key => key.Text("name") == name).Text("id");
        string shown = (await host.CliAsync("keys", "revoke", "--key-id", id, "--reason", "Lost", "--format", "json")).Ok();
        Assert.Contains("\"revoked\"", shown, StringComparison.Ordinal);
        Assert.False(await IsInAsync(host, secret));
    }

    private static async Task<bool> IsInAsync(RunningHost host, string secret) =>
        !(await new GraphQLClient(host, secret).AnswerAsync("{ __typename }")).TryGetProperty("errors", out _);

    /// <returns>The id of a new camera.</returns>
    private static Task<string> GateAsync(RunningHost host) => Scene.AddAsync(host, "rtsp://127.0.0.1:9/none");

    /// <summary>By what the log says alone: the command waits for a view that stands still, and says so.</summary>
    private static async Task RenameAsync(RunningHost host, string id, string name)
    {
        await host.CliAsync("camera", "rename", id, "--name", name);
        await Until.TrueAsync(async () => await host.SqlAsync(
            $"select count(*) from events.mt_events where stream_id = 'camera-{id}' and type = 'camera_renamed'") == "1",
            _limit, "the fact");
    }

    private static async Task<JsonElement> ViewAsync(RunningHost host, string name) =>
        JsonElement.Parse((await host.CliAsync("projections", "list", "--format", "json")).Ok())
            .EnumerateArray().First(view => view.Text("name") == name);

    private static Task<string> NameAsync(RunningHost host, string id) =>
        host.SqlAsync($"select row->>'name' from views.camera_view_v1 where key = '{id}'");

    /// <returns>-1 when there is no rebuild.</returns>
    private static async Task<long> SavedAsync(RunningHost host) => long.Parse(await host.SqlAsync(
        "select coalesce((select last_seq_id from events.mt_event_progression where name = 'CameraView:All:Rebuild'), -1)"));
}
