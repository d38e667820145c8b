using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Variables are scalars, enums and input objects, or lists of them (specification, section 5.8.2).</summary>
internal sealed class VariablesAreInputTypes(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is VariableDefinitionNode definition && Context.Schema.TypeOf(definition.Type) is { IsInput: false })
        {
            Report(
                $"Variable \"${definition.Variable.Name}\" cannot be non-input type \"{Printer.Print(definition.Type)}\".",
                definition.Type);
        }

        return true;
    }
}
