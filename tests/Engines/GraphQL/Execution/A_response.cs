using System.Globalization;
using System.Text.Json;
using Events.GraphQL;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Execution;

public sealed class A_response
{
    private const string Schema = """
        type Query { any: Any float: Float int: Int string: String id: ID flag: Boolean list: [Any] }
        scalar Any
        """;

    /// <summary>As most clients would write them themselves.</summary>
    [Theory]
    [InlineData(1.0, "1")]
    [InlineData(-0.0, "0")]
    [InlineData(0.1, "0.1")]
    [InlineData(-31.5, "-31.5")]
    [InlineData(1e15, "1000000000000000")]
    [InlineData(123456789012345680.0, "123456789012345680")]
    [InlineData(1e21, "1e+21")]
    [InlineData(1.5e300, "1.5e+300")]
    [InlineData(0.000001, "0.000001")]
    [InlineData(1e-7, "1e-7")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    public async Task has_short_numbers(double value, string written)
    {
        var engine = new TestEngine(Schema, new() { ["Query.float"] = _ => new(value), ["Query.any"] = _ => new(value) });
        Assert.Equal($$$"""{"data":{"float":{{{written}}},"any":{{{written}}}}}""", await engine.AskAsync("{ float any }"));
        Assert.Equal(value, double.Parse(written, CultureInfo.InvariantCulture));
    }

    public static TheoryData<object?, string> Values => new()
    {
        { "a \"b\" \\ \n \u0001 é \ud83d\ude00 <&>", """ "a \"b\" \\ \n \u0001 é \uD83D\uDE00 <&>" """ },
        { 12345678901234567890UL, "12345678901234567890" },
        { long.MinValue, "-9223372036854775808" },
        { 1.50m, "1.5" },
        { -0.0m, "0" },
        { 79228162514264337593543950335m, "79228162514264337593543950335" },
        { 0.1f, "0.1" },
        { (short)3, "3" },
        { true, "true" },
        { new object?[] { 1, null, new[] { 2.0 } }, "[1,null,[2]]" },
        { new Dictionary<string, object?> { ["b"] = 1, ["a"] = new Dictionary<string, object?>() }, """{"b":1,"a":{}}""" },
        { JsonDocument.Parse("""{ "x": [1.50, "é"] }""").RootElement, """{"x":[1.50,"é"]}""" },
    };

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public async Task has_whatever_json_can_hold(object? value, string written)
    {
        var engine = new TestEngine(Schema, new() { ["Query.any"] = _ => new(value) });
        Assert.Equal($$$"""{"data":{"any":{{{written.Trim()}}}}}""", await engine.AskAsync("{ any }"));
    }

    /// <summary>It is found out before anything is written.</summary>
    [Fact]
    public async Task has_no_value_that_json_cannot_hold()
    {
        var engine = new TestEngine(Schema, new()
        {
            ["Query.any"] = _ => new(new TaskCompletionSource()),
            ["Query.list"] = _ => new(new object?[] { double.NaN, new[] { double.PositiveInfinity }, 1 }),
        });
        string answer = await engine.AskAsync("{ any list }");
        Assert.EndsWith("\"data\":{\"any\":null,\"list\":[null,null,1]}}", answer, StringComparison.Ordinal);
        Assert.Equal(3, TestEngine.MessagesOf(answer).Length);
    }

    [Fact]
    public async Task replaces_half_a_surrogate_pair()
    {
        var engine = new TestEngine(Schema, new() { ["Query.string"] = _ => new("a\ud83d") });
        using JsonDocument answer = JsonDocument.Parse(await engine.AskAsync("{ string }"));
        Assert.Equal("a\ufffd", answer.RootElement.GetProperty("data").GetProperty("string").GetString());
    }

    [Fact]
    public async Task is_written_the_same_each_time()
    {
        var engine = new TestEngine(Schema, new() { ["Query.int"] = _ => new(1), ["Query.id"] = _ => new(2L) });
        GraphQLResult result = await engine.RunAsync("{ int flag id }");
        Assert.Equal("""{"data":{"int":1,"flag":null,"id":"2"}}""", TestEngine.TextOf(result));
        Assert.Equal(TestEngine.TextOf(result), TestEngine.TextOf(result));
    }
}
