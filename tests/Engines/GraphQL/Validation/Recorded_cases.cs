using System.Text.Json;
using Events.GraphQL;
using Events.GraphQL.Language;
using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using Events.GraphQL.Validation;
using Events.GraphQL.Validation.Rules;
using Events.GraphQL.Validation.Sdl;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Validation;

/// <summary>Cases that another engine's own tests left: one rule each, what it reports and where.</summary>
public sealed class Recorded_cases
{
    private static readonly Dictionary<string, RuleFactory> Rules = new RuleFactory[]
    {
        context => new ExecutableDefinitions(context), context => new FieldsOnCorrectType(context),
        context => new FragmentsOnCompositeTypes(context), context => new KnownArgumentNames(context),
        context => new KnownArgumentNamesOnDirectives(context), context => new KnownDirectives(context),
        context => new KnownFragmentNames(context), context => new KnownTypeNames(context),
        context => new LoneAnonymousOperation(context), context => new LoneSchemaDefinition(context),
        context => new MaxIntrospectionDepth(context), context => new NoFragmentCycles(context),
        context => new NoUndefinedVariables(context), context => new NoUnusedFragments(context),
        context => new NoUnusedVariables(context), context => new OverlappingFieldsCanBeMerged(context),
        context => new PossibleFragmentSpreads(context), context => new PossibleTypeExtensions(context),
        context => new ProvidedRequiredArguments(context), context => new ProvidedRequiredArgumentsOnDirectives(context),
        context => new ScalarLeafs(context), context => new SingleFieldSubscriptions(context),
        context => new UniqueArgumentDefinitionNames(context), context => new UniqueArgumentNames(context),
        context => new UniqueDirectiveNames(context), context => new UniqueDirectivesPerLocation(context),
        context => new UniqueEnumValueNames(context), context => new UniqueFieldDefinitionNames(context),
        context => new UniqueFragmentNames(context), context => new UniqueInputFieldNames(context),
        context => new UniqueOperationNames(context), context => new UniqueOperationTypes(context),
        context => new UniqueTypeNames(context), context => new UniqueVariableNames(context),
        context => new ValuesOfCorrectType(context), context => new VariablesAreInputTypes(context),
        context => new VariablesInAllowedPosition(context),
    }
    .ToDictionary(make => NameOf(make) + "Rule")
    .Concat([
        new("NoDeprecatedCustomRule", context => new NoDeprecated(context)),
        new("NoSchemaIntrospectionCustomRule", context => new NoIntrospection(context)),
    ]).ToDictionary();

    [Fact]
    public void are_judged_alike()
    {
        using JsonDocument recorded = Recorded.Read("graphql-js-validation.json");
        var schemas = recorded.RootElement.GetProperty("schemas").EnumerateObject()
            .ToDictionary(one => one.Name, one => Schema(one.Value.GetString()!));
        int count = 0;
        var wrong = new List<string>();
        foreach (JsonElement one in recorded.RootElement.GetProperty("cases").EnumerateArray())
        {
            string[] expected = [.. one.GetProperty("errors").EnumerateArray().Select(Text).Order(StringComparer.Ordinal)];
            string[] found = [.. Judge(one, schemas).Select(Text).Order(StringComparer.Ordinal)];
            count++;
            if (!expected.SequenceEqual(found))
            {
                wrong.Add(string.Join('\n', $"{one.GetProperty("id")}", Line("expected", expected), Line("found", found)));
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count} differ:\n{string.Join('\n', wrong)}");
        Assert.Equal(536, count);
    }

    private static string Line(string what, string[] errors) => $"  {what}: {string.Join(" | ", errors)}";

    private static IReadOnlyList<GraphQLError> Judge(JsonElement one, Dictionary<string, GraphSchema> schemas)
    {
        GraphSchema? schema = one.GetProperty("schema").GetString() is { } name ? schemas[name] : null;
        string text = (one.TryGetProperty("query", out JsonElement query) ? query : one.GetProperty("sdl")).GetString()!;
        var context = new ValidationContext(schema, Parser.Parse(text), ValidationOptions.Default);
        return Validator.Run(context, [Rules[one.GetProperty("rule").GetString()!]]);
    }

    /// <summary>One case has a scalar that takes no literal, which SDL cannot say.</summary>
    private static GraphSchema Schema(string sdl)
    {
        const string Custom = "scalar CustomScalar";
        SchemaBuilder builder = SdlReader.Read(sdl.Replace(Custom, string.Empty, StringComparison.Ordinal));
        if (sdl.Contains(Custom, StringComparison.Ordinal))
        {
            builder.Types.Add(new Refusing("CustomScalar"));
        }

        return builder.Build(isChecked: false);
    }

    private static string NameOf(RuleFactory make)
    {
        GraphSchema schema = SdlReader.Read("type Query { a: Int }").Build();
        return make(new ValidationContext(schema, Parser.Parse("{ a }"), ValidationOptions.Default)).GetType().Name;
    }

    private static string Text(GraphQLError error) =>
        $"{error.Message}{error.Hint} {string.Join(',', error.Locations.Select(at => $"{at.Line}:{at.Column}"))}";

    private static string Text(JsonElement error)
    {
        var places = error.TryGetProperty("locations", out JsonElement locations) ? locations.EnumerateArray().ToList() : [];
        return $"{error.GetProperty("message").GetString()} "
            + string.Join(',', places.Select(at => $"{at.GetProperty("line")}:{at.GetProperty("column")}"));
    }

    private sealed class Refusing(string name) : GraphScalar(name)
    {
        public override object Serialize(object value) => value;

        public override object? ParseValue(JsonElement value) => null;

        public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
            throw new CoercionException($"Expected value of type \"{Name}\", found {Printer.Print(literal)}.");
    }
}
