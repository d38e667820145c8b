using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using Events.GraphQL;
using Events.GraphQL.Types;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Binding;

public sealed class A_bound_schema
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void has_the_names_and_shapes_that_follow_from_CSharp()
    {
        string path = Path.Combine(Path.GetDirectoryName(Here())!, "garage.graphql");
        string text = GraphQLModule.SchemaText(Services());
        if (Environment.GetEnvironmentVariable("EVENTS_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, text);
        }

        Assert.Equal(File.ReadAllText(path), text);
    }

    [Theory]
    [InlineData("{ hello }", """{"data":{"hello":"Hello world"}}""")]
    [InlineData("{ hello(name: null) }", """{"data":{"hello":"Hello "}}""")]
    [InlineData("""{ car(by: {plate: "B-2"}) { id doors drive owner colours wheels smell weight } }""",
        """{"data":{"car":{"id":"Q2FyOjI","doors":2,"drive":"ALL_WHEEL","owner":null,"colours":["red","""
        + """null],"wheels":5,"smell":"new","weight":1.5}}}""")]
    [InlineData("""{ car(by: {id: "Q2FyOjI"}) { plate } }""", """{"data":{"car":{"plate":"B-2"}}}""")]
    [InlineData("""{ car(by: {id: 2}) { plate } }""", """{"data":{"car":{"plate":"B-2"}}}""")]
    [InlineData("""{ node(id: "Q2FyOjI") { __typename id ... on Car { plate } } }""",
        """{"data":{"node":{"__typename":"Car","id":"Q2FyOjI","plate":"B-2"}}}""")]
    [InlineData("""{ nodes(ids: ["Q2FyOjI", "Q2FyOjc"]) { id } }""", """{"data":{"nodes":[{"id":"Q2FyOjI"},null]}}""")]
    [InlineData("{ vehicles { plate __typename ... on Bike { id } } }",
        """{"data":{"vehicles":[{"plate":"A-1","__typename":"Car"},{"plate":"X-9","__typename":"Bike","i"""
        + """d":"01a2132a-7540-7951-b853-794b167c4050"}]}}""")]
    [InlineData("{ findings { __typename ... on Lost { what } ... on Found { at after steps where } } }",
        """{"data":{"findings":[{"__typename":"Lost","what":"key"},{"__typename":"Found","a"""
        + """t":"2026-03-01T12:00:00Z","after":"PT1H30M","steps":1099511627776,"where":null}]}}""")]
    [InlineData("""{ sum(of: [1, 2.5], ids: ["01a2132a-7540-7951-b853-794b167c4050"]) }""", """{"data":{"sum":4.5}}""")]
    [InlineData("{ cars { nodes { plate } totalCount pageInfo { hasNextPage endCursor } } }",
        """{"data":{"cars":{"nodes":[{"plate":"A-1"},{"plate":"B-2"}],"totalCount":3,"pageInfo":{"h"""
        + """asNextPage":true,"endCursor":"MQ=="}}}}""")]
    [InlineData(
        """{ cars(first: 2, after: "MQ==") { edges { cursor node { plate } } pageInfo { hasNextPage """
        + """hasPreviousPage } } }""",
        """{"data":{"cars":{"edges":[{"cursor":"Mg==","node":{"plate":"C-3"}}],"pageInfo":{"h"""
        + """asNextPage":false,"hasPreviousPage":true}}}}""")]
    [InlineData("{ cars(last: 1) { nodes { plate } } }", """{"data":{"cars":{"nodes":[{"plate":"C-3"}]}}}""")]
    [InlineData(
        """{ sought(first: 7, where: {doors: {gt: 2}, or: [{plate: {contains: "A"}}, {drive: {in: """
        + """[STEAM]}}]}, order: [{doors: DESC}, {plate: ASC}]) { nodes { plate } } }""",
        """{"data":{"sought":{"nodes":[{"plate":"7 ((Plate Contains A or Drive In [1]) and Doors Gt 2) """
        + """SortField { Field = Doors, IsDescending = True },SortField { Field = Plate, IsDescending = """
        + """False }"}]}}}""")]
    [InlineData("mutation { add(input: {a: 2}) { int } }", """{"data":{"add":{"int":3}}}""")]
    [InlineData(
        """mutation { addCar(input: {car: {plate: "N", tags: ["x"]}}) { car { id plate doors } errors { """
        + """__typename } } }""",
        """{"data":{"addCar":{"car":{"id":"Q2FyOjEx","plate":"N","doors":4},"errors":null}}}""")]
    [InlineData(
        """mutation { addCar(input: {car: {plate: "A-1"}}) { car { id } errors { ... on Error { message } """
        + """... on PlateTaken { plate } } } }""",
        """{"data":{"addCar":{"car":null,"errors":[{"message":"Somebody has this plate.","plate":"A-1"}]}}}""")]
    [InlineData(
        """mutation { addCar(input: {car: {plate: "Q", doors: 12}}) { errors { __typename ... on Error { """
        + """message } } } }""",
        """{"data":{"addCar":{"errors":[{"__typename":"TooManyDoorsError","message":"12 doors are too many."}]}}}""")]
    public async Task answers(string query, string expected) => Assert.Equal(expected, await Ask(Services(), query));

    [Theory]
    [InlineData("{ boom }", "Internal server error", null)]
    [InlineData("{ keys }", "The current user is not authorized to access this resource.", "AUTH_NOT_AUTHENTICATED")]
    [InlineData(
        "{ cars(first: 3) { totalCount } }",
        "A page has 0 to 2 items, and 3 were asked for. Ask for the next page with after.",
        "BAD_PAGING")]
    [InlineData(
        "{ cars(first: 1, last: 1) { totalCount } }",
        "Ask from the start with first or from the end with last, not both.",
        "BAD_PAGING")]
    [InlineData("""{ cars(after: "zz") { totalCount } }""", "That is no cursor of this list.", "BAD_PAGING")]
    [InlineData("""{ node(id: "zz") { id } }""", "\"zz\" is no ID of a node.", "BAD_ID")]
    public async Task tells_what_is_wrong(string query, string message, string? code)
    {
        using JsonDocument answer = JsonDocument.Parse(await Ask(Services(), query));
        JsonElement error = answer.RootElement.GetProperty("errors")[0];
        Assert.Equal(message, error.GetProperty("message").GetString());
        if (code is not null)
        {
            Assert.Equal(code, error.GetProperty("extensions").GetProperty("code").GetString());
        }
    }

    [Theory]
    [InlineData("operator", "AUTH_NOT_AUTHORIZED")]
    [InlineData("admin", null)]
    public async Task asks_who_may(string role, string? code)
    {
        Claim[] claims = [new(ClaimTypes.Name, "ada"), new(ClaimTypes.Role, role)];
        var user = new ClaimsPrincipal(new ClaimsIdentity(claims, "test"));
        string answer = await Ask(Services(), "{ who keys }", user);
        Assert.Contains(code is null ? "\"keys\":\"under the mat\"" : $"\"code\":\"{code}\"", answer);
    }

    [Fact]
    public async Task loads_what_many_fields_ask_for_at_once()
    {
        ServiceProvider services = Services();
        string answer = await Ask(
            services, "{ a: carById(id: 1) { twin { plate } } b: carById(id: 2) { twin { plate twin { plate } } } }");
        Assert.Equal("""{"data":{"a":{"twin":{"plate":"B-2"}},"b":{"twin":{"plate":"C-3","twin":{"plate":"A-1"}}}}}""", answer);
        Assert.Equal([[2, 3], [1]], services.GetRequiredService<Garage>().Batches);
    }

    [Fact]
    public async Task subscribes_to_what_a_method_gives()
    {
        var results = new List<string>();
        GraphQLResultStream stream = await Subscribe(Services(), "subscription { countdown(from: 3) }");
        await foreach (GraphQLResult result in stream.Results.WithCancellation(Cancel))
        {
            results.Add(Text(result));
        }

        Assert.Equal(["""{"data":{"countdown":3}}""", """{"data":{"countdown":2}}""", """{"data":{"countdown":1}}"""], results);
    }

    [Fact]
    public async Task subscribes_to_topics()
    {
        ServiceProvider services = Services();
        var sender = services.GetRequiredService<ITopicEventSender>();
        GraphQLResultStream stream = await Subscribe(services, "subscription { onParked(plate: \"A-1\") }");
        await sender.SendAsync("parked-B-2", "not for us", Cancel);
        await sender.SendAsync("parked-A-1", "left", Cancel);
        await sender.CompleteAsync("parked-A-1");
        var results = new List<string>();
        await foreach (GraphQLResult result in stream.Results.WithCancellation(Cancel))
        {
            results.Add(Text(result));
        }

        Assert.Equal(["""{"data":{"onParked":"A-1 left"}}"""], results);
    }

    [Fact]
    public async Task ends_a_topics_subscriber_that_is_too_slow()
    {
        ServiceProvider services = Services();
        var sender = services.GetRequiredService<ITopicEventSender>();
        GraphQLResultStream stream = await Subscribe(services, "subscription { onParked(plate: \"A\") }");
        for (int i = 0; i < 700; i++)
        {
            await sender.SendAsync("parked-A", "again", Cancel);
        }

        var failure = await Assert.ThrowsAsync<GraphQLStreamException>(async () =>
        {
            await foreach (GraphQLResult result in stream.Results.WithCancellation(Cancel))
            {
                Assert.False(result.HasErrors);
            }
        });
        Assert.Contains("SLOW_CONSUMER", Text(failure.Errors));
    }

    [Theory]
    [InlineData(typeof(Unreadable), "is abstract")]
    [InlineData(typeof(Nameless), "no [Subscribe]")]
    [InlineData(typeof(Loose), "does not have it")]
    public void refuses_types_that_it_cannot_bind(Type type, string message) =>
        Assert.Contains(
            message,
            Assert.Throws<SchemaException>(
                () => Services(types => types.Add(type)).GetRequiredService<IGraphQLExecutor>()).Message);

    [QueryType]
    public static class Unreadable
    {
        public static TextReader? GetReader() => null;
    }

    [SubscriptionType]
    public static class Nameless
    {
        public static int OnNothing() => 1;
    }

    [QueryType]
    public static class Loose
    {
        public static int GetLoose(Filter? filter) => filter is null ? 0 : 1;
    }

    private static string Here([CallerFilePath] string path = "") => path;

    private static ServiceProvider Services(Action<GraphQLTypes>? more = null) =>
        new ServiceCollection()
            .AddSingleton<Garage>()
            .AddGraphQL(types =>
            {
                types.AddMutationConventions().Add(
                    typeof(GarageQueries), typeof(GarageMutations), typeof(GarageSubscriptions), typeof(CarResolvers),
                    typeof(IVehicle), typeof(Car), typeof(Bike), typeof(IFinding), typeof(Lost), typeof(Found));
                more?.Invoke(types);
            })
            .BuildServiceProvider();

    private static async Task<string> Ask(ServiceProvider services, string query, ClaimsPrincipal? user = null) =>
        Text(Assert.IsType<GraphQLResult>(await Execute(services, query, user)));

    private static async Task<GraphQLResultStream> Subscribe(ServiceProvider services, string query) =>
        Assert.IsType<GraphQLResultStream>(await Execute(services, query, null));

    private static Task<GraphQLResponse> Execute(ServiceProvider services, string query, ClaimsPrincipal? user) =>
        services.GetRequiredService<IGraphQLExecutor>().ExecuteAsync(
            new GraphQLRequest(query), new GraphQLCall(user, services, GraphQLOperations.All), Cancel);

    private static string Text(GraphQLResult result)
    {
        var text = new ArrayBufferWriter<byte>();
        result.WriteTo(text);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
