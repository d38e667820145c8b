using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation;

/// <summary>A place that uses a variable.</summary>
/// <param name="Type">What the place takes; null when that is unknown, which other rules report.</param>
/// <param name="HasDefault">Whether the place has a default of its own.</param>
/// <param name="ParentType">The type around it: of the list, or of the input object; null outside of them.</param>
internal sealed record VariableUse(VariableNode Node, GraphType? Type, bool HasDefault, GraphType? ParentType);

/// <summary>Collects the uses of variables in one operation or fragment.</summary>
internal sealed class VariableUses(GraphSchema schema) : SyntaxWalker
{
    private readonly TypeTracker _types = new(schema);

    internal List<VariableUse> Found { get; } = [];

    protected override bool Enter(SyntaxNode node)
    {
        _types.Enter(node);
        if (node is VariableNode variable)
        {
            Found.Add(new VariableUse(variable, _types.InputType, _types.HasDefault, _types.ParentInputType));
        }

        return node is not VariableDefinitionNode;
    }

    protected override void Leave(SyntaxNode node) => _types.Leave(node);
}
