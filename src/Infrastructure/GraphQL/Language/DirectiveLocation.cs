using System.Collections.Frozen;
using System.Text;

namespace Events.GraphQL.Language;

/// <summary>Where a directive may stand (specification, section 3.13).</summary>
internal enum DirectiveLocation
{
    Query,
    Mutation,
    Subscription,
    Field,
    FragmentDefinition,
    FragmentSpread,
    InlineFragment,
    VariableDefinition,
    Schema,
    Scalar,
    Object,
    FieldDefinition,
    ArgumentDefinition,
    Interface,
    Union,
    Enum,
    EnumValue,
    InputObject,
    InputFieldDefinition,
}

/// <summary>Their names in a document: <c>FRAGMENT_SPREAD</c>.</summary>
internal static class DirectiveLocations
{
    private static readonly FrozenDictionary<DirectiveLocation, string> Names =
        Enum.GetValues<DirectiveLocation>().ToFrozenDictionary(location => location, UpperSnake);

    private static readonly FrozenDictionary<string, DirectiveLocation> Locations =
        Names.ToFrozenDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    internal static string NameOf(this DirectiveLocation location) => Names[location];

    internal static bool TryParse(string name, out DirectiveLocation location) => Locations.TryGetValue(name, out location);

    private static string UpperSnake(DirectiveLocation location)
    {
        var name = new StringBuilder();
        foreach (char c in location.ToString())
        {
            if (char.IsUpper(c) && name.Length > 0)
            {
                name.Append('_');
            }

            name.Append(char.ToUpperInvariant(c));
        }

        return name.ToString();
    }
}
