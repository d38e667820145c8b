using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Every variable of an operation is used, in fragments at least (specification, section 5.8.4).</summary>
internal sealed class NoUnusedVariables(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is OperationDefinitionNode { Variables.Length: > 0 } operation)
        {
            var used = Context.VariablesUsedBy(operation).Select(use => use.Node.Name.Value).ToHashSet(StringComparer.Ordinal);
            string where = operation.Name is { } name ? $" in operation \"{name}\"" : string.Empty;
            foreach (VariableDefinitionNode unused in operation.Variables.Where(one => !used.Contains(one.Variable.Name.Value)))
            {
                Report($"Variable \"${unused.Variable.Name}\" is never used{where}.", unused);
            }
        }

        return node is DocumentNode;
    }
}
