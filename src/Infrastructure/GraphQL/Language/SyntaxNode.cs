using System.Collections.Immutable;

namespace Events.GraphQL.Language;

/// <summary>
/// A piece of a document (specification, sections 2 and 3). Nodes are compared by identity; <see cref="Printer"/> gives their
/// text. They nest no deeper than <see cref="ParserOptions.NestingMax"/>, so recursion over them is safe.
/// </summary>
internal abstract class SyntaxNode(Location location)
{
    /// <summary>Where its first token begins, a description included.</summary>
    internal Location Location => location;

    /// <summary>Lets the walker go into each child, in the order of the text.</summary>
    internal virtual void WalkChildren(SyntaxWalker walker)
    {
    }
}

/// <summary>A name and where it stands. Not a node: nobody walks into it.</summary>
internal readonly record struct Name(string Value, Location Location)
{
    /// <summary>A name that a program made.</summary>
    internal static Name Of(string value) => new(value, Location.None);

    public override string ToString() => Value;
}

internal sealed class DocumentNode(ImmutableArray<DefinitionNode> definitions, int tokens) : SyntaxNode(new Location(0, 1, 1))
{
    internal ImmutableArray<DefinitionNode> Definitions => definitions;

    /// <summary>How many tokens its text had; 0 for one that a program made.</summary>
    internal int Tokens => tokens;

    internal override void WalkChildren(SyntaxWalker walker) => walker.WalkAll(definitions);
}

internal abstract class DefinitionNode(Location location, StringValueNode? description) : SyntaxNode(location)
{
    internal StringValueNode? Description => description;
}

/// <summary><c>@name(argument: value)</c> wherever it is applied.</summary>
internal sealed class DirectiveNode(Location location, Name name, ImmutableArray<ArgumentNode> arguments) : SyntaxNode(location)
{
    internal Name Name => name;

    internal ImmutableArray<ArgumentNode> Arguments => arguments;

    internal override void WalkChildren(SyntaxWalker walker) => walker.WalkAll(arguments);
}

internal sealed class ArgumentNode(Location location, Name name, ValueNode value) : SyntaxNode(location)
{
    internal Name Name => name;

    internal ValueNode Value => value;

    internal override void WalkChildren(SyntaxWalker walker) => walker.Walk(value);
}

/// <summary>A reference to a type.</summary>
internal abstract class TypeNode(Location location) : SyntaxNode(location)
{
    /// <summary>The type inside all lists and non-nulls.</summary>
    internal abstract NamedTypeNode Innermost { get; }
}

internal sealed class NamedTypeNode(Name name) : TypeNode(name.Location)
{
    internal Name Name => name;

    internal override NamedTypeNode Innermost => this;
}

internal sealed class ListTypeNode(Location location, TypeNode of) : TypeNode(location)
{
    internal TypeNode Of => of;

    internal override NamedTypeNode Innermost => of.Innermost;

    internal override void WalkChildren(SyntaxWalker walker) => walker.Walk(of);
}

/// <param name="of">A named type or a list.</param>
internal sealed class NonNullTypeNode(TypeNode of) : TypeNode(of.Location)
{
    internal TypeNode Of => of;

    internal override NamedTypeNode Innermost => of.Innermost;

    internal override void WalkChildren(SyntaxWalker walker) => walker.Walk(of);
}
