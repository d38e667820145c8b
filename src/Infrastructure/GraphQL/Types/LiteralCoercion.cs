using System.Collections.Immutable;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>
/// Makes values of literals (specification, "input coercion" of each kind of type). Validation has said what is wrong.
/// </summary>
internal static class LiteralCoercion
{
    /// <param name="variables">Coerced, those not given left out; null where no variable may stand.</param>
    /// <param name="value">Lists are <c>object?[]</c>, input objects what <see cref="GraphInput.Runtime"/> makes of them.</param>
    /// <returns>False when the literal does not fit the type, or is a variable that is not given.</returns>
    internal static bool TryCoerce(
        ValueNode literal, GraphType type, IReadOnlyDictionary<string, object?>? variables, out object? value)
    {
        value = null;
        if (literal is VariableNode variable)
        {
            return variables is not null
                && variables.TryGetValue(variable.Name.Value, out value)
                && (value is not null || type.Kind != TypeKind.NonNull);
        }

        if (type is GraphNonNull nonNull)
        {
            return literal is not NullValueNode && TryCoerce(literal, nonNull.Of, variables, out value);
        }

        if (literal is NullValueNode)
        {
            return true;
        }

        return type switch
        {
            GraphList list => TryCoerceList(literal, list.Of, variables, out value),
            GraphInput input => TryCoerceObject(literal, input, variables, out value),
            IGraphLeaf leaf => TryCoerceLeaf(literal, leaf, variables, out value),
            _ => false,
        };
    }

    /// <summary>The same value with nothing left to the type: defaults filled in, single items in lists.</summary>
    internal static ValueNode Complete(ValueNode literal, GraphType type) =>
        (type.Nullable, literal) switch
        {
            (_, NullValueNode or VariableNode) => literal,
            (GraphList list, ListValueNode items) =>
                new ListValueNode(literal.Location, [.. items.Items.Select(item => Complete(item, list.Of))]),
            (GraphList list, _) => new ListValueNode(literal.Location, [Complete(literal, list.Of)]),
            (GraphInput input, ObjectValueNode fields) => new ObjectValueNode(literal.Location, [.. Completed(fields, input)]),
            _ => literal,
        };

    private static IEnumerable<ObjectFieldNode> Completed(ObjectValueNode literal, GraphInput type)
    {
        foreach (GraphInputValue field in type.Fields)
        {
            ValueNode? value = literal.Fields.FirstOrDefault(one => one.Name.Value == field.Name)?.Value ?? field.DefaultLiteral;
            if (value is not null)
            {
                yield return new ObjectFieldNode(literal.Location, Name.Of(field.Name), Complete(value, field.Type));
            }
        }
    }

    private static bool TryCoerceLeaf(
        ValueNode literal, IGraphLeaf leaf, IReadOnlyDictionary<string, object?>? variables, out object? value)
    {
        try
        {
            value = leaf.ParseLiteral(literal, variables);
            return true;
        }
        catch (CoercionException)
        {
            value = null;
            return false;
        }
    }

    /// <summary>A single item counts as a list of one.</summary>
    private static bool TryCoerceList(
        ValueNode literal, GraphType of, IReadOnlyDictionary<string, object?>? variables, out object? value)
    {
        ImmutableArray<ValueNode> items = literal is ListValueNode list ? list.Items : [literal];
        var values = new object?[items.Length];
        value = values;
        for (int i = 0; i < items.Length; i++)
        {
            bool isAbsent = items[i] is VariableNode variable && variables?.ContainsKey(variable.Name.Value) != true;
            if (isAbsent ? of.Kind == TypeKind.NonNull : !TryCoerce(items[i], of, variables, out values[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryCoerceObject(
        ValueNode literal, GraphInput type, IReadOnlyDictionary<string, object?>? variables, out object? value)
    {
        value = null;
        if (literal is not ObjectValueNode fields)
        {
            return false;
        }

        var values = new InputValues(type.Fields);
        for (int i = 0; i < type.Fields.Count; i++)
        {
            if (!TryCoerceField(fields, type.Fields[i], variables, out bool isGiven, out object? field))
            {
                return false;
            }

            if (isGiven)
            {
                values[i] = field;
            }
        }

        if (type.IsOneOf && !IsOne(fields, values))
        {
            return false;
        }

        return TryMake(type, values, out value);
    }

    private static bool TryCoerceField(
        ObjectValueNode literal,
        GraphInputValue field,
        IReadOnlyDictionary<string, object?>? variables,
        out bool isGiven,
        out object? value)
    {
        ValueNode? given = literal.Fields.FirstOrDefault(one => one.Name.Value == field.Name)?.Value;
        bool isAbsent = given is null
            || (given is VariableNode variable && variables?.ContainsKey(variable.Name.Value) != true);
        if (isAbsent)
        {
            isGiven = field.TryGetDefault(out value);
            return isGiven || field.Type.Kind != TypeKind.NonNull;
        }

        isGiven = true;
        return TryCoerce(given!, field.Type, variables, out value);
    }

    /// <summary>Exactly one field, and not null (specification, section 3.10.1).</summary>
    private static bool IsOne(ObjectValueNode literal, InputValues values) =>
        literal.Fields.Length == 1 && values.Given().Count() == 1 && values.Given().Single().Value is not null;

    private static bool TryMake(GraphInput type, InputValues values, out object? value)
    {
        try
        {
            value = type.Runtime(values);
            return true;
        }
        catch (CoercionException)
        {
            value = null;
            return false;
        }
    }
}
