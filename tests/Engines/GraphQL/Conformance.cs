using System.Runtime.CompilerServices;
using System.Text.Json;
using Events.Tests.GraphQLConformance;
using Xunit;

namespace Events.Tests.Engines.GraphQL;

/// <summary>
/// Cases whose expected answers the reference implementation gave (graphql-js 16.11.0), from parsing to subscriptions.
/// </summary>
public sealed class Conformance
{
    private static readonly JsonDocument File = JsonDocument.Parse(System.IO.File.ReadAllText(PathOf("visible.json")));
    private static readonly CaseEngine Engine = new(File.RootElement);

    private static readonly Dictionary<string, JsonElement> Cases =
        File.RootElement.GetProperty("cases").EnumerateArray().ToDictionary(one => one.GetProperty("id").GetString()!);

    public static TheoryData<string> Ids => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task holds(string id)
    {
        JsonElement expected = Cases[id].GetProperty("expected");
        using JsonDocument answer = JsonDocument.Parse(await Engine.AnswerAsync(Cases[id]));
        Assert.Equal(Normal(expected), Normal(answer.RootElement));
    }

    [Fact]
    public void is_shown_by_all_cases() => Assert.Equal(258, Cases.Count);

    /// <summary>A comparison that finds everything equal would pass the cases above, too.</summary>
    [Theory]
    [InlineData("""{"data":{"a":1,"b":2}}""", """{"data":{"b":2,"a":1}}""")]
    [InlineData("""{"data":{"a":1}}""", """{"data":{"a":null}}""")]
    [InlineData("""{"data":null,"errors":[]}""", """{"errors":[]}""")]
    [InlineData("""{"errors":[{"message":"a"}]}""", """{"errors":[{"message":"b"}]}""")]
    [InlineData("""{"errors":[{"message":"a","path":[1]}]}""", """{"errors":[{"message":"a","path":["1"]}]}""")]
    [InlineData("""{"errors":[{"message":"a"}]}""", """{"errors":[{"message":"a"},{"message":"a"}]}""")]
    [InlineData("""{"responses":[{"data":1},{"data":2}]}""", """{"responses":[{"data":2},{"data":1}]}""")]
    public void tells_answers_apart(string one, string other)
    {
        using JsonDocument a = JsonDocument.Parse(one);
        using JsonDocument b = JsonDocument.Parse(other);
        Assert.NotEqual(Normal(a.RootElement), Normal(b.RootElement));
    }

    /// <summary>Data in its order, errors in any; what extensions say is the engine's own.</summary>
    private static string Normal(JsonElement answer)
    {
        if (answer.TryGetProperty("responses", out JsonElement responses))
        {
            return string.Join('\n', responses.EnumerateArray().Select(Normal));
        }

        string data = answer.TryGetProperty("data", out JsonElement value) ? JsonText.Of(value) : "absent";
        IEnumerable<string> errors = answer.TryGetProperty("errors", out JsonElement all)
            ? all.EnumerateArray().Select(Error).Order(StringComparer.Ordinal)
            : [];
        return $"{data}\n{string.Join('\n', errors)}";
    }

    private static string Error(JsonElement error) =>
        string.Join(' ', new[] { "message", "locations", "path" }.Select(name =>
            error.TryGetProperty(name, out JsonElement value) ? JsonText.Of(value) : "none"));

    private static string PathOf(string file, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, file);
}
