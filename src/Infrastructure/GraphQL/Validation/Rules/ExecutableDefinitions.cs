using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>A request holds operations and fragments only (specification, section 5.1.1).</summary>
internal sealed class ExecutableDefinitions(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is DefinitionNode definition and not ExecutableDefinitionNode)
        {
            Report($"The {NameOf(definition)} definition is not executable.", definition);
        }

        return node is DocumentNode;
    }

    private static string NameOf(DefinitionNode definition) =>
        definition switch
        {
            TypeDefinitionNode type => $"\"{type.Name}\"",
            DirectiveDefinitionNode directive => $"\"{directive.Name}\"",
            _ => "schema",
        };
}
