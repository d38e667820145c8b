using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>
/// Values of arguments from their literals (specification, section 6.4.1). Messages are those of the reference implementation.
/// </summary>
internal static class ArgumentCoercion
{
    /// <param name="given">For each definition its literal; null where there is none.</param>
    /// <param name="owner">The field or directive, where an error has its place.</param>
    /// <param name="values">Those given and those with a default.</param>
    /// <returns>Null when all fit.</returns>
    internal static GraphQLError? Coerce(
        GraphMembers<GraphInputValue> definitions,
        ValueNode?[] given,
        SyntaxNode owner,
        IReadOnlyDictionary<string, object?> variables,
        out InputValues values)
    {
        values = new InputValues(definitions);
        for (int i = 0; i < given.Length; i++)
        {
            GraphQLError? error = CoerceOne(definitions[i], given[i], owner, variables, out bool isGiven, out object? value);
            if (error is not null)
            {
                values = InputValues.None;
                return error;
            }

            if (isGiven)
            {
                values[i] = value;
            }
        }

        return null;
    }

    private static GraphQLError? CoerceOne(
        GraphInputValue definition,
        ValueNode? literal,
        SyntaxNode owner,
        IReadOnlyDictionary<string, object?> variables,
        out bool isGiven,
        out object? value)
    {
        isGiven = true;
        value = null;
        var variable = literal as VariableNode;
        bool isAbsent = literal is null || (variable is not null && !variables.ContainsKey(variable.Name.Value));
        if (isAbsent)
        {
            isGiven = definition.TryGetDefault(out value);
            return isGiven || definition.Type.Kind != TypeKind.NonNull ? null : Missing(definition, variable, owner);
        }

        bool isNull = literal is NullValueNode || (variable is not null && variables[variable.Name.Value] is null);
        if (isNull && definition.Type.Kind == TypeKind.NonNull)
        {
            return GraphQLError.At(
                $"Argument \"{definition.Name}\" of non-null type \"{definition.Type}\" must not be null.", literal!);
        }

        return LiteralCoercion.TryCoerce(literal!, definition.Type, variables, out value)
            ? null
            : GraphQLError.At($"Argument \"{definition.Name}\" has invalid value {Printer.Print(literal!)}.", literal!);
    }

    private static GraphQLError Missing(GraphInputValue definition, VariableNode? variable, SyntaxNode owner) =>
        variable is null
            ? GraphQLError.At($"Argument \"{definition.Name}\" of required type \"{definition.Type}\" was not provided.", owner)
            : GraphQLError.At(
                $"Argument \"{definition.Name}\" of required type \"{definition.Type}\" was provided the variable "
                    + $"\"${variable.Name}\" which was not provided a runtime value.",
                variable);
}
