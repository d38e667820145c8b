using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>
/// A place of a result that holds others: what is executed, and what is written. Values are null, leaves as JSON can hold them,
/// or nodes.
/// </summary>
internal abstract class ResultNode(ResultNode? parent, int index, object?[] values)
{
    /// <summary>In place of a value that an error took away; written as null.</summary>
    internal static readonly object Nulled = new();

    private volatile bool _isDiscarded;

    /// <summary>Null for the operation's own object.</summary>
    internal ResultNode? Parent => parent;

    /// <summary>Where it stands in its parent.</summary>
    internal int Index => index;

    internal object?[] Values => values;

    /// <summary>A null took its place, or one further up: nothing in it needs executing.</summary>
    internal bool IsDiscarded
    {
        get => _isDiscarded;
        set => _isDiscarded = value;
    }

    internal abstract bool IsNullable(int index);

    /// <returns>A response name or a list index.</returns>
    internal abstract object KeyOf(int index);

    /// <returns>The path to one of its values, from the operation's own object.</returns>
    internal List<object> PathTo(int index)
    {
        var path = new List<object>();
        for (ResultNode? node = this; node is not null; node = node.Parent)
        {
            path.Add(node.KeyOf(index));
            index = node.Index;
        }

        path.Reverse();
        return path;
    }

    /// <summary>Whether a null took its place or that of something around it.</summary>
    internal bool IsLost()
    {
        ResultNode node = this;
        while (!node.IsDiscarded)
        {
            if (node.Parent is null)
            {
                return false;
            }

            if (Volatile.Read(ref node.Parent.Values[node.Index]) == Nulled)
            {
                return true;
            }

            node = node.Parent;
        }

        return true;
    }
}

internal sealed class ObjectNode(ResultNode? parent, int index, SelectionPlan plan)
    : ResultNode(parent, index, new object?[plan.Fields.Length])
{
    internal PlannedField[] Fields => plan.Fields;

    internal override bool IsNullable(int index) => plan.Fields[index].IsNullable;

    internal override object KeyOf(int index) => plan.Fields[index].ResponseName;
}

internal sealed class ListNode(ResultNode? parent, int index, GraphType of, object?[] values) : ResultNode(parent, index, values)
{
    /// <summary>The type of its items.</summary>
    internal GraphType Of => of;

    internal override bool IsNullable(int index) => of.Kind != TypeKind.NonNull;

    internal override object KeyOf(int index) => index;
}
