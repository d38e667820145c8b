using Xunit;

namespace Events.Tests.Engines.GraphQL.Http;

/// <summary>GraphQL over HTTP: GET.</summary>
public sealed class A_get
{
    private const string Modern = "application/graphql-response+json";
    private const string Legacy = "application/json";

    [Fact]
    public async Task is_answered_with_data()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.GetAsync(
            Modern, "query", "query Q($n: String!) { hello(name: $n) }", "variables", """{"n":"Ada"}""", "operationName", "Q", "extensions", "{}");
        Assert.Equal((200, """{"data":{"hello":"Hello, Ada!"}}"""), (reply.Status, reply.Body));
        Assert.Equal(Modern + "; charset=utf-8", reply.Type);
    }

    /// <summary>URLSearchParams writes spaces as plus signs.</summary>
    [Fact]
    public async Task is_read_as_forms_are_written()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.SendAsync(HttpMethod.Get, "/graphql?x=1&query=%7B+hello%28name%3A+%22A+%2B+B%22%29+%7D&&y", Modern, null);
        Assert.Equal("""{"data":{"hello":"Hello, A + B!"}}""", reply.Body.Replace("\\u002B", "+", StringComparison.Ordinal));
    }

    [Fact]
    public async Task may_leave_names_empty()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Assert.Equal(200, (await server.GetAsync(Modern, "query", "{ hello }", "operationName", "", "variables", "", "extensions", "null")).Status);
        Assert.Equal(400, (await server.GetAsync(Modern, "query", "{ hello }", "operationName", "null")).Status);
    }

    [Theory]
    [InlineData("mutation { add(a: 1, b: 2) }", 405, 405, "POST")]
    [InlineData("mutation M { bump } query Q { hello }", 400, 200, null)]
    [InlineData("subscription { countdown }", 400, 200, null)]
    [InlineData("{", 400, 200, null)]
    [InlineData("{ nothing }", 400, 200, null)]
    [InlineData("{ hello boom }", 200, 200, null)]
    public async Task has_a_status_by_how_far_it_came(string query, int modern, int legacy, string? allow)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply first = await server.GetAsync(Modern, "query", query);
        Reply second = await server.GetAsync(Legacy, "query", query);
        Assert.Equal((modern, legacy), (first.Status, second.Status));
        Assert.Equal(allow, first.ContentHeaders.Allow.FirstOrDefault());
    }

    [Fact]
    public async Task never_mutates()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Assert.Equal(405, (await server.GetAsync(Modern, "query", "query Q { hello } mutation M { bump }", "operationName", "M")).Status);
        Assert.Equal(405, (await server.GetAsync("text/event-stream", "query", "mutation { bump }")).Status);
        Reply bumped = await server.PostAsync("""{"query":"mutation { bump }"}""");
        Assert.Equal("""{"data":{"bump":1}}""", bumped.Body);
    }

    [Theory]
    [InlineData("", "query is missing")]
    [InlineData("?Query={hello}", "query is missing")]
    [InlineData("?query={hello}&query={boom}", "query is given twice")]
    [InlineData("?query={hello}&variables=7", "variables must be a JSON object")]
    [InlineData("?query={hello}&variables=[]", "variables must be a JSON object")]
    [InlineData("?query={hello}&variables={", "variables is not JSON")]
    [InlineData("?query={hello}&variables={\"a\":1,\"a\":2}", "given twice in one object")]
    [InlineData("?query={hello}&extensions=\"x\"", "extensions must be a JSON object")]
    public async Task that_is_no_request_is_refused_with_400_and_the_reason(string text, string reason)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        foreach (string accept in (string[])[Modern, Legacy])
        {
            Reply reply = await server.SendAsync(HttpMethod.Get, "/graphql" + text, accept, null);
            Assert.Equal((400, "BAD_REQUEST"), (reply.Status, reply.Code));
            Assert.Contains(reason, reply.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(7_000, 200)]
    [InlineData(9_000, 414)]
    public async Task has_an_address_of_up_to_8_KiB(int length, int status)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.SendAsync(HttpMethod.Get, "/graphql?query={hello}&x=" + new string('x', length), Modern, null);
        Assert.Equal(status, reply.Status);
    }

    [Theory]
    [InlineData(null, 400)]
    [InlineData("GraphQL-Require-Preflight", 200)]
    [InlineData("Apollo-Require-Preflight", 200)]
    [InlineData("X-Apollo-Operation-Name", 200)]
    [InlineData("X-Requested-With", 400)]
    public async Task needs_a_header_when_a_preflight_is_required_and_a_POST_does_not(string? header, int status)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { RequirePreflight = true });
        (string, string)[] headers = header is null ? [] : [(header, "1")];
        foreach (string accept in (string[])[Modern, "text/event-stream"])
        {
            Reply get = await server.SendAsync(HttpMethod.Get, "/graphql?query={hello}", accept, null, headers);
            Assert.Equal(status, get.Status);
            Assert.Equal(status == 400, get.Body.Contains("PREFLIGHT_REQUIRED", StringComparison.Ordinal));
        }

        Assert.Equal(200, (await server.PostAsync("""{"query":"{ hello }"}""", Modern)).Status);
    }

    [Fact]
    public async Task below_the_path_gives_the_schema()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.SendAsync(HttpMethod.Get, "/graphql/schema.graphql", null, null);
        Assert.Equal((200, "text/plain; charset=utf-8"), (reply.Status, reply.Type));
        Assert.StartsWith("type Query {", reply.Body, StringComparison.Ordinal);
        Reply again = await server.SendAsync(
            HttpMethod.Get, "/graphql/schema.graphql", null, null, ("If-None-Match", reply.Headers.ETag!.ToString()));
        Assert.Equal((304, ""), (again.Status, again.Body));
    }

    [Fact]
    public async Task below_the_path_gives_no_schema_when_it_is_kept_back()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { SchemaText = () => null });
        Assert.Equal(404, (await server.SendAsync(HttpMethod.Get, "/graphql/schema.graphql", null, null)).Status);
    }
}
