using System.Collections.Immutable;

namespace Events.GraphQL.Language;

/// <summary><c>schema { ... }</c> and <c>extend schema ...</c> (specification, section 3.3).</summary>
internal sealed class SchemaDefinitionNode(
    Location location,
    StringValueNode? description,
    bool isExtension,
    ImmutableArray<DirectiveNode> directives,
    ImmutableArray<RootTypeNode> roots) : DefinitionNode(location, description)
{
    internal bool IsExtension => isExtension;

    internal ImmutableArray<DirectiveNode> Directives => directives;

    internal ImmutableArray<RootTypeNode> Roots => roots;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkIf(Description);
        walker.WalkAll(directives);
        walker.WalkAll(roots);
    }
}

/// <summary><c>query: Query</c> in a schema definition.</summary>
internal sealed class RootTypeNode(Location location, OperationType operation, NamedTypeNode type) : SyntaxNode(location)
{
    internal OperationType Operation => operation;

    internal NamedTypeNode Type => type;

    internal override void WalkChildren(SyntaxWalker walker) => walker.Walk(type);
}

/// <summary>A definition of a type, or an extension of one, which has the same parts but no description.</summary>
internal abstract class TypeDefinitionNode(
    Location location, StringValueNode? description, bool isExtension, Name name, ImmutableArray<DirectiveNode> directives)
    : DefinitionNode(location, description)
{
    internal bool IsExtension => isExtension;

    internal Name Name => name;

    internal ImmutableArray<DirectiveNode> Directives => directives;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkIf(Description);
        walker.WalkAll(directives);
    }
}

internal sealed class ScalarDefinitionNode(
    Location location, StringValueNode? description, bool isExtension, Name name, ImmutableArray<DirectiveNode> directives)
    : TypeDefinitionNode(location, description, isExtension, name, directives);

/// <summary>An object type or an interface.</summary>
/// <param name="isInterface">Both are written alike but for the keyword.</param>
internal sealed class FieldsDefinitionNode(
    Location location,
    StringValueNode? description,
    bool isExtension,
    bool isInterface,
    Name name,
    ImmutableArray<NamedTypeNode> interfaces,
    ImmutableArray<DirectiveNode> directives,
    ImmutableArray<FieldDefinitionNode> fields) : TypeDefinitionNode(location, description, isExtension, name, directives)
{
    internal bool IsInterface => isInterface;

    internal ImmutableArray<NamedTypeNode> Interfaces => interfaces;

    internal ImmutableArray<FieldDefinitionNode> Fields => fields;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkIf(Description);
        walker.WalkAll(interfaces);
        walker.WalkAll(Directives);
        walker.WalkAll(fields);
    }
}

internal sealed class FieldDefinitionNode(
    Location location,
    StringValueNode? description,
    Name name,
    ImmutableArray<InputValueDefinitionNode> arguments,
    TypeNode type,
    ImmutableArray<DirectiveNode> directives) : SyntaxNode(location)
{
    internal StringValueNode? Description => description;

    internal Name Name => name;

    internal ImmutableArray<InputValueDefinitionNode> Arguments => arguments;

    internal TypeNode Type => type;

    internal ImmutableArray<DirectiveNode> Directives => directives;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkIf(description);
        walker.WalkAll(arguments);
        walker.Walk(type);
        walker.WalkAll(directives);
    }
}

/// <summary>An argument of a field or directive, or a field of an input object.</summary>
internal sealed class InputValueDefinitionNode(
    Location location,
    StringValueNode? description,
    Name name,
    TypeNode type,
    ValueNode? defaultValue,
    ImmutableArray<DirectiveNode> directives) : SyntaxNode(location)
{
    internal StringValueNode? Description => description;

    internal Name Name => name;

    internal TypeNode Type => type;

    /// <summary>Null when there is none.</summary>
    internal ValueNode? DefaultValue => defaultValue;

    internal ImmutableArray<DirectiveNode> Directives => directives;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkIf(description);
        walker.Walk(type);
        walker.WalkIf(defaultValue);
        walker.WalkAll(directives);
    }
}

internal sealed class UnionDefinitionNode(
    Location location,
    StringValueNode? description,
    bool isExtension,
    Name name,
    ImmutableArray<DirectiveNode> directives,
    ImmutableArray<NamedTypeNode> members) : TypeDefinitionNode(location, description, isExtension, name, directives)
{
    internal ImmutableArray<NamedTypeNode> Members => members;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        base.WalkChildren(walker);
        walker.WalkAll(members);
    }
}

internal sealed class EnumDefinitionNode(
    Location location,
    StringValueNode? description,
    bool isExtension,
    Name name,
    ImmutableArray<DirectiveNode> directives,
    ImmutableArray<EnumValueDefinitionNode> values) : TypeDefinitionNode(location, description, isExtension, name, directives)
{
    internal ImmutableArray<EnumValueDefinitionNode> Values => values;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        base.WalkChildren(walker);
        walker.WalkAll(values);
    }
}

internal sealed class EnumValueDefinitionNode(
    Location location, StringValueNode? description, Name name, ImmutableArray<DirectiveNode> directives) : SyntaxNode(location)
{
    internal StringValueNode? Description => description;

    internal Name Name => name;

    internal ImmutableArray<DirectiveNode> Directives => directives;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkIf(description);
        walker.WalkAll(directives);
    }
}

internal sealed class InputObjectDefinitionNode(
    Location location,
    StringValueNode? description,
    bool isExtension,
    Name name,
    ImmutableArray<DirectiveNode> directives,
    ImmutableArray<InputValueDefinitionNode> fields) : TypeDefinitionNode(location, description, isExtension, name, directives)
{
    internal ImmutableArray<InputValueDefinitionNode> Fields => fields;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        base.WalkChildren(walker);
        walker.WalkAll(fields);
    }
}

/// <summary><c>directive @name(...) repeatable on FIELD | QUERY</c>.</summary>
internal sealed class DirectiveDefinitionNode(
    Location location,
    StringValueNode? description,
    Name name,
    ImmutableArray<InputValueDefinitionNode> arguments,
    bool isRepeatable,
    ImmutableArray<DirectiveLocation> locations) : DefinitionNode(location, description)
{
    internal Name Name => name;

    internal ImmutableArray<InputValueDefinitionNode> Arguments => arguments;

    internal bool IsRepeatable => isRepeatable;

    internal ImmutableArray<DirectiveLocation> Locations => locations;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkIf(Description);
        walker.WalkAll(arguments);
    }
}
