using Events.GraphQL;
using Events.GraphQL.Language;
using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using Events.GraphQL.Validation;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Validation;

/// <summary>
/// Each rule of the specification's section 5 with what it refuses and something near it that is good. All rules run at once,
/// so a case also shows that no other rule minds.
/// </summary>
public sealed class A_rule
{
    internal static readonly GraphSchema Schema = SdlReader.Read(
        """
        directive @trace(level: Int!) on QUERY | FIELD
        directive @tag(name: String) repeatable on FIELD
        interface Device { id: ID! name: String }
        type Camera implements Device { id: ID! name: String online: Boolean! fps: Int peer: Device near: [Camera!] only: Int }
        type Sensor implements Device { id: ID! name: String online: String unit: Unit! }
        union Thing = Camera | Sensor
        enum Unit { LUX CELSIUS }
        input Range { from: Int! to: Int = 9 note: String }
        input By @oneOf { id: ID name: String }
        type Query {
          device(id: ID!): Device
          devices(range: Range, unit: Unit, first: Int = 5, ids: [ID!]): [Device!]!
          find(by: By!): Thing
          camera: Camera
        }
        type Mutation { add(a: Int!, b: Int! = 1): Int! }
        type Subscription { ticks: Int! changes: Camera }
        """).Build();

    public static TheoryData<string> Good => new(
        "{ camera { id } }",
        "query A { camera { id } } query B { camera { id } }",
        "subscription { ticks }",
        "subscription { ticks ...T } fragment T on Subscription { ticks }",
        "subscription { ticks changes @skip(if: true) { id } }",
        "{ camera { ... on Device { name } ...F } } fragment F on Camera { fps }",
        "query ($id: ID!) { device(id: $id) { id } }",
        "query ($f: Int = 3) { devices(first: $f) { id } }",
        "query ($f: Int) { devices(first: $f) { id } }",
        "query ($f: Int = 1) { devices(range: {from: $f}) { id } }",
        "query ($n: String!) { find(by: {name: $n}) { __typename } }",
        "{ devices(ids: \"one\") { id } }",
        "{ devices(range: {from: 1, to: null}, unit: LUX) { id } }",
        "{ camera { fps @tag(name: \"a\") @tag(name: \"b\") } }",
        "query @trace(level: 1) { camera { id } }",
        "{ find(by: {id: 1}) { ... on Camera { x: fps } ... on Sensor { y: unit } } }",
        "{ find(by: {id: 1}) { ... on Camera { x: id } ... on Sensor { x: id } } }",
        "{ a: device(id: 1) { id } b: device(id: 2) { id } }",
        "{ camera { near { near { id } } } }",
        "{ __schema { types { fields { name type { name } } } } }",
        "\"says what\" query (\"of whom\" $a: Int = 1) { devices(first: $a) { id } }");

    /// <summary>The rule, what it refuses, and each message in the order of the text.</summary>
    public static TheoryData<string, string, string[]> Bad => new()
    {
        { "ExecutableDefinitions", "{ camera { id } } type T { a: Int }", ["The \"T\" definition is not executable."] },
        {
            "UniqueOperationNames", "query A { camera { id } } query A { camera { id } }",
            ["There can be only one operation named \"A\"."]
        },
        {
            "LoneAnonymousOperation", "{ camera { id } } query B { camera { id } }",
            ["This anonymous operation must be the only defined operation."]
        },
        {
            "SingleFieldSubscriptions", "subscription S { ticks changes { id } }",
            ["Subscription \"S\" must select only one top level field."]
        },
        {
            "SingleFieldSubscriptions", "subscription { __typename }",
            ["Anonymous Subscription must not select an introspection top level field."]
        },
        { "KnownTypeNames", "{ camera { ... on Camara { id } } }", ["Unknown type \"Camara\". Did you mean \"Camera\"?"] },
        {
            "FragmentsOnCompositeTypes", "{ camera { ...F } } fragment F on Int { id }",
            ["Fragment \"F\" cannot condition on non composite type \"Int\"."]
        },
        {
            "VariablesAreInputTypes", "query ($c: Camera) { devices(unit: $c) { id } }",
            [
                "Variable \"$c\" cannot be non-input type \"Camera\".",
                "Variable \"$c\" of type \"Camera\" used in position expecting type \"Unit\".",
            ]
        },
        {
            "ScalarLeafs", "{ camera { fps { a } } }",
            ["Field \"fps\" must not have a selection since type \"Int\" has no subfields."]
        },
        {
            "ScalarLeafs", "{ camera }",
            ["Field \"camera\" of type \"Camera\" must have a selection of subfields. Did you mean \"camera { ... }\"?"]
        },
        { "FieldsOnCorrectType", "{ camera { fsp } }", ["Cannot query field \"fsp\" on type \"Camera\". Did you mean \"fps\"?"] },
        {
            "FieldsOnCorrectType", "{ device(id: 1) { unit } }",
            ["Cannot query field \"unit\" on type \"Device\". Did you mean to use an inline fragment on \"Sensor\"?"]
        },
        {
            "UniqueFragmentNames", "{ camera { ...F } } fragment F on Camera { id } fragment F on Camera { id }",
            ["There can be only one fragment named \"F\"."]
        },
        { "KnownFragmentNames", "{ camera { ...G } }", ["Unknown fragment \"G\"."] },
        { "NoUnusedFragments", "{ camera { id } } fragment F on Camera { id }", ["Fragment \"F\" is never used."] },
        {
            "PossibleFragmentSpreads", "{ camera { ... on Sensor { id } } }",
            ["Fragment cannot be spread here as objects of type \"Camera\" can never be of type \"Sensor\"."]
        },
        {
            "NoFragmentCycles", "{ camera { ...A } } fragment A on Camera { ...B } fragment B on Camera { ...A }",
            ["Cannot spread fragment \"A\" within itself via \"B\"."]
        },
        {
            "UniqueVariableNames", "query ($a: ID!, $a: ID!) { device(id: $a) { id } }",
            ["There can be only one variable named \"$a\"."]
        },
        {
            "NoUndefinedVariables", "query Q { ...F } fragment F on Query { device(id: $a) { id } }",
            ["Variable \"$a\" is not defined by operation \"Q\"."]
        },
        { "NoUnusedVariables", "query ($a: ID) { camera { id } }", ["Variable \"$a\" is never used."] },
        { "KnownDirectives", "{ camera @nope { id } }", ["Unknown directive \"@nope\"."] },
        { "KnownDirectives", "query @tag { camera { id } }", ["Directive \"@tag\" may not be used on QUERY."] },
        {
            "UniqueDirectivesPerLocation", "{ camera @trace(level: 1) @trace(level: 2) { id } }",
            ["The directive \"@trace\" can only be used once at this location."]
        },
        { "KnownArgumentNames", "{ camera(id: 1) { id } }", ["Unknown argument \"id\" on field \"Query.camera\"."] },
        {
            "KnownArgumentNames", "{ camera @trace(level: 1, lvl: 2) { id } }",
            ["Unknown argument \"lvl\" on directive \"@trace\". Did you mean \"level\"?"]
        },
        { "UniqueArgumentNames", "{ device(id: 1, id: 2) { id } }", ["There can be only one argument named \"id\"."] },
        { "ValuesOfCorrectType", "{ devices(first: \"5\") { id } }", ["Int cannot represent non-integer value: \"5\""] },
        {
            "ValuesOfCorrectType", "{ devices(range: {to: 1, fro: 2}) { id } }",
            [
                "Field \"Range.from\" of required type \"Int!\" was not provided.",
                "Field \"fro\" is not defined by type \"Range\". Did you mean \"from\" or \"to\"?",
            ]
        },
        {
            "ValuesOfCorrectType", "{ find(by: {id: 1, name: \"a\"}) { __typename } }",
            ["OneOf Input Object \"By\" must specify exactly one key."]
        },
        { "ValuesOfCorrectType", "{ device(id: null) { id } }", ["Expected value of type \"ID!\", found null."] },
        {
            "ProvidedRequiredArguments", "{ device { id } }",
            ["Field \"device\" argument \"id\" of type \"ID!\" is required, but it was not provided."]
        },
        {
            "ProvidedRequiredArguments", "{ camera @trace { id } }",
            ["Directive \"@trace\" argument \"level\" of type \"Int!\" is required, but it was not provided."]
        },
        {
            "VariablesInAllowedPosition", "query ($id: ID) { device(id: $id) { id } }",
            ["Variable \"$id\" of type \"ID\" used in position expecting type \"ID!\"."]
        },
        {
            "OverlappingFieldsCanBeMerged", "{ camera { x: id x: name } }",
            [
                "Fields \"x\" conflict because \"id\" and \"name\" are different fields. "
                + "Use different aliases on the fields to fetch both if this was intentional.",
            ]
        },
        {
            "OverlappingFieldsCanBeMerged", "{ find(by: {id: 1}) { ... on Camera { online } ... on Sensor { online } } }",
            [
                "Fields \"online\" conflict because they return conflicting types \"Boolean!\" and \"String\". "
                + "Use different aliases on the fields to fetch both if this was intentional.",
            ]
        },
        {
            "UniqueInputFieldNames", "{ devices(range: {from: 1, from: 2}) { id } }",
            ["There can be only one input field named \"from\"."]
        },
        {
            "MaxIntrospectionDepth", "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
            ["Maximum introspection depth exceeded"]
        },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void lets_what_is_right(string text) => Assert.Empty(Judge(text).Select(TextOf));

    [Theory]
    [MemberData(nameof(Bad))]
    public void refuses_what_is_wrong(string rule, string text, string[] messages)
    {
        Assert.NotEmpty(rule);
        Assert.Equal(messages.Order(), Judge(text).Select(TextOf).Order());
    }

    [Fact]
    public void has_a_case_of_its_own()
    {
        string[] rules = [.. typeof(ValidationRule).Assembly.GetTypes()
            .Where(type => type.Namespace == "Events.GraphQL.Validation.Rules" && type.IsSubclassOf(typeof(ValidationRule)))
            .Select(type => type.Name).Except(["NoDeprecated", "NoIntrospection"]).Order()];
        Assert.Equal(rules, Bad.Select(row => row.Data.Item1).Distinct().Order());
    }

    [Fact]
    public void is_added_where_introspection_is_off()
    {
        ValidationOptions off = ValidationOptions.Default with { IsIntrospectionAllowed = false };
        GraphQLError error = Assert.Single(Validator.Validate(Schema, Parser.Parse("{ __type(name: \"A\") { name } }"), off)
            .DistinctBy(error => error.Message[..40]));
        Assert.StartsWith("GraphQL introspection has been disabled", error.Message);
        Assert.Empty(Validator.Validate(Schema, Parser.Parse("{ __typename camera { __typename } }"), off));
    }

    [Fact]
    public void stops_after_a_hundred_errors()
    {
        string text = $"{{ {string.Concat(Enumerable.Range(0, 500).Select(i => $"no{i} "))} }}";
        IReadOnlyList<GraphQLError> errors = Judge(text);
        Assert.Equal(101, errors.Count);
        Assert.Equal("Too many validation errors, error limit reached. Validation aborted.", errors[^1].Message);
    }

    private static IReadOnlyList<GraphQLError> Judge(string text) =>
        Validator.Validate(Schema, Parser.Parse(text), ValidationOptions.Default);

    private static string TextOf(GraphQLError error) => error.Message + error.Hint;
}
