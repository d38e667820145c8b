using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Every variable that an operation uses, in fragments too, is one of its own (specification, section 5.8.3).</summary>
internal sealed class NoUndefinedVariables(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is OperationDefinitionNode operation)
        {
            var defined = operation.Variables.Select(one => one.Variable.Name.Value).ToHashSet(StringComparer.Ordinal);
            string where = operation.Name is { } name ? $" by operation \"{name}\"" : string.Empty;
            foreach (VariableUse use in Context.VariablesUsedBy(operation).Where(use => !defined.Contains(use.Node.Name.Value)))
            {
                Report($"Variable \"${use.Node.Name}\" is not defined{where}.", use.Node, operation);
            }
        }

        return node is DocumentNode;
    }
}
