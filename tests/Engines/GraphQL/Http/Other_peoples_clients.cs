using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Http;

/// <summary>
/// Clients, audits and a browser that other people have written, from npm, against the running host. They are fetched by the
/// test command; where Node.js is missing these tests fail.
/// </summary>
public sealed class Other_peoples_clients(RunningGraphQLHost host) : IClassFixture<RunningGraphQLHost>
{
    private const string Countdown = """[{"data":{"countdown":3}},{"data":{"countdown":2}},{"data":{"countdown":1}},{"data":{"countdown":0}}]""";
    private const string Ticks = """[{"data":{"ticks":0}},{"data":{"ticks":1}},{"data":{"ticks":2}},{"data":{"ticks":3}},{"data":{"ticks":4}}]""";

    [Fact]
    public async Task find_all_61_rules_of_GraphQL_over_HTTP_kept()
    {
        JsonElement audits = (await host.RunAsync("audits.mjs")).GetProperty("all");
        Assert.Equal("[]", audits.GetProperty("failed").GetRawText());
        Assert.Equal((61, 61), (audits.GetProperty("total").GetInt32(), audits.GetProperty("ok").GetInt32()));
    }

    [Fact]
    public async Task speak_graphql_transport_ws_with_it()
    {
        JsonElement got = await host.RunAsync("websocket.mjs");
        Same("""[{"data":{"hello":"Hello, Ada!"}}]""", got, "query");
        Same("""[{"data":{"add":5}}]""", got, "mutation");
        Same(Countdown, got, "countdown");
        Same(Ticks, got, "ticksLeftAfterFive");
        Same("""{"threw":{"code":4403,"reason":"Forbidden"}}""", got, "denied");
        Same("""{"code":4406,"reason":"Subprotocol not acceptable"}""", got, "legacyProtocol");
        Same(JsonSerializer.Serialize(Enumerable.Range(1, 50)), got, "manyAtOnce");
        Same("true", got, "pingAndPong");
        foreach (string failure in (string[])["failingSource", "invalidDocument", "unparsableDocument"])
        {
            JsonElement errors = got.GetProperty(failure).GetProperty("threw").GetProperty("errors");
            Assert.NotEmpty(errors[0].GetProperty("message").GetString()!);
        }
    }

    [Fact]
    public async Task read_event_streams_from_it()
    {
        JsonElement got = await host.RunAsync("events.mjs");
        Same("""[{"data":{"hello":"Hello, Ada!"}}]""", got, "query");
        Same("""[{"data":{"add":5}}]""", got, "mutation");
        Same(Countdown, got, "countdown");
        Same(Ticks, got, "ticksLeftAfterFive");
        foreach (string failure in (string[])["failingSource", "invalidDocument", "unparsableDocument"])
        {
            JsonElement last = got.GetProperty(failure).EnumerateArray().Last();
            Assert.NotEmpty(last.GetProperty("errors")[0].GetProperty("message").GetString()!);
        }
    }

    [Fact]
    public async Task of_Apollo_get_on_with_it()
    {
        // Apollo asks every object for its type.
        const string Data =
            """{"hello":"Hello, Ada!","items":[{"__typename":"Item","id":"1","name":"Item 1","size":10},"""
            + """{"__typename":"Item","id":"2","name":"Item 2","size":20}]}""";
        JsonElement got = await host.RunAsync("apollo.mjs");
        Same(Data, got, "query");
        Same(Data, got, "queryByGet");
        Same("""{"add":5}""", got, "mutation");
        Same("[3,2,1,0]", got, "subscription");
        Same("""{"data":{"hello":"Hello, world!","boom":null},"count":1}""", got, "errors");
        JsonElement persisted = got.GetProperty("persisted");
        Same(Data, persisted, "first");
        Same("true", persisted, "same");
        Same("""[{"method":"GET","hasQuery":false},{"method":"POST","hasQuery":true},{"method":"GET","hasQuery":false}]""", persisted, "sent");
    }

    [Fact]
    public async Task of_urql_get_on_with_it()
    {
        JsonElement got = await host.RunAsync("urql.mjs");
        Same("""{"data":{"hello":"Hello, Ada!"},"errors":0}""", got, "query");
        Same("""{"data":{"hello":"Hello, Ada!"},"errors":0}""", got, "queryByGet");
        Same("""{"data":{"add":5},"errors":0}""", got, "mutation");
        Same("""{"data":{"hello":"Hello, world!","boom":null},"errors":1}""", got, "partial");
        Same("[3,2,1,0]", got, "subscription");
    }

    [Fact]
    public async Task of_graphql_js_build_their_schema_from_its_introspection()
    {
        JsonElement schema = (await host.RunAsync("introspection.mjs")).GetProperty("schema");
        Same("[]", schema, "faults");
        string[] types = [.. schema.GetProperty("types").EnumerateArray().Select(type => type.GetString()!)];
        Assert.Equal(["Boolean", "ID", "Int", "Item", "Mutation", "Query", "String", "Subscription"], types);
        Assert.Contains("hello(name: String = \"world\"): String!", Text(schema, "sdl"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task show_GraphiQL_that_runs_a_query_and_a_subscription()
    {
        JsonElement got = await host.RunAsync("browser.mjs");
        Assert.Contains("\"hello\": \"Hello, Ada!\"", Text(got, "query"), StringComparison.Ordinal);
        Assert.Contains("\"countdown\": 0", Text(got, "subscription"), StringComparison.Ordinal);
        Assert.Contains("Settings", Text(got, "settings"), StringComparison.Ordinal);
        Same("[]", got, "complaints");
        Same($"[\"127.0.0.1:{host.Port}\"]", got, "places");
    }

    private static string Text(JsonElement got, string name) =>
        got.GetProperty(name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : got.GetProperty(name).GetRawText();

    private static void Same(string expected, JsonElement got, string name) => Assert.Equal(expected, got.GetProperty(name).GetRawText());
}

/// <summary>The program <c>GraphQLHost</c>, as others start it, and a way to run Node.js programs against it.</summary>
public sealed class RunningGraphQLHost : IAsyncLifetime
{
    private static readonly TimeSpan ProgramTimeMax = TimeSpan.FromSeconds(120);
    private static readonly string Root = FindRoot();
    private static readonly string Clients = Path.Combine(Root, "tests", "tools", "graphql-clients");
    private Process? _process;

    public int Port { get; private set; }

    public async ValueTask InitializeAsync()
    {
        string[] words =
        [
            Path.Combine(AppContext.BaseDirectory, "Events.GraphQLHost.dll"), "--port", "0", "--graphiql", Path.Combine(Root, "out", "graphiql"),
        ];
        _process = Process.Start(new ProcessStartInfo("dotnet", words) { RedirectStandardOutput = true })!;
        string? line = await _process.StandardOutput.ReadLineAsync().WaitAsync(GraphQLServer.Limit);
        Assert.NotNull(line);
        Assert.Matches(@"^Listening on http://127\.0\.0\.1:\d+/graphql$", line);
        Port = new Uri(line.Split(' ')[^1]).Port;
    }

    /// <summary>Runs one of the programs; it prints one line of JSON.</summary>
    internal async Task<JsonElement> RunAsync(string program)
    {
        Assert.True(
            Directory.Exists(Path.Combine(Clients, "node_modules")), "The clients are not there: ./events test fetches them with npm.");
        using Process node = Process.Start(new ProcessStartInfo("node", [program, $"http://127.0.0.1:{Port}/graphql"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Clients,
        })!;
        Task<string> output = node.StandardOutput.ReadToEndAsync();
        Task<string> errors = node.StandardError.ReadToEndAsync();
        try
        {
            await node.WaitForExitAsync().WaitAsync(ProgramTimeMax);
        }
        catch (TimeoutException)
        {
            node.Kill(entireProcessTree: true);
            throw;
        }

        Assert.True(node.ExitCode == 0, $"{program}: {await errors}{await output}");
        return JsonElement.Parse(await output);
    }

    /// <summary>Ends it as a service manager does: who is started in the background may ignore Ctrl-C.</summary>
    public async ValueTask DisposeAsync()
    {
        using Process signal = Process.Start("kill", ["-TERM", $"{_process!.Id}"]);
        try
        {
            await _process.WaitForExitAsync().WaitAsync(GraphQLServer.Limit);
            Assert.Equal(0, _process.ExitCode);
        }
        finally
        {
            _process.Kill();
            _process.Dispose();
        }
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Events.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("Events.sln is in no folder above the tests.");
    }
}
