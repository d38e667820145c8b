using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>
/// A foreign writer that took a number, and added its row when higher numbers were sealed: no lock on anything shows it meanwhile.
/// </summary>
[Trait("pace", "slow")]
public sealed class Adopting_a_row_that_came_late
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task accounts_for_it_in_a_fact_and_has_the_log_sealed_again()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        await AddAsync(host, "One");
        string late = await host.SqlAsync("select nextval('events.mt_events_sequence')");
        await AddAsync(host, "Two");
        await SealedAsync(host);
        await host.SqlAsync(
            $$"""
            insert into events.mt_events (seq_id, id, version, data, type, timestamp)
            values ({{late}}, gen_random_uuid(), 1, '{}', 'imported', now())
            """);
        JsonElement finding = Assert.Single((await VerifyAsync(host, 1)).GetProperty("findings").EnumerateArray());
        Assert.Equal(("inserted", late), (finding.Text("what"), finding.GetProperty("position").GetRawText()));

        // A host that begins anew has to read the last facts anew, and finds one too many.
        await host.KillAsync();
        await host.StartAgainAsync();
        await Until.TrueAsync(
            async () => (await StatusAsync(host)).TryGetProperty("trouble", out JsonElement why)
                && why.GetString()!.Contains("put between", StringComparison.Ordinal),
            _limit,
            "the sealer to refuse");

        await RefusedAsync(host, "1", "An importer ended late", "seals.no_adoption");
        await RefusedAsync(host, "1000000", "An importer ended late", "seals.no_adoption");
        await RefusedAsync(host, late, "two\nlines", "logbook.bad_reason");
        JsonElement row = JsonElement.Parse((await AdoptAsync(host, late, "An importer ended late")).Ok());
        Assert.Equal(late, row.GetProperty("position").GetRawText());
        await SealedAsync(host);
        Assert.Contains(
            (await VerifyAsync(host, 0)).GetProperty("notices").EnumerateArray(),
            one => one.GetString()!.StartsWith("1 row adopted later", StringComparison.Ordinal)
                && one.GetString()!.Contains(
                    $"at position {late}, by the fact at position {row.GetProperty("by")} (An importer", StringComparison.Ordinal));
        Assert.False((await StatusAsync(host)).TryGetProperty("trouble", out _));
        await RefusedAsync(host, late, "Once more", "seals.no_adoption");
        Assert.Equal(
            $"{late} {row.Text("leaf")} An importer ended late",
            await host.SqlAsync(
                "select concat_ws(' ', data->>'position', data->>'leaf', data->>'reason') from events.mt_events where type = 'fact_adopted'"));

        await AddAsync(host, "Three");
        await host.KillAsync();
        await host.StartAgainAsync();
        await SealedAsync(host);
        await VerifyAsync(host, 0);
    }

    private static Task<CliResult> AdoptAsync(RunningHost host, string position, string reason) =>
        host.CliAsync("audit", "adopt", "--position", position, "--reason", reason, "--format", "json");

    private static async Task RefusedAsync(RunningHost host, string position, string reason, string code)
    {
        CliResult refused = await AdoptAsync(host, position, reason);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(code, refused.Errors, StringComparison.Ordinal);
    }

    private static async Task AddAsync(RunningHost host, string name) =>
        (await host.CliAsync("camera", "add", "--name", name, "--source", "rtsp://127.0.0.1:9/none")).Ok();

    private static async Task<JsonElement> StatusAsync(RunningHost host) =>
        JsonElement.Parse((await host.CliAsync("audit", "status", "--format", "json")).Ok());

    private static Task SealedAsync(RunningHost host) => Until.TrueAsync(
        async () => (await StatusAsync(host)).GetProperty("factsSince").GetInt64() == 0, _limit, "all facts to be sealed");

    private static async Task<JsonElement> VerifyAsync(RunningHost host, int code)
    {
        CliResult result = await host.CliAsync("audit", "verify", "--format", "json");
        Assert.True(result.ExitCode == code, $"{result.Output}{result.Errors}");
        return JsonElement.Parse(result.Output);
    }
}
