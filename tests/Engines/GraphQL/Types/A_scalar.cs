using System.Text.Json;
using Events.GraphQL.Language;
using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Types;

public sealed class A_scalar
{
    private static readonly GraphSchema Schema = SdlReader.Read("""
        scalar Any
        enum Colour { RED GREEN }
        input Point { x: Float! y: Float = 0 label: String }
        input By @oneOf { id: ID point: Point }
        type Query { a(i: Int, f: Float, s: String, b: Boolean, id: ID, any: Any, c: Colour, p: Point, by: By): Int }
        """).Build();

    public static TheoryData<string, string, object> Literals => new()
    {
        { "Int", "-2147483648", int.MinValue },
        { "Int", "2147483648", "Int cannot represent non 32-bit signed integer value: 2147483648" },
        { "Int", "1.0", "Int cannot represent non-integer value: 1.0" },
        { "Int", "\"1\"", "Int cannot represent non-integer value: \"1\"" },
        { "Float", "1", 1.0 },
        { "Float", "-1.5e3", -1500.0 },
        { "Float", "1e999", "Float cannot represent non numeric value: 1e999" },
        { "Float", "\"1\"", "Float cannot represent non numeric value: \"1\"" },
        { "String", "\"a\"", "a" },
        { "String", "{ a: 1, b: [] }", "String cannot represent a non string value: {a: 1, b: []}" },
        { "Boolean", "true", true },
        { "Boolean", "1", "Boolean cannot represent a non boolean value: 1" },
        { "ID", "12345678901234567890", "12345678901234567890" },
        { "ID", "1.5", "ID cannot represent a non-string and non-integer value: 1.5" },
        { "Colour", "RED", "RED" },
        { "Colour", "\"RED\"", "Enum \"Colour\" cannot represent non-enum value: \"RED\". Did you mean the enum value \"RED\" or \"GREEN\"?" },
        { "Colour", "RDE", "Value \"RDE\" does not exist in \"Colour\" enum. Did you mean the enum value \"RED\"?" },
    };

    public static TheoryData<string, string, object> Inputs => new()
    {
        { "Int", "1.0", 1 },
        { "Int", "1e3", 1000 },
        { "Int", "1.5", "Int cannot represent non-integer value: 1.5" },
        { "Int", "1e10", "Int cannot represent non 32-bit signed integer value: 10000000000" },
        { "Int", "\"1\"", "Int cannot represent non-integer value: \"1\"" },
        { "Int", "true", "Int cannot represent non-integer value: true" },
        { "Float", "1", 1.0 },
        { "Float", "{\"a\":[1,{\"b\":[1]}]}", "Float cannot represent non numeric value: { a: [1, [Object]] }" },
        { "String", "\"\\u00e9\"", "é" },
        { "String", "[1,2,3,4,5,6,7,8,9,10,11,12]", "String cannot represent a non string value: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ... 2 more items]" },
        { "Boolean", "0", "Boolean cannot represent a non boolean value: 0" },
        { "ID", "12345678901234567890", "12345678901234567890" },
        { "ID", "1.5", "ID cannot represent value: 1.5" },
        { "Colour", "\"GREEN\"", "GREEN" },
        { "Colour", "3", "Enum \"Colour\" cannot represent non-string value: 3." },
    };

    public static TheoryData<string, object, object> Results => new()
    {
        { "Int", 1L, 1 },
        { "Int", "12", 12 },
        { "Int", true, 1 },
        { "Int", 1.5, "Int cannot represent non-integer value: 1.5" },
        { "Int", "x", "Int cannot represent non-integer value: \"x\"" },
        { "Int", 3_000_000_000, "Int cannot represent non 32-bit signed integer value: 3000000000" },
        { "Float", 1, 1.0 },
        { "Float", "1.5", 1.5 },
        { "Float", double.NaN, "Float cannot represent non numeric value: NaN" },
        { "String", 1.5, "1.5" },
        { "String", true, "true" },
        { "String", new[] { 1 }, "String cannot represent value: [1]" },
        { "Boolean", 0, false },
        { "Boolean", "true", "Boolean cannot represent a non boolean value: \"true\"" },
        { "ID", 12L, "12" },
        { "ID", 1.5, "ID cannot represent value: 1.5" },
        { "Colour", "RED", "RED" },
        { "Colour", "BLUE", "Enum \"Colour\" cannot represent value: \"BLUE\"" },
    };

    [Theory]
    [MemberData(nameof(Literals))]
    public void takes_literals_that_fit(string type, string literal, object expected) =>
        Assert.Equal(expected, Outcome(() => Leaf(type).ParseLiteral(Parser.ParseValue(literal), null)));

    [Theory]
    [MemberData(nameof(Inputs))]
    public void takes_variables_that_fit(string type, string json, object expected) =>
        Assert.Equal(expected, Outcome(() => Leaf(type).ParseValue(JsonDocument.Parse(json).RootElement)));

    [Theory]
    [MemberData(nameof(Results))]
    public void gives_results_that_fit(string type, object value, object expected) =>
        Assert.Equal(expected, Outcome(() => Leaf(type).Serialize(value)));

    [Fact]
    public void that_SDL_alone_defines_takes_anything()
    {
        var variables = new Dictionary<string, object?> { ["v"] = 5 };
        Assert.Equal(
            "{ a: [1, 2.5, \"x\", true, null, RED], b: 5, c: null }",
            Inspect.Of(Leaf("Any").ParseLiteral(Parser.ParseValue("{ a: [1, 2.5, \"x\", true, null, RED], b: $v, c: $w }"), variables))
                .Replace("\"RED\"", "RED", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Point", "{ x: 1 }", "{ x: 1, y: 0 }")]
    [InlineData("Point", "{ x: $one, label: $none }", "{ x: 1, y: 0 }")]
    [InlineData("Point", "{ x: $one, label: $null }", "{ x: 1, y: 0, label: null }")]
    [InlineData("Point", "{ x: $null }", "no")]
    [InlineData("Point", "{ }", "no")]
    [InlineData("Point", "1", "no")]
    [InlineData("Point", "null", "null")]
    [InlineData("Point!", "null", "no")]
    [InlineData("[Int]", "1", "[1]")]
    [InlineData("[Int]", "[1, null, $none]", "[1, null, null]")]
    [InlineData("[Int!]", "[1, $none]", "no")]
    [InlineData("[[Int]]", "[1]", "[[1]]")]
    [InlineData("[Int]", "[\"x\"]", "no")]
    [InlineData("By", "{ id: 1 }", "{ id: \"1\" }")]
    [InlineData("By", "{ id: 1, point: $none }", "no")]
    [InlineData("By", "{ id: $null }", "no")]
    [InlineData("By", "{ }", "no")]
    public void and_lists_and_objects_of_it_are_coerced(string type, string literal, string expected)
    {
        var variables = new Dictionary<string, object?> { ["one"] = 1.0, ["null"] = null };
        bool fits = LiteralCoercion.TryCoerce(
            Parser.ParseValue(literal), Schema.TypeOf(Parser.ParseType(type))!, variables, out object? value);
        Assert.Equal(expected, fits ? Inspect.Of(value) : "no");
    }

    private static IGraphLeaf Leaf(string name) => (IGraphLeaf)Schema.Types.Find(name)!;

    private static object? Outcome(Func<object?> coerce)
    {
        try
        {
            return coerce();
        }
        catch (CoercionException error)
        {
            return error.Message + error.Hint;
        }
    }
}
