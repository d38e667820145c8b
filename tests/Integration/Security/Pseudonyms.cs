using System.Net;
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

    /// <summary>Closed to it are the pseudonyms' key and the month's: it takes ones of its own, loses nothing and shows nothing.</summary>
    [Fact]
    public async Task are_given_also_by_a_host_whose_key_for_secrets_is_another()
    {
        var policy = new Dictionary<string, string> { ["EVENTS__Security__Pseudonyms"] = "addresses" };
        await using RunningHost host = await RunningHost.StartAsync(policy);
        string before = await RefusedAsync(host, 1);
        await host.StopAsync();
        File.Delete(Path.Combine(host.Data, "keys", "sources.key"));
        await host.StartAgainAsync();
        Assert.Contains("does not open with", host.Output, StringComparison.Ordinal);
        string behind = await RefusedAsync(host, 2);
        await host.StopAsync();
        await host.StartAgainAsync();
        string again = await RefusedAsync(host, 3);
        Assert.All([before, behind, again], address => Assert.Matches("^addr-[0-9a-f]{20}$", address));
        Assert.NotEqual(before, behind);
        Assert.Equal(behind, again);
    }

    /// <summary>Where addresses are sealed, its own key of the month stands beside the one that it cannot open.</summary>
    [Fact]
    public async Task are_not_needed_for_addresses_that_a_host_with_another_key_seals()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        Assert.Matches("^sealed:1:month-[0-9]{4}-[0-9]{2}:", await RefusedAsync(host, 1));
        await host.StopAsync();
        File.Delete(Path.Combine(host.Data, "keys", "sources.key"));
        await host.StartAgainAsync();
        Assert.Matches("^sealed:1:month-[0-9]{4}-[0-9]{2}-[0-9a-f]{8}:", await RefusedAsync(host, 2));
        string events = (await new GraphQLClient(host, await host.TokenAsync("auditor"))
            .AskAsync("{ events(first: 500, types: [\"access_refused\"]) { nodes { data } } }")).ToString();
        Assert.Contains("127.0.0.1", events, StringComparison.Ordinal);
        Assert.Contains("[locked]", events, StringComparison.Ordinal);
        Assert.DoesNotContain("[erased]", events, StringComparison.Ordinal);
    }

    /// <returns>Where the last of so many callers with a wrong key came from, as it is stored.</returns>
    private static async Task<string> RefusedAsync(RunningHost host, int times)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/graphql") { Content = JsonContent.Create(new { query = "{ __typename }" }) };
        request.Headers.Add("X-API-Key", "csk_of-nobody");
        using HttpResponseMessage refused = await host.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        string[] rows = [];
        await Until.TrueAsync(
            async () => (rows = (await host.SqlAsync(
                "select data->>'from' from events.mt_events where type = 'access_refused' order by seq_id"))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)).Length >= times,
            TimeSpan.FromSeconds(20),
            "the refusal to be told");
        return rows[^1];
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
