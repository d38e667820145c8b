using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>A fragment is spread only where it can apply (specification, section 5.5.2.3).</summary>
internal sealed class PossibleFragmentSpreads(ValidationContext context) : ValidationRule(context)
{
    /// <summary>Asked again for each spread, and the answer may take the number of types squared.</summary>
    private readonly Dictionary<(GraphNamedType, GraphNamedType), bool> _overlap = [];

    internal override bool Enter(SyntaxNode node)
    {
        switch (node)
        {
            case InlineFragmentNode when Context.Types is { Type: GraphNamedType type, ParentType: { } parent }
                && !Fit(parent, type):
                Report($"Fragment cannot be spread here as objects of type \"{parent}\" can never be of type \"{type}\".", node);
                break;
            case FragmentSpreadNode spread when TypeOf(spread) is { } type && Context.Types.ParentType is { } parent
                && !Fit(parent, type):
                Report(
                    $"Fragment \"{spread.Name}\" cannot be spread here as objects of type \"{parent}\" "
                    + $"can never be of type \"{type}\".",
                    node);
                break;
        }

        return true;
    }

    private GraphNamedType? TypeOf(FragmentSpreadNode spread) =>
        Context.Fragment(spread.Name.Value) is { } fragment
            ? Context.Schema.TypeOf(fragment.TypeCondition) as GraphNamedType
            : null;

    private bool Fit(GraphNamedType parent, GraphNamedType type)
    {
        if (!parent.IsComposite || !type.IsComposite)
        {
            return true;
        }

        if (!_overlap.TryGetValue((parent, type), out bool fits))
        {
            fits = _overlap[(parent, type)] = Context.Schema.Overlap(parent, type);
        }

        return fits;
    }
}
