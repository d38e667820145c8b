using System.Reflection;
using Events.GraphQL.Language;
using Events.GraphQL.Types.Sdl;

namespace Events.GraphQL.Types;

/// <summary>
/// What every schema has: five scalars, five directives, and the types of introspection. Their SDL is a file beside.
/// </summary>
internal static class BuiltIns
{
    internal const string Skip = "skip";
    internal const string Include = "include";
    internal const string Deprecated = "deprecated";
    internal const string SpecifiedBy = "specifiedBy";
    internal const string OneOf = "oneOf";
    internal const string DefaultDeprecationReason = "No longer supported";
    private const string Resource = "Events.GraphQL.Introspection.introspection.graphql";

    internal static DocumentNode Document { get; } = Parser.Parse(Text(), ParserOptions.Trusted);

    /// <summary>The scalars and the types of introspection.</summary>
    internal static IReadOnlyList<string> TypeNames { get; } =
        [.. Document.Definitions.OfType<TypeDefinitionNode>().Select(node => node.Name.Value)];

    internal static bool IsType(string name) => TypeNames.Contains(name);

    internal static bool IsScalar(string name) => name is "Int" or "Float" or "String" or "Boolean" or "ID";

    internal static bool IsDirective(string name) => name is Skip or Include or Deprecated or SpecifiedBy or OneOf;

    /// <returns>Null when none of the five has that name.</returns>
    internal static GraphScalar? Scalar(string name)
    {
        GraphScalar? scalar = name switch
        {
            "Int" => new IntScalar(),
            "Float" => new FloatScalar(),
            "String" => new StringScalar(),
            "Boolean" => new BooleanScalar(),
            "ID" => new IdScalar(),
            _ => null,
        };
        if (scalar is not null)
        {
            scalar.Description = Document.Definitions.OfType<ScalarDefinitionNode>()
                .First(node => node.Name.Value == name).Description?.Value;
        }

        return scalar;
    }

    internal static IEnumerable<GraphDirective> Directives() =>
        Document.Definitions.OfType<DirectiveDefinitionNode>().Select(SdlMembers.Directive);

    internal static IEnumerable<GraphNamedType> IntrospectionTypes() =>
        Document.Definitions.OfType<TypeDefinitionNode>()
            .Where(node => node.Name.Value.StartsWith("__", StringComparison.Ordinal))
            .Select(SdlMembers.Type);

    private static string Text()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
