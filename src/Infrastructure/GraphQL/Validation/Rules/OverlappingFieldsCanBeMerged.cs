using System.Runtime.CompilerServices;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>
/// Fields with one response name can be answered by one value (specification, section 5.3.2). Each selection set is compared
/// with itself and with the fragments it spreads, and each pair of fragments once in the whole document, so that the work grows
/// with the document and not with the ways through it.
/// </summary>
internal sealed class OverlappingFieldsCanBeMerged(ValidationContext context) : ValidationRule(context)
{
    /// <summary>From here on it is worth looking for fields that are the same to the letter, of which one is enough.</summary>
    private const int SameNamesMin = 8;

    private readonly SelectedFields _selected = new(context);
    private readonly ComparedPairs<string> _fragments = new();
    private readonly ComparedPairs<object> _fieldsAndFragments = new();
    private int _comparisons;
    private bool _isTooMuch;

    internal override bool Enter(SyntaxNode node)
    {
        if (node is SelectionSetNode selectionSet && !_isTooMuch)
        {
            foreach (FieldConflict conflict in ConflictsWithin(_selected.Of(selectionSet, Context.Types.ParentType)))
            {
                Report(
                    $"Fields \"{conflict.ResponseName}\" conflict because {conflict.Reason}. "
                    + "Use different aliases on the fields to fetch both if this was intentional.",
                    conflict.Left.Concat(conflict.Right));
            }

            if (_isTooMuch)
            {
                Report(
                    "The fields of this document take too much work to compare. Use fewer fields with one response name.", node);
            }
        }

        return true;
    }

    private List<FieldConflict> ConflictsWithin(FieldSet set)
    {
        var found = new List<FieldConflict>();
        foreach ((string responseName, List<SelectedField> fields) in set.Fields)
        {
            List<SelectedField> distinct = Distinct(fields);
            for (int i = 0; i < distinct.Count; i++)
            {
                for (int j = i + 1; j < distinct.Count; j++)
                {
                    Compare(found, false, responseName, distinct[i], distinct[j]);
                }
            }
        }

        for (int i = 0; i < set.Spreads.Count; i++)
        {
            CompareWithFragment(found, false, set, set.Spreads[i]);
            for (int j = i + 1; j < set.Spreads.Count; j++)
            {
                CompareFragments(found, false, set.Spreads[i], set.Spreads[j]);
            }
        }

        return found;
    }

    private void CompareWithFragment(List<FieldConflict> found, bool areExclusive, FieldSet set, string name)
    {
        if (!_fieldsAndFragments.TryAdd(set, name, areExclusive) || Context.Fragment(name) is not { } fragment || IsTooMuch())
        {
            return;
        }

        FieldSet other = _selected.Of(fragment);
        if (other == set)
        {
            return;
        }

        CompareSets(found, areExclusive, set, other);
        foreach (string next in other.Spreads)
        {
            CompareWithFragment(found, areExclusive, set, next);
        }
    }

    private void CompareFragments(List<FieldConflict> found, bool areExclusive, string left, string right)
    {
        if (left == right || !_fragments.TryAdd(left, right, areExclusive) || IsTooMuch()
            || Context.Fragment(left) is not { } leftFragment || Context.Fragment(right) is not { } rightFragment)
        {
            return;
        }

        FieldSet leftSet = _selected.Of(leftFragment);
        FieldSet rightSet = _selected.Of(rightFragment);
        CompareSets(found, areExclusive, leftSet, rightSet);
        foreach (string next in rightSet.Spreads)
        {
            CompareFragments(found, areExclusive, left, next);
        }

        foreach (string next in leftSet.Spreads)
        {
            CompareFragments(found, areExclusive, next, right);
        }
    }

    private void CompareSubfields(List<FieldConflict> found, bool areExclusive, FieldSet left, FieldSet right)
    {
        CompareSets(found, areExclusive, left, right);
        foreach (string name in right.Spreads)
        {
            CompareWithFragment(found, areExclusive, left, name);
        }

        foreach (string name in left.Spreads)
        {
            CompareWithFragment(found, areExclusive, right, name);
        }

        foreach (string leftName in left.Spreads)
        {
            foreach (string rightName in right.Spreads)
            {
                CompareFragments(found, areExclusive, leftName, rightName);
            }
        }
    }

    private void CompareSets(List<FieldConflict> found, bool areExclusive, FieldSet left, FieldSet right)
    {
        foreach ((string responseName, List<SelectedField> leftFields) in left.Fields)
        {
            if (right.Find(responseName) is not { } rightFields)
            {
                continue;
            }

            List<SelectedField> others = Distinct(rightFields);
            foreach (SelectedField one in Distinct(leftFields))
            {
                foreach (SelectedField other in others)
                {
                    Compare(found, areExclusive, responseName, one, other);
                }
            }
        }
    }

    /// <param name="areExclusive">Whether the fields around them are of objects that a value is never both of.</param>
    private void Compare(
        List<FieldConflict> found, bool areExclusive, string responseName, SelectedField left, SelectedField right)
    {
        if (IsTooMuch())
        {
            return;
        }

        areExclusive |= left.Parent != right.Parent && left.Parent is GraphObject && right.Parent is GraphObject;
        string? reason = !areExclusive && left.Node.Name.Value != right.Node.Name.Value
                ? $"\"{left.Node.Name}\" and \"{right.Node.Name}\" are different fields"
            : !areExclusive && !SameArguments.Are(left.Node.Arguments, right.Node.Arguments)
                ? "they have differing arguments"
            : left.Type is { } a && right.Type is { } b && AreInConflict(a, b)
                ? $"they return conflicting types \"{a}\" and \"{b}\""
            : null;
        if (reason is not null)
        {
            found.Add(new FieldConflict(responseName, reason, [left.Node], [right.Node]));
        }
        else if (left.Node.SelectionSet is { } leftSet && right.Node.SelectionSet is { } rightSet)
        {
            var below = new List<FieldConflict>();
            CompareSubfields(
                below, areExclusive, _selected.Of(leftSet, left.Type?.Named), _selected.Of(rightSet, right.Type?.Named));
            if (below.Count > 0)
            {
                found.Add(FieldConflict.Around(responseName, left.Node, right.Node, below));
            }
        }
    }

    /// <summary>
    /// Asked before each comparison of fields, or of what holds fields. Chains of fragments may be as long as the document; what
    /// does not fit on the stack is too much as well.
    /// </summary>
    private bool IsTooMuch() =>
        _isTooMuch |= ++_comparisons > Context.Options.FieldComparisonsMax || !RuntimeHelpers.TryEnsureSufficientExecutionStack();

    /// <summary>Whether no value can be of both types: lists, non-nulls and leaves are the same or in conflict.</summary>
    private static bool AreInConflict(GraphType left, GraphType right) =>
        (left, right) switch
        {
            (GraphList a, GraphList b) => AreInConflict(a.Of, b.Of),
            (GraphList, _) or (_, GraphList) => true,
            (GraphNonNull a, GraphNonNull b) => AreInConflict(a.Of, b.Of),
            (GraphNonNull, _) or (_, GraphNonNull) => true,
            _ => (left.IsLeaf || right.IsLeaf) && left != right,
        };

    private static List<SelectedField> Distinct(List<SelectedField> fields) =>
        fields.Count < SameNamesMin ? fields : [.. fields.DistinctBy(field => field.Node.SelectionSet is null
            ? (field.Parent, field.Node.Name.Value, Text(field.Node))
            : ((object?)field.Node, string.Empty, string.Empty))];

    private static string Text(FieldNode node) =>
        string.Join('\n', node.Arguments.Select(Printer.Print).Order(StringComparer.Ordinal));
}
