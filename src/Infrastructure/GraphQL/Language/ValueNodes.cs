using System.Collections.Immutable;

namespace Events.GraphQL.Language;

/// <summary>An input value as it is written (specification, section 2.9).</summary>
internal abstract class ValueNode(Location location) : SyntaxNode(location);

internal sealed class VariableNode(Location location, Name name) : ValueNode(location)
{
    internal Name Name => name;
}

/// <param name="text">As written: any number of digits.</param>
internal sealed class IntValueNode(Location location, string text) : ValueNode(location)
{
    internal string Text => text;
}

/// <param name="text">As written: any number of digits.</param>
internal sealed class FloatValueNode(Location location, string text) : ValueNode(location)
{
    internal string Text => text;
}

/// <param name="value">What it means: without escapes, and without the indentation of a block.</param>
internal sealed class StringValueNode(Location location, string value, bool isBlock) : ValueNode(location)
{
    internal string Value => value;

    internal bool IsBlock => isBlock;
}

internal sealed class BooleanValueNode(Location location, bool value) : ValueNode(location)
{
    internal bool Value => value;
}

internal sealed class NullValueNode(Location location) : ValueNode(location);

internal sealed class EnumValueNode(Location location, string value) : ValueNode(location)
{
    internal string Value => value;
}

internal sealed class ListValueNode(Location location, ImmutableArray<ValueNode> items) : ValueNode(location)
{
    internal ImmutableArray<ValueNode> Items => items;

    internal override void WalkChildren(SyntaxWalker walker) => walker.WalkAll(items);
}

internal sealed class ObjectValueNode(Location location, ImmutableArray<ObjectFieldNode> fields) : ValueNode(location)
{
    internal ImmutableArray<ObjectFieldNode> Fields => fields;

    internal override void WalkChildren(SyntaxWalker walker) => walker.WalkAll(fields);
}

internal sealed class ObjectFieldNode(Location location, Name name, ValueNode value) : SyntaxNode(location)
{
    internal Name Name => name;

    internal ValueNode Value => value;

    internal override void WalkChildren(SyntaxWalker walker) => walker.Walk(value);
}
