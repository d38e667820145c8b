using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>How things were, what changed and who did it, on the command line.</summary>
public sealed class Looking_back
{
    [Fact]
    public async Task shows_views_as_they_were_what_changed_and_who_did_it()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        (await host.CliAsync("camera", "add", "--name", "Gate", "--source", "rtsp://127.0.0.1:9/none")).Ok();
        (await host.CliAsync("camera", "add", "--name", "Dock", "--source", "rtsp://127.0.0.1:9/none")).Ok();
        string before = await host.SqlAsync("select max(seq_id) from events.mt_events");
        string moment = await host.SqlAsync("select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
        (await host.CliAsync("camera", "rename", "camera0", "--name", "Yard")).Ok();
        (await host.CliAsync("camera", "rename", "camera1", "--name", "Pier")).Ok();

        foreach (string at in new[] { before, moment })
        {
            JsonElement past = JsonElement.Parse((await host.CliAsync("replay", "--at", at, "--view", "camera_view", "--format", "json")).Ok())[0];
            Assert.Equal(
                ["Dock", "Gate"], past.GetProperty("rows").EnumerateObject().Select(row => row.Value.Text("name")).Order());
        }

        Assert.Contains("Gate", (await host.CliAsync("replay", "--at", before, "--view", "CameraView")).Ok(), StringComparison.Ordinal);
        string[] question = ["diff", "--from", before, "--to", "999999", "--camera", "camera0", "--view", "CameraView"];
        JsonElement changes = JsonElement.Parse((await host.CliAsync([.. question, "--format", "json"])).Ok());
        JsonElement only = Assert.Single(changes.EnumerateArray());
        Assert.Equal("changed", only.Text("what"));
        JsonElement name = only.GetProperty("fields").EnumerateArray().Single(field => field.Text("name") == "name");
        Assert.Equal(("Gate", "Yard"), (name.Text("before"), name.Text("after")));
        Assert.Contains("Pier", (await host.CliAsync("diff", "--from", before, "--to", "999999")).Ok(), StringComparison.Ordinal);

        JsonElement trail = JsonElement.Parse((await host.CliAsync("audit", "trail", "--camera", "Yard", "--format", "json")).Ok());
        string[] types = [.. trail.EnumerateArray()
            .SelectMany(node => node.GetProperty("facts").EnumerateArray()).Select(fact => fact.Text("type"))];
        Assert.Contains("camera_registered", types);
        Assert.Single(types, "camera_renamed");
        JsonElement registered = trail.EnumerateArray().First(
            node => node.GetProperty("facts").EnumerateArray().Any(fact => fact.Text("type") == "camera_registered"));
        Assert.Contains("camera_number_assigned", registered.GetProperty("facts").EnumerateArray().Select(fact => fact.Text("type")));
        Assert.Contains("local by cli", (await host.CliAsync("audit", "trail", "--user", "local")).Ok(), StringComparison.Ordinal);
        Assert.Equal(2, (await host.CliAsync("audit", "trail", "--camera", "Nowhere")).ExitCode);
        Assert.Equal(3, (await host.CliAsync("audit", "trail")).ExitCode);
        Assert.NotEqual(0, (await host.CliAsync("replay", "--at", "1", "--view", "NoSuchView")).ExitCode);
    }
}
