using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Variables fit the places where they are used (specification, section 5.8.5).</summary>
internal sealed class VariablesInAllowedPosition(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is OperationDefinitionNode { Variables.Length: > 0 } operation)
        {
            var definitions = new Dictionary<string, VariableDefinitionNode>(StringComparer.Ordinal);
            foreach (VariableDefinitionNode definition in operation.Variables)
            {
                definitions[definition.Variable.Name.Value] = definition;
            }

            foreach (VariableUse use in Context.VariablesUsedBy(operation))
            {
                if (definitions.TryGetValue(use.Node.Name.Value, out VariableDefinitionNode? definition))
                {
                    Check(use, definition);
                }
            }
        }

        return node is DocumentNode;
    }

    private void Check(VariableUse use, VariableDefinitionNode definition)
    {
        if (use.Type is null || Context.Schema.TypeOf(definition.Type) is not { } type)
        {
            return;
        }

        if (!IsAllowed(type, definition.DefaultValue, use))
        {
            Report(
                $"Variable \"${use.Node.Name}\" of type \"{type}\" used in position expecting type \"{use.Type}\".",
                definition,
                use.Node);
        }

        if (use.ParentType is GraphInput { IsOneOf: true } oneOf && type is not GraphNonNull)
        {
            Report(
                $"Variable \"${use.Node.Name}\" is of type \"{type}\" but must be non-nullable to be used for OneOf Input Object "
                + $"\"{oneOf}\".",
                definition,
                use.Node);
        }
    }

    /// <summary>A variable that may be null fits a place that may not, if one of them has a default.</summary>
    private bool IsAllowed(GraphType type, ValueNode? defaultValue, VariableUse use)
    {
        if (use.Type is not GraphNonNull nonNull || type is GraphNonNull)
        {
            return Context.Schema.IsAssignable(type, use.Type!);
        }

        bool hasDefault = defaultValue is not null and not NullValueNode;
        return (hasDefault || use.HasDefault) && Context.Schema.IsAssignable(type, nonNull.Of);
    }
}
