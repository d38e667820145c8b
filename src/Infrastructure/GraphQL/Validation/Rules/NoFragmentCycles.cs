using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>No fragment spreads itself, directly or through others (specification, section 5.5.2.2).</summary>
internal sealed class NoFragmentCycles(ValidationContext context) : ValidationRule(context)
{
    private readonly HashSet<string> _visited = new(StringComparer.Ordinal);
    private readonly List<FragmentSpreadNode> _path = [];
    private readonly Dictionary<string, int> _placeInPath = new(StringComparer.Ordinal);

    internal override bool Enter(SyntaxNode node)
    {
        if (node is FragmentDefinitionNode fragment)
        {
            Follow(fragment);
        }

        return node is DocumentNode;
    }

    private void Follow(FragmentDefinitionNode start)
    {
        if (!_visited.Add(start.Name.Value))
        {
            return;
        }

        // With a stack of its own: a chain may be as long as the document has fragments.
        var open = new Stack<(FragmentDefinitionNode Fragment, int Next)>();
        open.Push((start, 0));
        _placeInPath[start.Name.Value] = 0;
        while (open.TryPop(out var top))
        {
            IReadOnlyList<FragmentSpreadNode> spreads = Context.SpreadsIn(top.Fragment.SelectionSet);
            if (top.Next == spreads.Count)
            {
                _placeInPath.Remove(top.Fragment.Name.Value);
                if (open.Count > 0)
                {
                    _path.RemoveAt(_path.Count - 1);
                }

                continue;
            }

            open.Push(top with { Next = top.Next + 1 });
            FragmentSpreadNode spread = spreads[top.Next];
            if (_placeInPath.TryGetValue(spread.Name.Value, out int place))
            {
                ReportCycle([.. _path.Skip(place), spread]);
            }
            else if (_visited.Add(spread.Name.Value) && Context.Fragment(spread.Name.Value) is { } next)
            {
                _path.Add(spread);
                _placeInPath[spread.Name.Value] = _path.Count;
                open.Push((next, 0));
            }
        }
    }

    private void ReportCycle(List<FragmentSpreadNode> cycle)
    {
        string names = string.Join(", ", cycle.SkipLast(1).Select(spread => $"\"{spread.Name}\""));
        string via = names.Length > 0 ? $" via {names}" : string.Empty;
        Report($"Cannot spread fragment \"{cycle[^1].Name}\" within itself{via}.", cycle);
    }
}
