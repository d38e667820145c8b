using System.Globalization;
using System.Text.Json;
using Events.GraphQL;
using Events.GraphQL.Execution;
using Events.GraphQL.Types;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Execution;

public sealed class Limits
{
    private const string Schema = """
        directive @d repeatable on FIELD | QUERY | FRAGMENT_SPREAD
        type Query {
          self: Query a: Int tags: [String] list: [Query] some(first: Int = 3, last: Int): [Query] few(first: Int): [Query]
          page(first: Int = 5): Page priced: Int
        }
        type Page { edges: [Edge] nodes: [Query] totalCount: Int }
        type Edge { node: Query }
        """;

    private static readonly ExecutorOptions Tight = new()
    {
        DepthMax = 3,
        IntrospectionDepthMax = 4,
        FieldsMax = 8,
        RootFieldsMax = 4,
        AliasesMax = 2,
        DirectivesMax = 2,
        FragmentsMax = 2,
        TokensMax = 100,
    };

    private static readonly TestEngine Engine = new(Schema, options: Tight);

    [Theory]
    [InlineData("{ self { self { a } } }", null)]
    [InlineData("{ self { self { self { a } } } }", "depth 4 3")]
    [InlineData("{ self { ...F } } fragment F on Query { self { self { a } } }", "depth 4 3")]
    [InlineData("{ ... { ... { self { ... { self { ... { a } } } } } } }", null)]
    [InlineData("{ __schema { queryType { fields { name } } } }", null)]
    [InlineData("{ __schema { queryType { fields { type { name } } } } }", "introspectionDepth 5 4")]
    [InlineData("{ self { a a a } a a }", "rootFields 3 2", "a")]
    [InlineData("{ self { a a a a a a a } }", null)]
    [InlineData("{ self { a a a a a a a a } }", "fields 9 8")]
    [InlineData("{ ...F ...F } fragment F on Query { self { a a a a } }", "fields 10 8")]
    [InlineData("{ a a a a }", null)]
    [InlineData("{ a a a a a }", "rootFields 5 4")]
    [InlineData("{ x: a y: a a }", null)]
    [InlineData("{ x: a y: a z: a }", "aliases 3 2")]
    [InlineData("{ self { ...F } ...F } fragment F on Query { x: a y: a }", "aliases 4 2")]
    [InlineData("{ a @d @d }", null)]
    [InlineData("{ a @d @d @d }", "directives 3 2")]
    [InlineData("query @d @d @d { a }", "directives 3 2")]
    [InlineData("{ ...F ...F } fragment F on Query { a }", null)]
    [InlineData("{ ...F ...G } fragment F on Query { ...G } fragment G on Query { a }", "fragments 3 2")]
    public async Task hold_for_an_operation_with_its_fragments_in_their_places(string query, string? passed, string? lifted = null)
    {
        TestEngine engine = lifted is null ? Engine : new TestEngine(Schema, options: Tight with { RootFieldsMax = 2 });
        GraphQLResult result = await engine.RunAsync(query);
        string answer = TestEngine.TextOf(result);
        if (passed is null)
        {
            Assert.Equal(GraphQLPhase.Execute, result.Phase);
            Assert.Empty(TestEngine.MessagesOf(answer));
            return;
        }

        Assert.Equal(GraphQLPhase.Validate, result.Phase);
        using JsonDocument json = JsonDocument.Parse(answer);
        JsonElement error = Assert.Single(json.RootElement.GetProperty("errors").EnumerateArray());
        JsonElement extensions = error.GetProperty("extensions");
        Assert.Equal("LIMIT_EXCEEDED", extensions.GetProperty("code").GetString());
        Assert.Equal(
            passed,
            $"{extensions.GetProperty("limit")} {extensions.GetProperty("actual")} {extensions.GetProperty("maximum")}");
        Assert.Contains(extensions.GetProperty("maximum").ToString(), error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    /// <summary>What everybody's tools ask for must pass with the options that come with the engine.</summary>
    [Fact]
    public async Task let_the_usual_introspection_pass()
    {
        var engine = new TestEngine(Schema);
        string answer = await engine.AskAsync(Introspections.Full);
        Assert.Empty(TestEngine.MessagesOf(answer));
        Assert.Contains("\"queryType\"", answer, StringComparison.Ordinal);
    }

    /// <summary>Objects count one for each that there could be, what can be read off them nothing.</summary>
    [Theory]
    [InlineData("{ a }", null, 0)]
    [InlineData("{ self { a } }", null, 1)]
    [InlineData("{ tags }", null, 0)]
    [InlineData("{ list { a } }", null, 10)]
    [InlineData("{ list { list { a } } }", null, 110)]
    [InlineData("{ some { a } }", null, 3)]
    [InlineData("{ some(first: 20) { a } }", null, 20)]
    [InlineData("{ some(first: 2, last: 4) { a } }", null, 4)]
    [InlineData("{ few { a } }", null, 10)]
    [InlineData("{ few(first: 0) { list { a } } }", null, 0)]
    [InlineData("{ few(first: -5) { a } }", null, 0)]
    [InlineData("{ some(first: 20) { self { list { a } } } }", null, 240)]
    [InlineData("query($n: Int) { some(first: $n) { a } }", """{"n":7}""", 7)]
    [InlineData("query($n: Int) { some(first: $n) { a } }", null, 3)]
    [InlineData("query($n: Int = 9) { some(first: $n) { a } }", null, 9)]
    [InlineData("query($n: Int) { few(first: $n) { a } }", """{"n":null}""", 10)]
    [InlineData("{ page { edges { node { a } } nodes { a } } }", null, 16)]
    [InlineData("{ page(first: 8) { edges { node { a } } totalCount } }", null, 17)]
    [InlineData("{ page(first: 8) { ...P } few(first: 1) { page(first: 2) { ...P } } } fragment P on Page { nodes { self { a } } }", null, 23)]
    [InlineData("{ priced }", null, 5)]
    [InlineData("query($x: Boolean!) { list @skip(if: $x) { a } self @include(if: $x) { a } }", """{"x":true}""", 1)]
    [InlineData("query($x: Boolean!) { list @skip(if: $x) { a } self @include(if: $x) { a } }", """{"x":false}""", 10)]
    [InlineData("{ ...F ... on Query { ...F } } fragment F on Query { self { ...G } } fragment G on Query { some { a } }", null, 8)]
    [InlineData("{ __schema { types { fields { name } } } }", null, 0)]
    public async Task tell_what_an_operation_costs(string query, string? variables, double cost)
    {
        var engine = new TestEngine(Schema, options: new ExecutorOptions { IsCostReported = true }, more: Price);
        for (int i = 0; i < 2; i++)
        {
            using JsonDocument answer = JsonDocument.Parse(await engine.AskAsync(query, variables));
            Assert.Equal(
                string.Create(CultureInfo.InvariantCulture, $$"""{"fieldCost":{{cost}},"maxFieldCost":10000}"""),
                answer.RootElement.GetProperty("extensions").GetProperty("cost").GetRawText());
        }
    }

    [Fact]
    public async Task refuse_what_costs_too_much_with_the_figure()
    {
        var engine = new TestEngine(Schema, options: new ExecutorOptions { CostMax = 50 });
        const string Query = "query($n: Int!) { some(first: $n) { a } }";
        Assert.Equal("""{"data":{"some":null}}""", await engine.AskAsync(Query, """{"n":50}"""));
        GraphQLResult refused = await engine.RunAsync(Query, """{"n":51}""");
        Assert.Equal(GraphQLPhase.Request, refused.Phase);
        Assert.Equal(
            """
            {"errors":[{"message":"The operation costs 51; at most 50 is allowed. Ask for fewer items or fewer nested lists.","extensions":{"code":"COST_EXCEEDED","cost":{"fieldCost":51,"maxFieldCost":50}}}]}
            """,
            TestEngine.TextOf(refused));
    }

    [Fact]
    public async Task stop_a_list_that_is_longer_than_it_should_be()
    {
        var engine = new TestEngine(
            "type Query { endless: [Int] comes: [Int] }",
            new() { ["Query.endless"] = _ => new(Endless()), ["Query.comes"] = _ => new(ComesAsync()) },
            new ExecutorOptions { ValuesMax = 1_000 });
        foreach (string field in new[] { "endless", "comes" })
        {
            string answer = await engine.AskAsync($"{{ {field} }}");
            Assert.Equal(["The result has more than 1000 values. Ask for less, or in pages."], TestEngine.MessagesOf(answer));
            Assert.EndsWith("\"data\":null}", answer, StringComparison.Ordinal);
        }

        static IEnumerable<int> Endless()
        {
            while (true)
            {
                yield return 1;
            }
        }

        static async IAsyncEnumerable<int> ComesAsync()
        {
            while (true)
            {
                await Task.Yield();
                yield return 1;
            }
        }
    }

    [Theory]
    [InlineData(0, 10_000)]
    [InlineData(10, 0)]
    public void that_cannot_be_kept_are_refused_at_the_start(int depth, int cost) =>
        Assert.Throws<ArgumentException>(
            () => new TestEngine(Schema, options: new ExecutorOptions { DepthMax = depth, CostMax = cost }));

    private static void Price(SchemaBuilder builder)
    {
        var query = (GraphObject)builder.Types.Find("Query")!;
        query.Fields.Find("priced")!.Set(new FieldCost { Weight = 5 });
        query.Fields.Find("page")!.Set(new FieldCost { SlicingArguments = ["first"], SizedFields = ["edges", "nodes"] });
    }
}
