using System.Text.Json;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>The validator must find what is wrong, or the contract's tests prove nothing.</summary>
public sealed class A_shape
{
    private const string Text = "{device: camera, at: instant, size?: size, n: count, list: [\"A\"|\"B\"], map: {*: count}, any: object}";

    private const string Good =
        """{"device":"camera0","at":"2026-03-01T12:00:00Z","size":"1x2","n":0,"list":["A","B"],"map":{"x":1},"any":{"y":[1.5]}}""";

    [Theory]
    [InlineData("\"size\":\"1x2\",", "")]
    [InlineData("12:00:00Z", "12:00:00.123+02:00")]
    [InlineData("[\"A\",\"B\"]", "[]")]
    [InlineData("{\"x\":1}", "{}")]
    public void takes_what_it_allows(string from, string to) => Assert.Empty(FaultsOf(Good.Replace(from, to, StringComparison.Ordinal)));

    [Theory]
    [InlineData("\"n\":0,", "", "$.n is missing")]
    [InlineData("\"n\":0", "\"n\":0,\"m\":0", "$.m is too much")]
    [InlineData("\"n\":0", "\"n\":0,\"n\":0", "$.n is there twice")]
    [InlineData("\"n\":0", "\"n\":null", "$.n: null is no count")]
    [InlineData("\"n\":0", "\"n\":0.0", "$.n: 0.0 is no count")]
    [InlineData("\"n\":0", "\"n\":-1", "$.n: -1 is no count")]
    [InlineData("\"n\":0", "\"n\":\"0\"", "$.n: \"0\" is no count")]
    [InlineData("\"1x2\"", "null", "$.size: null is no size")]
    [InlineData("camera0", "camera00", "$.device: \"camera00\" is no camera")]
    [InlineData("camera0", "/dev/video0", "$: names a device file")]
    [InlineData("12:00:00Z", "12:00:00.1234567Z", "is no instant")]
    [InlineData("12:00:00Z", "12:00:00", "is no instant")]
    [InlineData("2026-03-01", "2026-13-01", "is no instant")]
    [InlineData("\"B\"", "\"b\"", "$.list[1]: \"b\" is none of A, B")]
    [InlineData("{\"x\":1}", "{\"x\":null}", "$.map.x: null is no count")]
    [InlineData("[1.5]", "[null]", "$.any")]
    public void finds(string from, string to, string fault) =>
        Assert.Contains(
            FaultsOf(Good.Replace(from, to, StringComparison.Ordinal)), found => found.Contains(fault, StringComparison.Ordinal));

    [Theory]
    [InlineData("{a: count} x")]
    [InlineData("{a count}")]
    [InlineData("[count")]
    [InlineData("{}}")]
    public void is_not_made_of_anything_else(string text) =>
        Assert.Throws<FormatException>(() => Shape.Parse(text, ContractTable.Named));

    [Fact]
    public void may_be_two_objects_added_up()
    {
        Shape shape = Shape.Parse("{a: count} + {b?: count}", ContractTable.Named);
        Assert.Empty(shape.FaultsOf(JsonSerializer.Deserialize<JsonElement>("""{"a":1,"b":2}""")));
        Assert.NotEmpty(shape.FaultsOf(JsonSerializer.Deserialize<JsonElement>("""{"b":2}""")));
    }

    private static IReadOnlyList<string> FaultsOf(string json) =>
        Shape.Parse(Text, ContractTable.Named).FaultsOf(JsonSerializer.Deserialize<JsonElement>(json));
}
