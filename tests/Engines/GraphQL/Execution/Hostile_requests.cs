using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Events.GraphQL.Execution;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Execution;

/// <summary>Requests made to cost much or to break something. Each is answered soon, with errors or with what was asked for.</summary>
public sealed class Hostile_requests
{
    private const string Schema = """
        type Query { self: Query list: [Query] a: Int echo(any: Any, deep: Box, list: [Int]): String }
        input Box { box: Box list: [Box] a: Int! }
        scalar Any
        """;

    /// <summary>Of processor time, which does not depend on what else the machine does.</summary>
    private static readonly TimeSpan CostMax = TimeSpan.FromSeconds(1);

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 100_000 };

    private static readonly TestEngine Engine = new(
        Schema,
        new()
        {
            ["Query.self"] = _ => new(new object()),
            ["Query.list"] = _ => new(new object[] { 1, 2, 3 }),
            ["Query.echo"] = _ => new("ok"),
        });

    public static TheoryData<string, string, string?> Requests => new()
    {
        { "10,000 aliases", $"{{ {Many(10_000, i => $"a{i}: a")} }}", null },
        { "4,000 aliases", $"{{ {Many(4_000, i => $"a{i}: a")} }}", null },
        { "14,000 times the same field", $"{{ {Many(14_000, _ => "a")} }}", null },
        { "30 levels of fragments, twice each", Bomb("self { ...F§ }"), null },
        { "30 levels of fragments, twice each, aliased", Bomb("x: self { ...F§ } y: self { ...F§ }"), null },
        { "30 levels of fragments of lists", Bomb("x: list { ...F§ } y: list { ...F§ }"), null },
        { "30 levels of fragments without fields", Bomb("...F§ ...F§ a"), null },
        { "a chain of 1,500 fragments", Chain(1_500, "...F§"), null },
        { "a chain of 1,000 fragments with fields", Chain(1_000, "self { ...F§ }"), null },
        { "fragments in a circle", "{ ...A } fragment A on Query { self { ...B } } fragment B on Query { self { ...A } }", null },
        { "fields 5,000 deep", Nested("{ self ", 5_000, "{ a }", "}"), null },
        { "fields 199 deep", Nested("{ self ", 198, "{ a }", "}"), null },
        { "inline fragments 199 deep", Nested("{ ... ", 198, "{ a }", "}"), null },
        { "160 KB of inline fragments", Nested("{ ... ", 20_000, "{ a }", "}"), null },
        { "160 KB of lists", $"{{ echo(any: {Nested("[", 80_000, "", "]")}) }}", null },
        { "160 KB of objects", $"{{ echo(any: {Nested("{a:", 40_000, "1", "}")}) }}", null },
        { "lists of types", $"query($a: {Nested("[", 10_000, "Int", "]")}) {{ echo(any: $a) }}", null },
        { "variables 10,000 deep", "query($v: Any) { echo(any: $v) }", $$"""{"v":{{Nested("[", 10_000, "", "]")}}}""" },
        { "objects in variables, 10,000 deep", "query($v: Box) { echo(deep: $v) }", $$"""{"v":{{Nested("{\"box\":", 10_000, "1", "}")}}}""" },
        { "lists in variables, 199 deep, all wrong", "query($v: Box) { echo(deep: $v) }", $$"""{"v":{{Nested("{\"list\":[", 99, "1", "]}")}}}""" },
        { "a list of 300,000 wrong items", "query($v: [Int]) { echo(list: $v) }", $$"""{"v":[{{Many(300_000, _ => "\"x\"", ",")}}]}""" },
        { "100,000 unknown fields", "query($v: Box) { echo(deep: $v) }", $$$"""{"v":{{{{Many(100_000, i => $"\"k{i}\":1", ",")}}}}}""" },
        { "100,000 unknown variables", "query($v: Any) { echo(any: $v) }", $$$"""{{{{Many(100_000, i => $"\"k{i}\":1", ",")}}}}""" },
        { "a wrong text of 900 KB", "query($v: [Int]) { echo(list: $v) }", $$"""{"v":"{{new string('x', 900_000)}}"}""" },
        { "3,000 variables", $"query({Many(3_000, i => $"$v{i}: Int")}) {{ echo(list: [{Many(3_000, i => $"$v{i}")}]) }}", null },
        { "3,000 directives", $"{{ a {Many(3_000, _ => "@skip(if: false)")} }}", null },
        { "a name of 1 MB", $"{{ {new string('n', 1_000_000)} }}", null },
        { "introspection of introspection", Nested("{ __schema { types ", 1, Nested("{ fields { type ", 4, "{ name }", "} }"), "} }"), null },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task are_answered_soon(string name, string query, string? variables)
    {
        Assert.NotEmpty(name);
        using JsonDocument? given = variables is null ? null : JsonDocument.Parse(variables, Deep);
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        string answer = await Engine.AskAsync(query, given?.RootElement);
        TimeSpan cost = Process.GetCurrentProcess().TotalProcessorTime - before;
        Assert.InRange(cost, TimeSpan.Zero, CostMax);
        Assert.InRange(answer.Length, 1, 100_000 + query.Length);
        Assert.True(TestEngine.MessagesOf(answer).Length > 0 || answer.Contains("\"data\":{", StringComparison.Ordinal));
    }

    /// <summary>With every bound that can be lifted lifted, on a quarter of the stack that a thread of the pool has.</summary>
    [Fact]
    public void need_no_more_stack_than_the_deepest_operation_that_is_let_in()
    {
        var lifted = new ExecutorOptions { DepthMax = 200, CostMax = double.MaxValue, TokensMax = 1_000_000, ValuesMax = int.MaxValue };
        var engine = new TestEngine(
            Schema, new() { ["Query.self"] = _ => new(new object()), ["Query.a"] = _ => new(1) }, lifted);
        string deepest = Nested("{ self ", 198, "{ a }", "}");
        string? answer = null;
        string? tooDeep = null;
        string? deepJson = null;
        var thread = new Thread(
            () =>
            {
                answer = AskHere(engine, deepest);
                tooDeep = AskHere(engine, Nested("{ self ", 200, "{ a }", "}"));
                deepJson = AskHere(Engine, $"{{ echo(any: {Nested("[", 190, "", "]")}) }}");
            },
            maxStackSize: 384 * 1024);
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromSeconds(60)));
        Assert.Contains("{\"a\":1}", answer, StringComparison.Ordinal);
        Assert.Contains("nested", tooDeep, StringComparison.Ordinal);
        Assert.Equal("""{"data":{"echo":"ok"}}""", deepJson);
    }

    /// <summary>A resolver may give back what it was given; what is written must not break either.</summary>
    [Fact]
    public async Task do_not_come_back_deeper_than_they_may()
    {
        object deep = "x";
        for (int i = 0; i < 10_000; i++)
        {
            deep = new[] { deep };
        }

        var engine = new TestEngine("type Query { any: Any } scalar Any", new() { ["Query.any"] = _ => new(deep) });
        string answer = await engine.AskAsync("{ any }");
        Assert.EndsWith("\"data\":{\"any\":null}}", answer, StringComparison.Ordinal);
        Assert.Equal("Any cannot represent value: [[[Array]]]", Assert.Single(TestEngine.MessagesOf(answer)));
    }

    private static string AskHere(TestEngine engine, string query) => TestEngine.TextOf(engine.RunHere(query));

    private static string Many(int count, Func<int, string> one, string between = " ") =>
        string.Join(between, Enumerable.Range(0, count).Select(one));

    private static string Nested(string open, int count, string inner, string close) =>
        new StringBuilder().Insert(0, open, count).Append(inner).Insert(open.Length * count + inner.Length, close, count).ToString();

    /// <param name="body">Of each fragment, in which <c>§</c> is the next one's number.</param>
    private static string Bomb(string body) => Chain(30, body + " " + body);

    private static string Chain(int count, string body) =>
        $"{{ ...F0 }} {Many(count, i => $"fragment F{i} on Query {{ {body.Replace("§", $"{i + 1}", StringComparison.Ordinal)} }}")} "
        + $"fragment F{count} on Query {{ a }}";
}
