using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>
/// The arguments that each directive takes in a schema document: its own definitions stand before those of the schema that it
/// extends, or of every schema.
/// </summary>
internal sealed class AppliedDirectives
{
    private readonly Dictionary<string, IReadOnlyList<(string Name, string Type, bool IsRequired)>> _arguments =
        new(StringComparer.Ordinal);

    internal AppliedDirectives(ValidationContext context)
    {
        foreach (GraphDirective directive in context.HasSchema ? context.Schema.Directives : BuiltIns.Directives())
        {
            _arguments[directive.Name] = [.. directive.Arguments.Select(one => (
                one.Name,
                Printer.Print(one.TypeSyntax),
                one.TypeSyntax is NonNullTypeNode && one.DefaultLiteral is null))];
        }

        foreach (DirectiveDefinitionNode directive in context.Document.Definitions.OfType<DirectiveDefinitionNode>())
        {
            _arguments[directive.Name.Value] = [.. directive.Arguments.Select(one => (
                one.Name.Value, Printer.Print(one.Type), one.Type is NonNullTypeNode && one.DefaultValue is null))];
        }
    }

    /// <returns>Null for a directive that is unknown, which another rule reports.</returns>
    internal IReadOnlyList<(string Name, string Type, bool IsRequired)>? ArgumentsOf(DirectiveNode directive) =>
        _arguments.GetValueOrDefault(directive.Name.Value);
}
