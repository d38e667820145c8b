using System.Text.Json;
using System.Text.Json.Nodes;
using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Types;

public sealed class Introspection
{
    private static readonly GraphSchema Schema = SdlReader.Read("""
        "all" schema @link { query: Q mutation: M }
        directive @link repeatable on SCHEMA | FIELD_DEFINITION
        type Q implements I { a(x: Int = 1, old: In = { a: [1], b: E } @deprecated(reason: "why")): [S!] b: Int @deprecated }
        type M { m: U }
        interface I { b: Int }
        union U = Q | M
        enum E { A B @deprecated }
        input In @oneOf { a: [Int] }
        "a scalar" scalar S @specifiedBy(url: "https://example.test")
        """).Build(isChecked: false);

    /// <summary>A question on each line, and on the next its answer.</summary>
    private const string Asked = """
        { __typename __schema { __typename description queryType { name } mutationType { name } subscriptionType { name } } }
            {"__typename":"Q","__schema":{"__typename":"__Schema","description":"all","queryType":{"name":"Q"},"mutationType":{"name":"M"},"subscriptionType":null}}
        { __type(name: "Q") { kind fields { name } interfaces { name } possibleTypes { name } isOneOf } }
            {"__type":{"kind":"OBJECT","fields":[{"name":"a"}],"interfaces":[{"name":"I"}],"possibleTypes":null,"isOneOf":null}}
        { __type(name: "Q") { fields(includeDeprecated: true) { name isDeprecated deprecationReason } } }
            {"__type":{"fields":[{"name":"a","isDeprecated":false,"deprecationReason":null},{"name":"b","isDeprecated":true,"deprecationReason":"No longer supported"}]}}
        { __type(name: "Q") { fields { args { name } } } }
            {"__type":{"fields":[{"args":[{"name":"x"}]}]}}
        { __type(name: "Q") { fields { args(includeDeprecated: true) { name defaultValue isDeprecated deprecationReason } } } }
            {"__type":{"fields":[{"args":[{"name":"x","defaultValue":"1","isDeprecated":false,"deprecationReason":null},{"name":"old","defaultValue":"{a: [1]}","isDeprecated":true,"deprecationReason":"why"}]}]}}
        { __type(name: "Q") { fields { type { kind name ofType { kind ofType { name kind } } } } } }
            {"__type":{"fields":[{"type":{"kind":"LIST","name":null,"ofType":{"kind":"NON_NULL","ofType":{"name":"S","kind":"SCALAR"}}}}]}}
        { u: __type(name: "U") { possibleTypes { name } fields { name } } i: __type(name: "I") { possibleTypes { name } interfaces { name } } }
            {"u":{"possibleTypes":[{"name":"Q"},{"name":"M"}],"fields":null},"i":{"possibleTypes":[{"name":"Q"}],"interfaces":[]}}
        { e: __type(name: "E") { enumValues { name } } all: __type(name: "E") { enumValues(includeDeprecated: true) { name isDeprecated } } }
            {"e":{"enumValues":[{"name":"A"}]},"all":{"enumValues":[{"name":"A","isDeprecated":false},{"name":"B","isDeprecated":true}]}}
        { __type(name: "In") { isOneOf inputFields { name } } s: __type(name: "S") { specifiedByURL description } no: __type(name: "No") { name } }
            {"__type":{"isOneOf":true,"inputFields":[{"name":"a"}]},"s":{"specifiedByURL":"https://example.test","description":"a scalar"},"no":null}
        { __schema { directives { name isRepeatable locations } } }
            {"__schema":{"directives":[{"name":"link","isRepeatable":true,"locations":["SCHEMA","FIELD_DEFINITION"]},{"name":"include","isRepeatable":false,"locations":["FIELD","FRAGMENT_SPREAD","INLINE_FRAGMENT"]},{"name":"skip","isRepeatable":false,"locations":["FIELD","FRAGMENT_SPREAD","INLINE_FRAGMENT"]},{"name":"deprecated","isRepeatable":false,"locations":["FIELD_DEFINITION","ARGUMENT_DEFINITION","INPUT_FIELD_DEFINITION","ENUM_VALUE"]},{"name":"specifiedBy","isRepeatable":false,"locations":["SCALAR"]},{"name":"oneOf","isRepeatable":false,"locations":["INPUT_OBJECT"]}]}}
        """;

    public static TheoryData<string, string> Questions =>
        [.. Asked.Split('\n').Chunk(2).Select(pair => new TheoryDataRow<string, string>(pair[0], pair[1].Trim()))];

    [Theory]
    [MemberData(nameof(Questions))]
    public void answers(string query, string expected) => Assert.Equal(expected, Schema.Ask(query).ToJsonString());

    /// <summary>What the reference implementation says of a schema of 27 types, in its order, descriptions included.</summary>
    [Fact]
    public void agrees_with_the_reference_implementation()
    {
        using JsonDocument recorded = Recorded.Read("visible.json");
        GraphSchema schema = SdlReader.Read(recorded.RootElement.GetProperty("schema").GetString()!).Build();
        int compared = 0;
        foreach (JsonElement one in recorded.RootElement.GetProperty("cases").EnumerateArray())
        {
            bool isAnswered = one.GetProperty("expected").GetProperty("phase").GetString() == "execute";
            if (isAnswered && one.GetProperty("id").GetString()!.StartsWith("introspection/", StringComparison.Ordinal))
            {
                string expected = JsonNode.Parse(one.GetProperty("expected").GetProperty("data").GetRawText())!.ToJsonString();
                Assert.Equal(expected, schema.Ask(one.GetProperty("query").GetString()!).ToJsonString());
                compared++;
            }
        }

        Assert.True(compared > 5);
    }
}
