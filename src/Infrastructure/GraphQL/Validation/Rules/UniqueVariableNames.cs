using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Each variable of an operation is defined once (specification, section 5.8.1).</summary>
internal sealed class UniqueVariableNames(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is OperationDefinitionNode operation)
        {
            foreach (var group in operation.Variables.GroupBy(one => one.Variable.Name.Value).Where(group => group.Skip(1).Any()))
            {
                Report(
                    $"There can be only one variable named \"${group.Key}\".", group.Select(one => one.Variable.Name.Location));
            }
        }

        return node is DocumentNode;
    }
}
