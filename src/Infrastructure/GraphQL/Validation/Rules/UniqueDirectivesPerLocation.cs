using System.Collections.Immutable;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>
/// A directive that is not repeatable is applied once to each thing, a type's extensions included (specification, section 5.7.3).
/// </summary>
internal sealed class UniqueDirectivesPerLocation : ValidationRule
{
    private readonly Dictionary<string, bool> _isRepeatable = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DirectiveNode> _ofSchema = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, DirectiveNode>> _ofTypes = new(StringComparer.Ordinal);

    public UniqueDirectivesPerLocation(ValidationContext context)
        : base(context)
    {
        foreach (GraphDirective directive in context.HasSchema ? context.Schema.Directives : BuiltIns.Directives())
        {
            _isRepeatable[directive.Name] = directive.IsRepeatable;
        }

        foreach (DirectiveDefinitionNode directive in context.Document.Definitions.OfType<DirectiveDefinitionNode>())
        {
            _isRepeatable[directive.Name.Value] = directive.IsRepeatable;
        }
    }

    internal override bool Enter(SyntaxNode node)
    {
        ImmutableArray<DirectiveNode> applied = AppliedTo(node);
        if (applied.Length == 0)
        {
            return true;
        }

        Dictionary<string, DirectiveNode> seen = SeenOn(node);
        foreach (DirectiveNode directive in applied)
        {
            string name = directive.Name.Value;
            if (_isRepeatable.TryGetValue(name, out bool isRepeatable) && !isRepeatable && !seen.TryAdd(name, directive))
            {
                Report($"The directive \"@{name}\" can only be used once at this location.", seen[name], directive);
            }
        }

        return true;
    }

    private Dictionary<string, DirectiveNode> SeenOn(SyntaxNode node)
    {
        if (node is SchemaDefinitionNode)
        {
            return _ofSchema;
        }

        if (node is TypeDefinitionNode type)
        {
            if (!_ofTypes.TryGetValue(type.Name.Value, out Dictionary<string, DirectiveNode>? seen))
            {
                seen = _ofTypes[type.Name.Value] = new(StringComparer.Ordinal);
            }

            return seen;
        }

        return new(StringComparer.Ordinal);
    }

    private static ImmutableArray<DirectiveNode> AppliedTo(SyntaxNode node) =>
        node switch
        {
            SelectionNode selection => selection.Directives,
            ExecutableDefinitionNode definition => definition.Directives,
            VariableDefinitionNode variable => variable.Directives,
            SchemaDefinitionNode schema => schema.Directives,
            TypeDefinitionNode type => type.Directives,
            FieldDefinitionNode field => field.Directives,
            InputValueDefinitionNode value => value.Directives,
            EnumValueDefinitionNode value => value.Directives,
            _ => [],
        };
}
