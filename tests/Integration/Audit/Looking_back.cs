using System.Text;
using System.Text.Json;
using Events.Host.Cli;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>How things were, what changed and who did it, on the command line.</summary>
public sealed class Looking_back(OneHost house) : IClassFixture<OneHost>
{
    private const string Nowhere = "rtsp://127.0.0.1:9/none";

    private RunningHost Host => house.Host;

    [Fact]
    public async Task shows_views_as_they_were_what_changed_and_who_did_it()
    {
        string gate = await Scene.AddAsync(Host, Nowhere);
        string dock = await Scene.AddAsync(Host, Nowhere, "Dock");
        string before = await Host.SqlAsync("select max(seq_id) from events.mt_events");
        string moment = await Host.SqlAsync("select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
        (await Host.CliAsync("camera", "rename", gate, "--name", "Yard")).Ok();
        (await Host.CliAsync("camera", "rename", dock, "--name", "Pier")).Ok();

        foreach (string at in new[] { before, moment })
        {
            JsonElement past = JsonElement.Parse((await Host.CliAsync("replay", "--at", at, "--view", "camera_view", "--format", "json")).Ok())[0];
            Assert.Equal(
                ["Gate", "Dock"], new[] { gate, dock }.Select(camera => past.GetProperty("rows").GetProperty(camera).Text("name")));
        }

        Assert.Contains("Gate", (await Host.CliAsync("replay", "--at", before, "--view", "CameraView")).Ok(), StringComparison.Ordinal);
        string[] question = ["diff", "--from", before, "--to", "999999", "--camera", gate, "--view", "CameraView"];
        JsonElement changes = JsonElement.Parse((await Host.CliAsync([.. question, "--format", "json"])).Ok());
        JsonElement only = Assert.Single(changes.EnumerateArray());
        Assert.Equal("changed", only.Text("what"));
        JsonElement name = only.GetProperty("fields").EnumerateArray().Single(field => field.Text("name") == "name");
        Assert.Equal(("Gate", "Yard"), (name.Text("before"), name.Text("after")));
        Assert.Contains("Pier", (await Host.CliAsync("diff", "--from", before, "--to", "999999")).Ok(), StringComparison.Ordinal);

        foreach ((string from, string to) in new[] { ("999999", before), ("2020-01-02T00:00:00Z", "2020-01-01T00:00:00Z") })
        {
            CliResult backwards = await Host.CliAsync("diff", "--from", from, "--to", to);
            Assert.Equal((1, string.Empty), (backwards.ExitCode, backwards.Output));
            Assert.Contains("--from is later than --to", backwards.Errors, StringComparison.Ordinal);
        }

        JsonElement trail = JsonElement.Parse(
            (await Host.CliAsync("audit", "trail", "--camera", "Yard", "--format", "json")).Ok()).GetProperty("requests");
        string[] types = [.. trail.EnumerateArray()
            .SelectMany(node => node.GetProperty("facts").EnumerateArray()).Select(fact => fact.Text("type"))];
        Assert.Contains("camera_registered", types);
        Assert.Single(types, "camera_renamed");
        JsonElement registered = trail.EnumerateArray().First(
            node => node.GetProperty("facts").EnumerateArray().Any(fact => fact.Text("type") == "camera_registered"));
        Assert.Contains("camera_number_assigned", registered.GetProperty("facts").EnumerateArray().Select(fact => fact.Text("type")));
        Assert.Contains("local by cli", (await Host.CliAsync("audit", "trail", "--user", "local")).Ok(), StringComparison.Ordinal);
        Assert.Equal(2, (await Host.CliAsync("audit", "trail", "--camera", "Nowhere")).ExitCode);
        Assert.Equal(3, (await Host.CliAsync("audit", "trail")).ExitCode);
        Assert.NotEqual(0, (await Host.CliAsync("replay", "--at", "1", "--view", "NoSuchView")).ExitCode);
    }

    [Fact]
    public async Task shows_what_followed_from_a_request_below_it()
    {
        await using RpcClient admin = await Host.ConnectAsync();
        JsonElement added = JsonElement.Parse(
            (await Host.CliAsync("camera", "add", "--name", "Lock", "--source", Scene.Pattern, "--format", "json")).Ok());
        (string camera, string device) = (added.Text("id"), added.Text("camera"));
        await Scene.ConnectedAsync(admin, device);
        await admin.CallAsync("start_recording", new { device });
        (await Host.CliAsync("camera", "retire", device, "--reason", "Broken")).Ok();
        await Until.TrueAsync(
            async () => await Host.SqlAsync("select count(*) from events.mt_events where type = 'recorder_released'") == "1",
            TimeSpan.FromSeconds(30),
            "the recording's end");

        // Who retired the camera is told for what the program did then, also where only that person's doings are asked for.
        foreach (string[] whose in new[] { new[] { "--camera", camera }, ["--user", "local"] })
        {
            JsonElement trail = JsonElement.Parse((await Host.CliAsync(["audit", "trail", .. whose, "--format", "json"])).Ok());
            Assert.False(trail.GetProperty("isCut").GetBoolean());
            JsonElement retirement = trail.GetProperty("requests").EnumerateArray().Single(node => TypesOf(node).Contains("camera_retired"));
            JsonElement end = Assert.Single(retirement.GetProperty("followed").EnumerateArray());
            Assert.Contains("recording_stopped", TypesOf(end));
            Assert.Equal("system", end.GetProperty("facts")[0].Text("user"));
            Assert.Equal(
                retirement.GetProperty("facts").EnumerateArray().Single(fact => fact.Text("type") == "camera_retired").Text("id"),
                end.Text("cause"));
        }
    }

    [Fact]
    public async Task shows_the_newest_and_says_so_when_there_is_too_much()
    {
        string camera = await Scene.AddAsync(Host, Nowhere, "Weir");
        string newest = (await Host.SqlAsync(
            $"""
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp, correlation_id)
            select nextval('events.mt_events_sequence'), gen_random_uuid(), stream_id, 1000 + n,
                   data || jsonb_build_object('name', 'Weir ' || n), 'camera_renamed', now(), 'rename-' || n
            from events.mt_events, generate_series(1, 2500) n where type = 'camera_registered' and stream_id = 'camera-{camera}';
            select max(seq_id) from events.mt_events where type = 'camera_renamed'
            """)).Split('\n')[^1];
        string[] question = ["audit", "trail", "--camera", camera];
        JsonElement cut = JsonElement.Parse((await Host.CliAsync([.. question, "--to", newest, "--format", "json"])).Ok());
        Assert.True(cut.GetProperty("isCut").GetBoolean());
        long[] shown = PositionsOf(cut);
        Assert.Equal((2_000, long.Parse(newest)), (shown.Length, shown[^1]));
        Assert.Contains($"--to {shown[0] - 1}", cut.Text("more"), StringComparison.Ordinal);
        Assert.Contains("only the newest 2000 facts", (await Host.CliAsync(question)).Ok(), StringComparison.Ordinal);

        JsonElement rest = JsonElement.Parse((await Host.CliAsync([.. question, "--to", $"{shown[0] - 1}", "--format", "json"])).Ok());
        Assert.False(rest.GetProperty("isCut").GetBoolean());
        Assert.Equal(shown[0] - 1, PositionsOf(rest)[^1]);
        JsonElement some = JsonElement.Parse((await Host.CliAsync(
            [.. question, "--from", $"{shown[0] - 9}", "--to", $"{shown[0]}", "--format", "json"])).Ok());
        Assert.Equal(10, PositionsOf(some).Length);
    }

    /// <summary>Half an answer looks like none: what ends early is not closed, and not begun when it can be helped.</summary>
    [Fact]
    public async Task prints_nothing_of_an_answer_that_ends_before_it_is_begun()
    {
        Assert.Equal("[1]", await WrittenAsync(isFlushed: false, isEnded: true));
        Assert.Equal("[", await WrittenAsync(isFlushed: true, isEnded: false));
        Assert.Equal(string.Empty, await WrittenAsync(isFlushed: false, isEnded: false));

        static async Task<string> WrittenAsync(bool isFlushed, bool isEnded)
        {
            using MemoryStream to = new();
            Utf8JsonWriter json = new(to);
            json.WriteStartArray();
            if (isFlushed)
            {
                await json.FlushAsync(TestContext.Current.CancellationToken);
            }

            if (isEnded)
            {
                json.WriteNumberValue(1);
                json.WriteEndArray();
            }

            await PastJson.CloseAsync(json);
            return Encoding.UTF8.GetString(to.ToArray());
        }
    }

    private static string[] TypesOf(JsonElement node) =>
        [.. node.GetProperty("facts").EnumerateArray().Select(fact => fact.Text("type"))];

    private static long[] PositionsOf(JsonElement trail) =>
        [.. trail.GetProperty("requests").EnumerateArray()
            .SelectMany(node => node.GetProperty("facts").EnumerateArray()).Select(fact => fact.GetProperty("position").GetInt64()).Order()];
}
