using System.Text.Json;
using System.Text.Json.Nodes;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Retention;

/// <summary>
/// One host without a camera for all tests here. What it says before anybody has set a policy is asked for at once: each test sets
/// some.
/// </summary>
public sealed class PolicyHouse : IAsyncLifetime
{
    internal RunningHost Host { get; private set; } = null!;

    internal string ShownAtFirst { get; private set; } = "";

    internal CliResult RunAtFirst { get; private set; } = null!;

    internal JsonElement CleanedAtFirst { get; private set; }

    internal IReadOnlyList<string> FactsAtFirst { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync();
        ShownAtFirst = (await Host.CliAsync("retention", "show")).Ok();
        RunAtFirst = await Host.CliAsync("retention", "run");
        await using RpcClient client = await Host.ConnectAsync();
        CleanedAtFirst = await client.CallAsync("cleanup_old_files");
        FactsAtFirst = [.. await Host.FactsAsync("retention_policy"), .. await Host.FactsAsync("cleanup")];
    }

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? default;
}

/// <summary>The contract's three methods and the command line, on a host without a camera.</summary>
public sealed class Retention_methods(PolicyHouse house) : IClassFixture<PolicyHouse>
{
    private const int InvalidParams = -32602;
    private const int PermissionDenied = -32002;

    private RunningHost Host => house.Host;

    [Fact]
    public async Task take_what_the_contract_says_and_nothing_else()
    {
        await using RpcClient admin = await Host.ConnectAsync();
        foreach (string role in new[] { "viewer", "operator" })
        {
            await using RpcClient other = await Host.ConnectAsync(role);
            foreach (string method in new[] { "get_storage_info", "set_retention_policy", "cleanup_old_files" })
            {
                Assert.Equal(PermissionDenied, (await Scene.RefusedAsync(other, method)).Code);
            }
        }

        int policies = (await Host.FactsAsync("retention_policy")).Count;
        foreach ((string given, string param, string rule) in Refused)
        {
            RpcException refused = await Scene.RefusedAsync(admin, "set_retention_policy", JsonNode.Parse(given));
            Assert.Equal((InvalidParams, param, rule, given), (refused.Code, refused.Data.Text("param"), refused.Data.Text("rule"), given));
            Assert.NotEmpty(refused.Data.Text("hint"));
        }

        Assert.Equal(policies, (await Host.FactsAsync("retention_policy")).Count);
        foreach ((string given, string answer) in Accepted)
        {
            JsonNode result = JsonNode.Parse((await admin.CallAsync("set_retention_policy", JsonNode.Parse(given))).GetRawText())!;
            Assert.NotEmpty((string)result["message"]!);
            result.AsObject().Remove("message");
            Assert.Equal(answer, result.ToJsonString());
        }

        Assert.Equal(policies + Accepted.Length - 1, (await Host.FactsAsync("retention_policy")).Count);
    }

    [Fact]
    public async Task answer_in_the_contracts_shapes_when_there_is_nothing_to_do()
    {
        await using RpcClient client = await Host.ConnectAsync();

        JsonElement info = await client.CallAsync("get_storage_info");
        Assert.Equal(
            [
                "available_space", "low_space_warning", "recordings_size", "snapshots_size", "total_space", "usage_percentage",
                "used_space",
            ],
            info.EnumerateObject().Select(field => field.Name).Order());
        Assert.Equal(info.Number("total_space"), info.Number("used_space") + info.Number("available_space"));
        Assert.InRange(info.Number("usage_percentage"), 0, 100);
        Assert.Equal((0, 0), (info.Number("recordings_size"), info.Number("snapshots_size")));

        Assert.Equal((false, 0, 0), Cleaned(house.CleanedAtFirst));
        Assert.Empty(house.FactsAtFirst);
        int before = (await Host.FactsAsync("cleanup")).Count;
        await client.CallAsync(
            "set_retention_policy", new { policy_type = "age", enabled = false, max_age_days = 30, max_size_gb = 100 });
        Assert.Equal((false, 0, 0), await CleanAsync(client));
        Assert.Equal(before, (await Host.FactsAsync("cleanup")).Count);
        await client.CallAsync(
            "set_retention_policy", new { policy_type = "manual", enabled = true, max_age_days = 30, max_size_gb = 100 });
        Assert.Equal((true, 0, 0), await CleanAsync(client));
        Assert.Equal(["cleanup_finished"], (await Host.FactsAsync("cleanup")).Skip(before));
    }

    [Fact]
    public async Task are_on_the_command_line_too()
    {
        Assert.Contains("none", house.ShownAtFirst, StringComparison.Ordinal);
        Assert.Equal(1, house.RunAtFirst.ExitCode);
        Assert.Contains("(retention.not_enabled)", house.RunAtFirst.Errors, StringComparison.Ordinal);
        await FailsAsync("retention.no_max_age", "retention", "set", "--type", "age");
        await FailsAsync("retention.bad_max_age", "retention", "set", "--type", "age", "--max-age-days", "0");
        await FailsAsync("retention.bad_max_size", "retention", "set", "--type", "size", "--max-size-gb", "-1");
        await FailsAsync("recording.not_found", "recording", "hold", "camera7_2020-01-01_00-00-00", "--reason", "Case");
        await FailsAsync("recording.not_found", "recording", "release", "camera7_2020-01-01_00-00-00", "--reason", "Case");
        await FailsAsync("recording.not_found", "recording", "delete", Guid.NewGuid().ToString());

        JsonElement set = JsonSerializer.Deserialize<JsonElement>((await Host.CliAsync(
            "retention", "set", "--type", "size", "--max-size-gb", "0.5", "--max-age-days", "7", "--format", "json")).Ok());
        Assert.Equal(("size", true, 7, 0.5), (set.Text("policy"), set.GetProperty("isEnabled").GetBoolean(),
            set.Number("maxAgeDays"), set.Number("maxSizeGb")));
        string[] before = await CleanupsAsync();
        JsonElement run = JsonSerializer.Deserialize<JsonElement>((await Host.CliAsync("retention", "run", "--format", "json")).Ok());
        Assert.Equal(("Requested", 0, true), (run.Text("trigger"), run.Number("recordings"), run.GetProperty("isComplete").GetBoolean()));
        Assert.Equal(run.Text("id"), Assert.Single((await CleanupsAsync()).Except(before)));
        (await Host.CliAsync("retention", "set", "--type", "manual", "--disabled")).Ok();
        Assert.Contains("manual, disabled", (await Host.CliAsync("retention", "show")).Ok(), StringComparison.Ordinal);

        foreach (string[] verb in new string[][] { ["retention"], ["retention", "set"], ["recording", "hold"], ["recording", "delete"] })
        {
            CliResult help = await RunningHost.RunAsync([.. verb, "--help"], []);
            Assert.Contains("Usage:", help.Ok(), StringComparison.Ordinal);
        }

        async Task<string[]> CleanupsAsync() =>
        [
            .. JsonElement.Parse((await Host.CliAsync("retention", "show", "--format", "json")).Ok())
                .GetProperty("cleanups").EnumerateArray().Select(cleanup => cleanup.Text("id")),
        ];

        async Task FailsAsync(string code, params string[] words)
        {
            CliResult refused = await Host.CliAsync(words);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains($"({code})", refused.Errors, StringComparison.Ordinal);
        }
    }

    private static readonly (string Given, string Param, string Rule)[] Refused =
    [
        ("{}", "policy_type", "required"),
        ("""{"enabled":true}""", "policy_type", "required"),
        ("""{"policy_type":"","enabled":true}""", "policy_type", "string"),
        ("""{"policy_type":"AGE","enabled":true,"max_age_days":1}""", "policy_type", "enum"),
        ("""{"policy_type":"never","enabled":true}""", "policy_type", "enum"),
        ("""{"policy_type":1,"enabled":true}""", "policy_type", "string"),
        ("""{"policy_type":"age","max_age_days":1}""", "enabled", "required"),
        ("""{"policy_type":"age","enabled":"true","max_age_days":1}""", "enabled", "boolean"),
        ("""{"policy_type":"age","enabled":1,"max_age_days":1}""", "enabled", "boolean"),
        ("""{"policy_type":"age","enabled":null,"max_age_days":1}""", "enabled", "required"),
        ("""{"policy_type":"age","enabled":true}""", "max_age_days", "required"),
        ("""{"policy_type":"age","enabled":true,"max_size_gb":1}""", "max_age_days", "required"),
        ("""{"policy_type":"age","enabled":true,"max_age_days":0}""", "max_age_days", "range"),
        ("""{"policy_type":"age","enabled":true,"max_age_days":-1}""", "max_age_days", "range"),
        ("""{"policy_type":"age","enabled":true,"max_age_days":1.5}""", "max_age_days", "range"),
        ("""{"policy_type":"age","enabled":true,"max_age_days":"30"}""", "max_age_days", "range"),
        ("""{"policy_type":"age","enabled":true,"max_age_days":36501}""", "max_age_days", "range"),
        ("""{"policy_type":"age","enabled":true,"max_age_days":1e99}""", "max_age_days", "range"),
        ("""{"policy_type":"age","enabled":true,"max_age_days":30,"max_size_gb":-1}""", "max_size_gb", "range"),
        ("""{"policy_type":"size","enabled":true}""", "max_size_gb", "required"),
        ("""{"policy_type":"size","enabled":true,"max_size_gb":0}""", "max_size_gb", "range"),
        ("""{"policy_type":"size","enabled":true,"max_size_gb":1048577}""", "max_size_gb", "range"),
        ("""{"policy_type":"size","enabled":true,"max_size_gb":1e999}""", "max_size_gb", "range"),
        ("""{"policy_type":"size","enabled":true,"max_size_gb":[1]}""", "max_size_gb", "range"),
        ("""{"policy_type":"size","enabled":true,"max_size_gb":1,"max_age_days":-5}""", "max_age_days", "range"),
    ];

    /// <summary>The last is the one before it, repeated: no second fact.</summary>
    private static readonly (string Given, string Answer)[] Accepted =
    [
        (
            """{"policy_type":"age","enabled":true,"max_age_days":30,"max_size_gb":100}""",
            """{"policy_type":"age","max_age_days":30,"max_size_gb":100,"enabled":true}"""
        ),
        (
            """{"policy_type":"size","enabled":true,"max_age_days":0,"max_size_gb":0.001}""",
            """{"policy_type":"size","max_age_days":0,"max_size_gb":0.001,"enabled":true}"""
        ),
        (
            """{"policy_type":"manual","enabled":true,"max_age_days":30,"max_size_gb":100}""",
            """{"policy_type":"manual","max_age_days":30,"max_size_gb":100,"enabled":true}"""
        ),
        ("""{"policy_type":"age","enabled":false}""", """{"policy_type":"age","enabled":false}"""),
        ("""{"policy_type":"manual","enabled":false}""", """{"policy_type":"manual","enabled":false}"""),
        ("""{"policy_type":"manual","enabled":false}""", """{"policy_type":"manual","enabled":false}"""),
    ];

    private static async Task<(bool IsExecuted, double Files, double Bytes)> CleanAsync(RpcClient client) =>
        Cleaned(await client.CallAsync("cleanup_old_files"));

    private static (bool IsExecuted, double Files, double Bytes) Cleaned(JsonElement done)
    {
        Assert.NotEmpty(done.Text("message"));
        return (done.GetProperty("cleanup_executed").GetBoolean(), done.Number("files_deleted"), done.Number("space_freed"));
    }
}
