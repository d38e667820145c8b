using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Every directive is defined, and stands where it may (specification, sections 5.7.1 and 5.7.2).</summary>
internal sealed class KnownDirectives : ValidationRule
{
    private readonly Dictionary<string, IReadOnlyList<DirectiveLocation>> _places = new(StringComparer.Ordinal);

    public KnownDirectives(ValidationContext context)
        : base(context)
    {
        foreach (GraphDirective directive in context.HasSchema ? context.Schema.Directives : BuiltIns.Directives())
        {
            _places[directive.Name] = directive.Locations;
        }

        foreach (DirectiveDefinitionNode directive in context.Document.Definitions.OfType<DirectiveDefinitionNode>())
        {
            _places[directive.Name.Value] = directive.Locations;
        }
    }

    internal override bool Enter(SyntaxNode node)
    {
        if (node is DirectiveNode directive)
        {
            if (!_places.TryGetValue(directive.Name.Value, out IReadOnlyList<DirectiveLocation>? places))
            {
                Report($"Unknown directive \"@{directive.Name}\".", directive);
            }
            else if (PlaceOf(Context.Ancestors[^1]) is { } place && !places.Contains(place))
            {
                Report($"Directive \"@{directive.Name}\" may not be used on {place.NameOf()}.", directive);
            }
        }

        return true;
    }

    private DirectiveLocation? PlaceOf(SyntaxNode bearer) =>
        bearer switch
        {
            OperationDefinitionNode { Operation: OperationType.Query } => DirectiveLocation.Query,
            OperationDefinitionNode { Operation: OperationType.Mutation } => DirectiveLocation.Mutation,
            OperationDefinitionNode => DirectiveLocation.Subscription,
            FieldNode => DirectiveLocation.Field,
            FragmentSpreadNode => DirectiveLocation.FragmentSpread,
            InlineFragmentNode => DirectiveLocation.InlineFragment,
            FragmentDefinitionNode => DirectiveLocation.FragmentDefinition,
            VariableDefinitionNode => DirectiveLocation.VariableDefinition,
            SchemaDefinitionNode => DirectiveLocation.Schema,
            ScalarDefinitionNode => DirectiveLocation.Scalar,
            FieldsDefinitionNode { IsInterface: true } => DirectiveLocation.Interface,
            FieldsDefinitionNode => DirectiveLocation.Object,
            FieldDefinitionNode => DirectiveLocation.FieldDefinition,
            UnionDefinitionNode => DirectiveLocation.Union,
            EnumDefinitionNode => DirectiveLocation.Enum,
            EnumValueDefinitionNode => DirectiveLocation.EnumValue,
            InputObjectDefinitionNode => DirectiveLocation.InputObject,
            InputValueDefinitionNode when Context.Ancestors[^2] is InputObjectDefinitionNode =>
                DirectiveLocation.InputFieldDefinition,
            InputValueDefinitionNode => DirectiveLocation.ArgumentDefinition,
            _ => null,
        };
}
