using System.Collections.Immutable;

namespace Events.GraphQL.Language;

/// <summary>What can be executed: operations and their fragments (specification, section 2.3).</summary>
internal abstract class ExecutableDefinitionNode(
    Location location,
    StringValueNode? description,
    ImmutableArray<DirectiveNode> directives,
    SelectionSetNode selectionSet) : DefinitionNode(location, description)
{
    internal ImmutableArray<DirectiveNode> Directives => directives;

    internal SelectionSetNode SelectionSet => selectionSet;
}

internal sealed class OperationDefinitionNode(
    Location location,
    StringValueNode? description,
    OperationType operation,
    Name? name,
    ImmutableArray<VariableDefinitionNode> variables,
    ImmutableArray<DirectiveNode> directives,
    SelectionSetNode selectionSet) : ExecutableDefinitionNode(location, description, directives, selectionSet)
{
    internal OperationType Operation => operation;

    /// <summary>Null for an anonymous operation.</summary>
    internal Name? Name => name;

    internal ImmutableArray<VariableDefinitionNode> Variables => variables;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkIf(Description);
        walker.WalkAll(variables);
        walker.WalkAll(Directives);
        walker.Walk(SelectionSet);
    }
}

internal enum OperationType
{
    Query,
    Mutation,
    Subscription,
}

/// <param name="defaultValue">Null when there is none.</param>
internal sealed class VariableDefinitionNode(
    Location location,
    StringValueNode? description,
    VariableNode variable,
    TypeNode type,
    ValueNode? defaultValue,
    ImmutableArray<DirectiveNode> directives) : SyntaxNode(location)
{
    internal StringValueNode? Description => description;

    internal VariableNode Variable => variable;

    internal TypeNode Type => type;

    internal ValueNode? DefaultValue => defaultValue;

    internal ImmutableArray<DirectiveNode> Directives => directives;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkIf(description);
        walker.Walk(variable);
        walker.Walk(type);
        walker.WalkIf(defaultValue);
        walker.WalkAll(directives);
    }
}

internal sealed class FragmentDefinitionNode(
    Location location,
    StringValueNode? description,
    Name name,
    NamedTypeNode typeCondition,
    ImmutableArray<DirectiveNode> directives,
    SelectionSetNode selectionSet) : ExecutableDefinitionNode(location, description, directives, selectionSet)
{
    internal Name Name => name;

    internal NamedTypeNode TypeCondition => typeCondition;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkIf(Description);
        walker.Walk(typeCondition);
        walker.WalkAll(Directives);
        walker.Walk(SelectionSet);
    }
}

internal sealed class SelectionSetNode(Location location, ImmutableArray<SelectionNode> selections) : SyntaxNode(location)
{
    internal ImmutableArray<SelectionNode> Selections => selections;

    internal override void WalkChildren(SyntaxWalker walker) => walker.WalkAll(selections);
}

internal abstract class SelectionNode(Location location, ImmutableArray<DirectiveNode> directives) : SyntaxNode(location)
{
    internal ImmutableArray<DirectiveNode> Directives => directives;
}

internal sealed class FieldNode(
    Location location,
    Name? alias,
    Name name,
    ImmutableArray<ArgumentNode> arguments,
    ImmutableArray<DirectiveNode> directives,
    SelectionSetNode? selectionSet) : SelectionNode(location, directives)
{
    internal Name? Alias => alias;

    internal Name Name => name;

    /// <summary>The alias, or the name when there is none.</summary>
    internal string ResponseName => alias?.Value ?? name.Value;

    internal ImmutableArray<ArgumentNode> Arguments => arguments;

    /// <summary>Null for a leaf.</summary>
    internal SelectionSetNode? SelectionSet => selectionSet;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkAll(arguments);
        walker.WalkAll(Directives);
        walker.WalkIf(selectionSet);
    }
}

internal sealed class FragmentSpreadNode(Location location, Name name, ImmutableArray<DirectiveNode> directives)
    : SelectionNode(location, directives)
{
    internal Name Name => name;

    internal override void WalkChildren(SyntaxWalker walker) => walker.WalkAll(Directives);
}

/// <param name="typeCondition">Null when it applies to any type.</param>
internal sealed class InlineFragmentNode(
    Location location, NamedTypeNode? typeCondition, ImmutableArray<DirectiveNode> directives, SelectionSetNode selectionSet)
    : SelectionNode(location, directives)
{
    internal NamedTypeNode? TypeCondition => typeCondition;

    internal SelectionSetNode SelectionSet => selectionSet;

    internal override void WalkChildren(SyntaxWalker walker)
    {
        walker.WalkIf(typeCondition);
        walker.WalkAll(Directives);
        walker.Walk(selectionSet);
    }
}
