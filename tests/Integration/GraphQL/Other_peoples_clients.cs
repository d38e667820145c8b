using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

/// <summary>Clients, audits and a browser that other people have written, from npm, at the host with its cameras.</summary>
public sealed class Other_peoples_clients(GraphQLScene scene) : IClassFixture<GraphQLScene>
{
    private static readonly TimeSpan ProgramTimeMax = TimeSpan.FromSeconds(120);
    private static readonly string Clients = Path.Combine(Repository.Root, "tests", "tools", "graphql-clients");

    [Fact]
    public async Task find_all_61_rules_of_GraphQL_over_HTTP_kept()
    {
        JsonElement audits = (await RunAsync("audits.mjs")).GetProperty("all");

        Assert.Equal("[]", audits.GetProperty("failed").GetRawText());
        Assert.Equal((61, 61), (audits.GetProperty("total").GetInt32(), audits.GetProperty("ok").GetInt32()));
    }

    [Fact]
    public async Task of_graphql_js_build_their_schema_from_its_introspection()
    {
        JsonElement schema = (await RunAsync("introspection.mjs")).GetProperty("schema");

        Assert.Equal("[]", schema.GetProperty("faults").GetRawText());
        Assert.Contains(schema.GetProperty("types").EnumerateArray(), type => type.GetString() == "Recording");
    }

    [Fact]
    public async Task read_cameras_and_follow_facts()
    {
        JsonElement got = await RunAsync("host.mjs", await scene.Host.TokenAsync("viewer"));

        Assert.Equal("""[{"name":"Gate","status":"CONNECTED"}]""", got.GetProperty("apollo").GetRawText());
        Assert.Equal(
            """{"totalCount":1,"nodes":[{"name":"Gate","status":"CONNECTED"}]}""", got.GetProperty("urql").GetRawText());
        string[] facts = (await scene.Host.SqlAsync(
            "select type from events.mt_events where stream_id like 'camera%' order by seq_id limit 2")).Split('\n');
        Assert.Equal(JsonSerializer.Serialize(facts), got.GetProperty("eventStream").GetRawText());
        Assert.Equal(JsonSerializer.Serialize(facts), got.GetProperty("socket").GetRawText());
        Assert.Equal(4403, got.GetProperty("deniedSocket").GetProperty("threw").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task show_GraphiQL_that_asks_for_cameras_and_follows_facts()
    {
        // The test command has fetched the page's libraries; a host looks for them beside itself.
        string page = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "graphiql")).FullName;
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "out", "graphiql")))
        {
            File.Copy(file, Path.Combine(page, Path.GetFileName(file)), overwrite: true);
        }

        string picture = Path.Combine(Path.GetTempPath(), $"graphiql-{scene.Host.Port}.png");
        JsonElement got = await RunAsync("browser.mjs", picture, await scene.Host.TokenAsync("viewer"));

        Assert.Contains("\"name\": \"Gate\"", Text(got, "query"), StringComparison.Ordinal);
        Assert.Contains("\"type\": \"", Text(got, "subscription"), StringComparison.Ordinal);
        Assert.Equal("[]", got.GetProperty("complaints").GetRawText());
        Assert.Equal($"[\"127.0.0.1:{scene.Host.Port}\"]", got.GetProperty("places").GetRawText());
        Assert.True(new FileInfo(picture).Length > 10_000);
        File.Delete(picture);
    }

    private static string Text(JsonElement got, string name) =>
        got.GetProperty(name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : got.GetProperty(name).GetRawText();

    private async Task<JsonElement> RunAsync(string program, params string[] words)
    {
        Assert.True(
            Directory.Exists(Path.Combine(Clients, "node_modules")), "The clients are not there: ./events test fetches them with npm.");
        string[] all = [Path.Combine(Clients, program), $"http://127.0.0.1:{scene.Host.Port}/graphql", .. words];
        CliResult result = await Tool.RunAsync("node", all).WaitAsync(ProgramTimeMax);
        return JsonElement.Parse(result.Ok());
    }
}
