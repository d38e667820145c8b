using System.Net.Http.Json;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>Where the rule is pseudonyms, no name and no address is stored, and one actor can be followed all the same.</summary>
[Trait("pace", "slow")]
public sealed class Pseudonyms
{
    private const string Name = "wilhelmina-quastenflosser";
    private const string Password = "a long walk in rain";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task stand_for_names_and_addresses_and_are_the_same_after_a_start()
    {
        await using RunningHost host = await RunningHost.StartAsync(
            new Dictionary<string, string> { ["EVENTS__Security__Pseudonyms"] = "all" });
        (await host.CliReadingAsync(Password + "\n", "users", "add", "--name", Name, "--role", "viewer", "--password-stdin")).Ok();
        string first = await SeenAsync(host, 1);
        await host.StopAsync();
        await host.StartAgainAsync();
        string second = await SeenAsync(host, 2);

        Assert.Matches("^user-[0-9a-f-]{36}\\|addr-[0-9a-f]{20}$", first);
        Assert.Equal(first, second);
        string view = await host.SqlAsync("select 'views.' || tablename from pg_tables where tablename like 'user_view%'");
        string log = await host.SqlAsync("select t::text from events.mt_events t")
            + await host.SqlAsync($"select t::text from {view} t");
        Assert.DoesNotContain(Name, log, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1\"", log, StringComparison.Ordinal);

        // What lists show can be typed in again, and so can the name itself.
        string shown = JsonElement.Parse((await host.CliAsync("users", "list", "--format", "json")).Ok()).EnumerateArray()
            .Single(user => user.Text("role") == "viewer").Text("name");
        Assert.Matches("^p-[0-9a-f]{20}$", shown);
        (await host.CliAsync("users", "disable", "--name", shown)).Ok();
        (await host.CliAsync("users", "enable", "--name", Name)).Ok();
        (await host.CliAsync("users", "disable", "--name", Name)).Ok();
        (await host.CliAsync("users", "erase", "--name", shown, "--reason", "Asked for by the person")).Ok();
        Assert.Equal(1, (await host.CliAsync("users", "disable", "--name", Name)).ExitCode);
    }

    [Fact]
    public async Task of_another_kind_are_refused_with_the_ones_there_are()
    {
        CliResult refused = await RunningHost.RunAsync(
            ["up", "--data", Directory.CreateTempSubdirectory("pseudonyms").FullName],
            new Dictionary<string, string> { ["EVENTS__Security__Pseudonyms"] = "some" });
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("none, addresses, all", refused.Errors + refused.Output, StringComparison.Ordinal);
    }

    private static async Task<string> SeenAsync(RunningHost host, int times)
    {
        using HttpResponseMessage signed = await host.Http.PostAsJsonAsync(
            "/auth/sign-in", new { user = Name, password = Password }, Cancel);
        Assert.True(signed.IsSuccessStatusCode, await signed.Content.ReadAsStringAsync(Cancel));
        const string seen =
            "select data->>'who' || '|' || (data->>'from') from events.mt_events "
            + "where type = 'access_granted' and data->>'way' = 'sign-in' order by seq_id";
        string[] rows = [];
        await Until.TrueAsync(
            async () => (rows = (await host.SqlAsync(seen)).Split('\n', StringSplitOptions.RemoveEmptyEntries)).Length >= times,
            TimeSpan.FromSeconds(20),
            "the sign-in to be told");
        return rows[^1];
    }
}
