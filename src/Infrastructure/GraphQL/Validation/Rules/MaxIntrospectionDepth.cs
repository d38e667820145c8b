using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>
/// Introspection does not go round in circles: types have fields, which have types, and each turn multiplies the answer. A rule
/// beside the specification.
/// </summary>
internal sealed class MaxIntrospectionDepth(ValidationContext context) : ValidationRule(context)
{
    private readonly int _listsMax = context.Options.IntrospectionListsMax;

    /// <summary>
    /// Fragments at each number of lists around them that were looked at, or are being looked at: a second look finds nothing
    /// new, and without this a few fragments that spread each other twice would take for ever.
    /// </summary>
    private readonly HashSet<(string, int)> _visited = [];

    internal override bool Enter(SyntaxNode node)
    {
        if (node is FieldNode { Name.Value: "__schema" or "__type" } field)
        {
            _visited.Clear();
            if (IsTooDeep(field, 0))
            {
                Report("Maximum introspection depth exceeded", field);
                return false;
            }
        }

        return true;
    }

    private bool IsTooDeep(SyntaxNode node, int lists)
    {
        switch (node)
        {
            case FragmentSpreadNode spread:
                return _visited.Add((spread.Name.Value, lists))
                    && System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack()
                    && Context.Fragment(spread.Name.Value) is { } fragment
                    && IsTooDeep(fragment.SelectionSet, lists);
            case SelectionSetNode set:
                return set.Selections.Any(selection => IsTooDeep(selection, lists));
            case InlineFragmentNode inline:
                return IsTooDeep(inline.SelectionSet, lists);
            case FieldNode field:
                int inside = field.Name.Value is "fields" or "interfaces" or "possibleTypes" or "inputFields" ? lists + 1 : lists;
                return inside >= _listsMax || (field.SelectionSet is { } below && IsTooDeep(below, inside));
            default:
                return false;
        }
    }
}
