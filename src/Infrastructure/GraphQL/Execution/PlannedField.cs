using System.Collections.Immutable;
using System.Text.Json;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>
/// A field of a result: all selections of one response name in one place, merged (specification, section 6.3.2,
/// <c>CollectFields</c>). It holds nothing of a request beyond the conditions that chose its selections, so a plan without
/// variable conditions serves every request for its operation.
/// </summary>
internal sealed class PlannedField
{
    private readonly OperationPlan _plan;
    private readonly ValueNode?[] _given;
    private readonly InputValues? _constantArguments;
    private volatile Below? _below;

    internal PlannedField(OperationPlan plan, GraphObject parent, GraphField definition, ImmutableArray<FieldNode> nodes)
    {
        _plan = plan;
        ParentType = parent;
        Definition = definition;
        Nodes = nodes;
        ResponseName = nodes[0].ResponseName;
        Name = JsonEncodedText.Encode(ResponseName);
        ItemType = definition.Type.Nullable;
        IsNullable = definition.Type.Kind != TypeKind.NonNull;
        IsLeaf = ItemType.IsLeaf;
        TypeName = definition.Name == "__typename" ? parent.Name : null;
        _given = Given(definition, nodes[0]);
        _constantArguments = ConstantArguments();
    }

    internal GraphObject ParentType { get; }

    internal GraphField Definition { get; }

    /// <summary>At least one. The first one's arguments count; validation has seen that the others' are the same.</summary>
    internal ImmutableArray<FieldNode> Nodes { get; }

    internal string ResponseName { get; }

    internal JsonEncodedText Name { get; }

    /// <summary>The field's type without its outermost non-null.</summary>
    internal GraphType ItemType { get; }

    internal bool IsNullable { get; }

    internal bool IsLeaf { get; }

    /// <summary>The value of <c>__typename</c>; null for any other field.</summary>
    internal string? TypeName { get; }

    /// <summary>Coerces the arguments (specification, section 6.4.1, <c>CoerceArgumentValues</c>).</summary>
    /// <param name="values">None when there is an error.</param>
    /// <returns>Null when they fit.</returns>
    internal GraphQLError? Coerce(IReadOnlyDictionary<string, object?> variables, out InputValues values)
    {
        if (_constantArguments is not null)
        {
            values = _constantArguments;
            return null;
        }

        return ArgumentCoercion.Coerce(Definition.Arguments, _given, Nodes[0], variables, out values);
    }

    /// <returns>What to execute on an object of this type that is, or is in, this field's value.</returns>
    /// <exception cref="GraphQLException">A condition of a selection is no boolean.</exception>
    internal SelectionPlan SelectionsOn(GraphObject type)
    {
        for (Below? below = _below; below is not null; below = below.Next)
        {
            if (below.Selections.Type == type)
            {
                return below.Selections;
            }
        }

        SelectionPlan made = _plan.Collect(type, this);

        // Of two that were made at the same time one is lost, which costs nothing but the making.
        _below = new Below(made, _below);
        return made;
    }

    private static ValueNode?[] Given(GraphField definition, FieldNode node)
    {
        if (definition.Arguments.Count == 0)
        {
            return [];
        }

        var given = new ValueNode?[definition.Arguments.Count];
        foreach (ArgumentNode argument in node.Arguments)
        {
            int index = definition.Arguments.IndexOf(argument.Name.Value);
            if (index >= 0)
            {
                given[index] = argument.Value;
            }
        }

        return given;
    }

    /// <returns>
    /// Null when they depend on variables, or hold input objects: those may be mutable objects of the application.
    /// </returns>
    private InputValues? ConstantArguments()
    {
        if (Definition.Arguments.Count == 0)
        {
            return InputValues.None;
        }

        bool isConstant = Definition.Arguments.All(one => one.Type.Named is IGraphLeaf and not AnyScalar)
            && _given.All(literal => literal is null || !HasVariable(literal));
        return isConstant && ArgumentCoercion.Coerce(Definition.Arguments, _given, Nodes[0], NoVariables, out var values) is null
            ? values
            : null;
    }

    private static readonly Dictionary<string, object?> NoVariables = [];

    private static bool HasVariable(ValueNode literal) =>
        literal switch
        {
            VariableNode => true,
            ListValueNode list => list.Items.Any(HasVariable),
            ObjectValueNode fields => fields.Fields.Any(field => HasVariable(field.Value)),
            _ => false,
        };

    private sealed record Below(SelectionPlan Selections, Below? Next);
}

/// <summary>The fields to execute on an object of one type, in the order of their first selection.</summary>
internal sealed record SelectionPlan(GraphObject Type, PlannedField[] Fields);
