using System.Collections.Immutable;
using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Whether two fields are asked with the same arguments, in whatever order.</summary>
internal static class SameArguments
{
    internal static bool Are(ImmutableArray<ArgumentNode> left, ImmutableArray<ArgumentNode> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        if (left.Length == 0)
        {
            return true;
        }

        var others = new Dictionary<string, ValueNode>(StringComparer.Ordinal);
        foreach (ArgumentNode argument in right)
        {
            others[argument.Name.Value] = argument.Value;
        }

        return left.All(one => others.TryGetValue(one.Name.Value, out ValueNode? other) && AreValues(one.Value, other));
    }

    private static bool AreValues(ValueNode left, ValueNode right) =>
        (left, right) switch
        {
            (VariableNode a, VariableNode b) => a.Name.Value == b.Name.Value,
            (IntValueNode a, IntValueNode b) => a.Text == b.Text,
            (FloatValueNode a, FloatValueNode b) => a.Text == b.Text,
            (StringValueNode a, StringValueNode b) => a.Value == b.Value,
            (BooleanValueNode a, BooleanValueNode b) => a.Value == b.Value,
            (NullValueNode, NullValueNode) => true,
            (EnumValueNode a, EnumValueNode b) => a.Value == b.Value,
            (ListValueNode a, ListValueNode b) =>
                a.Items.Length == b.Items.Length && a.Items.Zip(b.Items).All(pair => AreValues(pair.First, pair.Second)),
            (ObjectValueNode a, ObjectValueNode b) => AreFields(a.Fields, b.Fields),
            _ => false,
        };

    private static bool AreFields(ImmutableArray<ObjectFieldNode> left, ImmutableArray<ObjectFieldNode> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        var others = new Dictionary<string, ValueNode>(StringComparer.Ordinal);
        foreach (ObjectFieldNode field in right)
        {
            others[field.Name.Value] = field.Value;
        }

        return left.All(one => others.TryGetValue(one.Name.Value, out ValueNode? other) && AreValues(one.Value, other));
    }
}
