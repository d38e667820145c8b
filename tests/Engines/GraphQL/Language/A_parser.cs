using System.Text;
using System.Text.Json;
using Events.GraphQL.Language;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Language;

public sealed class A_parser
{
    private const string KitchenSink = """
        "what it does" query Q("which one" $id: ID! = "a" @d, $l: [[Int!]]! = [[1]]) @on(x: $id) {
          alias: field(a: 1, b: -1.5e10, c: "t\u{1F600}", d: true, e: null, f: RED, g: [1, 2], h: { x: { y: [] } }, i: $id) @skip(if: false) {
            ...F @d
            ... on T { a }
            ... @include(if: true) { b }
          }
        }
        "of a fragment" fragment F on T { a }
        mutation { m }
        subscription S { s }
        { short }
        """;

    public static TheoryData<string, string, int, int> Broken => new()
    {
        { "", "Unexpected <EOF>.", 1, 1 },
        { "{", "Expected Name, found <EOF>.", 1, 2 },
        { "{ a(b: \"x\" \"y\") }", "Expected Name, found String \"y\".", 1, 12 },
        { "{ a(b: \"\"\"\n  x\n\n\"\"\" 1) }", "Expected Name, found Int \"1\".", 4, 5 },
        { "{ a }\r\n\r\n?", "Unexpected character: \"?\".", 3, 1 },
        { "{ a(b: 1.) }", "Invalid number, expected digit but got: \")\".", 1, 10 },
        { "{ a(b: 1e) }", "Invalid number, expected digit but got: \")\".", 1, 10 },
        { "{ a(b: 1.5.2) }", "Invalid number, expected digit but got: \".\".", 1, 11 },
        { "{ a(b: 0x1) }", "Invalid number, expected digit but got: \"x\".", 1, 9 },
        { "{ a(b: \"\n\") }", "Unterminated string.", 1, 9 },
        { "{ a(b: \"\\u{}\") }", "Invalid Unicode escape sequence: \"\\u{}\".", 1, 9 },
        { "{ a(b: \"\\u{D800}\") }", "Invalid Unicode escape sequence: \"\\u{D800}\".", 1, 9 },
        { "{ a(b: \"\\uD83D\\uD83D\") }", "Invalid Unicode escape sequence: \"\\uD83D\".", 1, 9 },
        { "{ a(b: \"\ud83d\") }", "Invalid character within String: U+D83D.", 1, 9 },
        { "# \ud83d", "Invalid character: U+D83D.", 1, 3 },
        { "{ a 'b' }", "Unexpected single quote character ('), did you mean to use a double quote (\")?", 1, 5 },
        { "\u00e9", "Unexpected character: U+00E9.", 1, 1 },
        { "query ($a: Int = $b) { a }", "Unexpected variable \"$b\" in constant value.", 1, 18 },
        { "\"d\" { a }", "Unexpected \"{\".", 1, 5 },
        { "\"d\" extend type T { a: Int }", "Unexpected description, descriptions are supported only on type definitions.", 1, 1 },
        { "extend type T", "Unexpected <EOF>.", 1, 14 },
        { "enum E { true }", "Name \"true\" is reserved and cannot be used for an enum value.", 1, 10 },
    };

    public static TheoryData<string> Deep =>
    [
        "{ a(b: " + new string('[', 200_000),
        "{ a(b: " + string.Concat(Enumerable.Repeat("{a:", 200_000)),
        string.Concat(Enumerable.Repeat("{a", 200_000)),
        string.Concat(Enumerable.Repeat("{...", 200_000)),
        "query ($a: " + new string('[', 200_000),
        "query ($a: A = " + new string('[', 200_000),
        "type T { a: " + new string('[', 200_000),
        "type T { a(b: B = " + string.Concat(Enumerable.Repeat("[{a:", 200_000)),
        "{ a @d(b: " + new string('[', 200_000),
    ];

    [Fact]
    public void reads_every_production_of_an_executable_document()
    {
        DocumentNode document = Parser.Parse(KitchenSink);
        Assert.Equal(5, document.Definitions.Length);
        var query = Assert.IsType<OperationDefinitionNode>(document.Definitions[0]);
        Assert.Equal("what it does", query.Description?.Value);
        Assert.Equal("which one", query.Variables[0].Description?.Value);
        Assert.Equal("id", query.Variables[0].Variable.Name.Value);
        var field = Assert.IsType<FieldNode>(query.SelectionSet.Selections[0]);
        Assert.Equal(("alias", "field", new Location(field.Location.Start, 2, 3)), (field.ResponseName, field.Name.Value, field.Location));
        Assert.Equal(new Location(field.Location.Start + 7, 2, 10), field.Name.Location);
        Assert.Equal("t\ud83d\ude00", Assert.IsType<StringValueNode>(field.Arguments[2].Value).Value);
        Assert.Equal("of a fragment", document.Definitions[1].Description?.Value);
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void says_what_is_wrong_and_where(string text, string problem, int line, int column)
    {
        var error = Assert.Throws<SyntaxException>(() => Parser.Parse(text));
        Assert.Equal(($"Syntax Error: {problem}", line, column), (error.Message, error.Location.Line, error.Location.Column));
    }

    [Theory]
    [MemberData(nameof(Deep))]
    public void refuses_what_is_nested_too_deeply_before_it_costs_the_stack(string text)
    {
        var error = Assert.Throws<SyntaxException>(() => Parser.Parse(text));
        Assert.Equal("Syntax Error: Document is nested deeper than 200 levels. Parsing aborted.", error.Message);
    }

    [Fact]
    public void reads_what_is_nested_as_deeply_as_allowed()
    {
        string text = "{ a(b: " + new string('[', 199) + new string(']', 199) + ") }";
        Assert.Equal(text.Replace(" ", "", StringComparison.Ordinal), Squeezed(Printer.Print(Parser.Parse(text))));
    }

    [Fact]
    public void counts_tokens_up_to_its_limit()
    {
        string text = "{" + string.Concat(Enumerable.Repeat(" a", 14_998)) + "}";
        Assert.Equal(15_000, Parser.Parse(text).Tokens);
        var error = Assert.Throws<SyntaxException>(() => Parser.Parse(text.Replace("{", "{ b", StringComparison.Ordinal)));
        Assert.Equal("Syntax Error: Document contains more that 15000 tokens. Parsing aborted.", error.Message);
        Assert.Equal(15_001, Parser.Parse(text.Replace("{", "{ b", StringComparison.Ordinal), ParserOptions.Trusted).Tokens);
    }

    [Theory]
    [InlineData("\"\"\"\n    Hello,\n      World!\n\n    Yours,\n      GraphQL.\n  \"\"\"", "Hello,\n  World!\n\nYours,\n  GraphQL.")]
    [InlineData("\"\"\"a\r\n\t b\r\t c\"\"\"", "a\nb\nc")]
    [InlineData("\"\"\" first \n  x \"\"\"", " first \nx ")]
    [InlineData("\"\"\"\n \n\"\"\"", "")]
    [InlineData("\"\"\"\\\"\"\" \\n \\u0041\"\"\"", "\"\"\" \\n \\u0041")]
    public void takes_the_indentation_out_of_a_block_string(string text, string expected)
    {
        var value = Assert.IsType<StringValueNode>(Parser.ParseValue(text));
        Assert.Equal((expected, true), (value.Value, value.IsBlock));
    }

    [Fact]
    public void passes_over_what_means_nothing() =>
        Assert.Equal("{\n  a\n  b\n}\n", Printer.Print(Parser.Parse("\ufeff,,#c\r\n{\ta,\r\rb #}\n},")));

    [Fact]
    public void agrees_with_the_reference_implementation()
    {
        using JsonDocument recorded = Recorded.Read("graphql-js-parser.json");
        var differences = new StringBuilder();
        int compared = 0;
        foreach (JsonElement one in recorded.RootElement.GetProperty("cases").EnumerateArray())
        {
            JsonElement options = one.TryGetProperty("options", out JsonElement given) ? given : default;
            if (options.ValueKind == JsonValueKind.Object && options.TryGetProperty("allowLegacyFragmentVariables", out _))
            {
                // Left out of the specification since 2018.
                continue;
            }

            string body = one.GetProperty("body").GetString()!;
            string expected = Expected(one);
            string actual = Outcome(body, options);
            compared++;
            if (actual != expected)
            {
                differences.Append(body).Append("\n  expected ").AppendLine(expected).Append("  actual   ").AppendLine(actual);
            }
        }

        Assert.Equal(string.Empty, differences.ToString());
        Assert.True(compared > 100);
    }

    private static string Expected(JsonElement one)
    {
        if (one.GetProperty("ok").GetBoolean())
        {
            return "ok";
        }

        JsonElement place = one.GetProperty("locations")[0];
        return $"{one.GetProperty("message").GetString()} {place.GetProperty("line")}:{place.GetProperty("column")}";
    }

    private static string Outcome(string body, JsonElement options)
    {
        bool isLimited = options.ValueKind == JsonValueKind.Object && options.TryGetProperty("maxTokens", out _);
        ParserOptions limits = isLimited
            ? ParserOptions.Default with { TokensMax = options.GetProperty("maxTokens").GetInt32() }
            : ParserOptions.Default;
        try
        {
            Parser.Parse(body, limits);
            return "ok";
        }
        catch (SyntaxException error)
        {
            return $"{error.Message} {error.Location.Line}:{error.Location.Column}";
        }
    }

    private static string Squeezed(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
}
