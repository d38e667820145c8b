using System.Text.Json;
using Events.GraphQL.Types;
using Events.Tests.GraphQLConformance;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Execution;

/// <summary>Messages and values of variables; those expected were given by the reference implementation (graphql-js 16.11.0).</summary>
public sealed class Variables
{
    private static readonly TestEngine Engine = new(
        """
        type Query { echo(int: Int, list: [Int!], deep: [[Int]], box: Box, by: By, colour: Colour, id: ID, any: Any, float: Float): String }
        input Box { min: Point! max: Point tags: [String!] = ["a"] inner: Box }
        input Point { x: Int! y: Int! = 0 }
        input By @oneOf { id: ID name: String }
        enum Colour { RED GREEN }
        scalar Any
        """,
        new() { ["Query.echo"] = context => new(JsonText.Of(context.Arguments)) });

    /// <summary>How a variable is used, what is given for it, and the message; a dash for none.</summary>
    private const string Wrong = """
        int: Int  |  {"v":2147483648}  |  Variable "$v" got invalid value 2147483648; Int cannot represent non 32-bit signed integer value: 2147483648
        int: Int  |  {"v":1.5}  |  Variable "$v" got invalid value 1.5; Int cannot represent non-integer value: 1.5
        int: Int  |  {"v":[1]}  |  Variable "$v" got invalid value [1]; Int cannot represent non-integer value: [1]
        int: Int!  |  {"v":null}  |  Variable "$v" of non-null type "Int!" must not be null.
        int: Int!  |  {}  |  Variable "$v" of required type "Int!" was not provided.
        int: Int!  |  -  |  Variable "$v" of required type "Int!" was not provided.
        float: Float  |  {"v":"1"}  |  Variable "$v" got invalid value "1"; Float cannot represent non numeric value: "1"
        float: Float  |  {"v":1e-7,"w":1}  |  -
        list: [Int!]  |  {"v":[1,null]}  |  Variable "$v" got invalid value null at "v[1]"; Expected non-nullable type "Int!" not to be null.
        list: [Int!]  |  {"v":["a"]}  |  Variable "$v" got invalid value "a" at "v[0]"; Int cannot represent non-integer value: "a"
        deep: [[Int]]  |  {"v":[[1],[2,"b"]]}  |  Variable "$v" got invalid value "b" at "v[1][1]"; Int cannot represent non-integer value: "b"
        box: Box  |  {"v":{}}  |  Variable "$v" got invalid value {}; Field "min" of required type "Point!" was not provided.
        box: Box  |  {"v":{"min":null}}  |  Variable "$v" got invalid value null at "v.min"; Expected non-nullable type "Point!" not to be null.
        box: Box  |  {"v":{"min":{"x":1},"inner":{"min":{"x":"y"}}}}  |  Variable "$v" got invalid value "y" at "v.inner.min.x"; Int cannot represent non-integer value: "y"
        box: Box  |  {"v":{"min":{"x":1},"tags":[null]}}  |  Variable "$v" got invalid value null at "v.tags[0]"; Expected non-nullable type "String!" not to be null.
        box: Box  |  {"v":{"min":{"x":1,"yy":2}}}  |  Variable "$v" got invalid value { x: 1, yy: 2 } at "v.min"; Field "yy" is not defined by type "Point". Did you mean "y"?
        box: Box  |  {"v":[{"min":{"x":1}}]}  |  Variable "$v" got invalid value [{ min: [Object] }]; Expected type "Box" to be an object.
        by: By  |  {"v":{"id":null}}  |  Variable "$v" got invalid value null at "v.id"; Field "id" must be non-null.
        by: By  |  {"v":{"id":"a","name":"b"}}  |  Variable "$v" got invalid value { id: "a", name: "b" }; Exactly one key must be specified for OneOf type "By".
        by: By  |  {"v":{"id":{}}}  |  Variable "$v" got invalid value {} at "v.id"; ID cannot represent value: {}
        colour: Colour  |  {"v":"green"}  |  Variable "$v" got invalid value "green"; Value "green" does not exist in "Colour" enum. Did you mean the enum value "GREEN" or "RED"?
        id: ID  |  {"v":true}  |  Variable "$v" got invalid value true; ID cannot represent value: true
        any: Any  |  {"v":{"a":[1,{"b":null}]}}  |  -
        """;

    public static TheoryData<string, string, string> WrongOnes
    {
        get
        {
            var rows = new TheoryData<string, string, string>();
            foreach (string[] row in Wrong.Split('\n').Select(line => line.Split("  |  ")))
            {
                rows.Add(row[0], row[1], row[2]);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(WrongOnes))]
    public async Task say_what_is_wrong_with_them(string use, string given, string message)
    {
        string answer = await Engine.AskAsync(Query(use), given == "-" ? null : given);
        Assert.Equal(message == "-" ? [] : [message], TestEngine.MessagesOf(answer));
        Assert.Equal(message == "-", answer.Contains("\"data\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("int: Int", "{}", "{}")]
    [InlineData("int: Int", """{"v":null}""", """{"int":null}""")]
    [InlineData("int: Int", """{"v":5.0}""", """{"int":5}""")]
    [InlineData("int: Int = 7", "{}", """{"int":7}""")]
    [InlineData("int: Int = 7", """{"v":null}""", """{"int":null}""")]
    [InlineData("list: [Int!]", """{"v":3}""", """{"list":[3]}""")]
    [InlineData("deep: [[Int]]", """{"v":3}""", """{"deep":[[3]]}""")]
    [InlineData("deep: [[Int]]", """{"v":[1,[2],null]}""", """{"deep":[[1],[2],null]}""")]
    [InlineData("box: Box", """{"v":{"min":{"x":1}}}""", """{"box":{"min":{"x":1,"y":0},"tags":["a"]}}""")]
    [InlineData("by: By", """{"v":{"id":4}}""", """{"by":{"id":"4"}}""")]
    [InlineData("id: ID", """{"v":12345678901234567890}""", """{"id":"12345678901234567890"}""")]
    [InlineData("any: Any", """{"v":[1,"a",{"b":1.5}]}""", """{"any":[1,"a",{"b":1.5}]}""")]
    public async Task become_values_of_their_types(string use, string given, string arguments)
    {
        string answer = await Engine.AskAsync(Query(use), given);
        Assert.Empty(TestEngine.MessagesOf(answer));
        using var json = JsonDocument.Parse(answer);
        Assert.Equal(arguments, json.RootElement.GetProperty("data").GetProperty("echo").GetString());
    }

    [Fact]
    public async Task stop_being_looked_at_after_fifty_errors()
    {
        string given = $$"""{"v":[{{string.Join(',', Enumerable.Repeat("\"x\"", 60))}}]}""";
        string[] messages = TestEngine.MessagesOf(await Engine.AskAsync(Query("list: [Int!]"), given));
        Assert.Equal(51, messages.Length);
        Assert.Equal("Too many errors processing variables, error limit reached. Execution aborted.", messages[^1]);
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("3")]
    [InlineData("\"x\"")]
    public async Task must_be_an_object(string given) =>
        Assert.Equal(["Variables must be an object."], TestEngine.MessagesOf(await Engine.AskAsync(Query("int: Int"), given)));

    [Theory]
    [InlineData("""{"v":"\ud800"}""")]
    [InlineData("""{"v":{"\udc00":1}}""")]
    public async Task must_be_unicode(string given) =>
        Assert.Equal(["Variables hold text that is no Unicode."], TestEngine.MessagesOf(await Engine.AskAsync(Query("any: Any"), given)));

    [Fact]
    public async Task may_make_objects_of_the_application_and_be_refused_by_them()
    {
        var engine = new TestEngine(
            "type Query { echo(range: Range): String } input Range { from: Int! to: Int! }",
            new() { ["Query.echo"] = context => new(context.Arguments["range"]!.ToString()) },
            more: builder => ((GraphInput)builder.Types.Find("Range")!).ToRuntime = values =>
                (int)values["from"]! <= (int)values["to"]!
                    ? new Interval((int)values["from"]!, (int)values["to"]!)
                    : throw new CoercionException("It ends before it begins."));
        const string Query = "query($r: Range) { echo(range: $r) }";
        Assert.Equal(
            """{"data":{"echo":"Interval { From = 1, To = 2 }"}}""", await engine.AskAsync(Query, """{"r":{"from":1,"to":2}}"""));
        Assert.Equal(
            ["Variable \"$r\" got invalid value { from: 2, to: 1 }; It ends before it begins."],
            TestEngine.MessagesOf(await engine.AskAsync(Query, """{"r":{"from":2,"to":1}}""")));
        Assert.Equal(
            ["Argument \"range\" has invalid value {from: 2, to: 1}."],
            TestEngine.MessagesOf(await engine.AskAsync("{ echo(range: { from: 2, to: 1 }) }")));
    }

    private static string Query(string use)
    {
        string[] parts = use.Split(": ", 2);
        return $"query($v: {parts[1]}) {{ echo({parts[0]}: $v) }}";
    }

    private sealed record Interval(int From, int To);
}
