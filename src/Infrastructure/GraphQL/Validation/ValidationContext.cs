using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation;

/// <summary>What the rules share: the document's parts, where the walk stands, and the errors found so far.</summary>
internal sealed class ValidationContext
{
    private readonly List<GraphQLError> _errors = [];
    private readonly Dictionary<string, FragmentDefinitionNode> _fragments = new(StringComparer.Ordinal);
    private readonly Dictionary<SelectionSetNode, List<FragmentSpreadNode>> _spreads = [];
    private readonly Dictionary<OperationDefinitionNode, List<FragmentDefinitionNode>> _reached = [];
    private readonly Dictionary<ExecutableDefinitionNode, List<VariableUse>> _uses = [];
    private readonly GraphSchema? _schema;

    /// <param name="schema">Null only for SDL that extends none.</param>
    internal ValidationContext(GraphSchema? schema, DocumentNode document, ValidationOptions options)
    {
        _schema = schema;
        Document = document;
        Options = options;
        Types = schema is null ? null! : new TypeTracker(schema);
        foreach (FragmentDefinitionNode fragment in document.Definitions.OfType<FragmentDefinitionNode>())
        {
            _fragments[fragment.Name.Value] = fragment;
        }
    }

    internal GraphSchema Schema => _schema!;

    internal bool HasSchema => _schema is not null;

    internal DocumentNode Document { get; }

    internal ValidationOptions Options { get; }

    /// <summary>The types at the place where the walk stands.</summary>
    internal TypeTracker Types { get; }

    /// <summary>The nodes around the one that is being told, the document first.</summary>
    internal List<SyntaxNode> Ancestors { get; } = [];

    internal IReadOnlyList<GraphQLError> Errors => _errors;

    /// <summary>The last error says so.</summary>
    internal bool IsFull => _errors.Count > Options.ErrorsMax;

    internal void Report(GraphQLError error)
    {
        if (IsFull)
        {
            return;
        }

        _errors.Add(_errors.Count < Options.ErrorsMax
            ? error
            : new GraphQLError("Too many validation errors, error limit reached. Validation aborted."));
    }

    /// <returns>Null when there is none of that name; the last one when there are several.</returns>
    internal FragmentDefinitionNode? Fragment(string name) => _fragments.GetValueOrDefault(name);

    /// <returns>The spreads in a selection set and in all below it, without going into fragments.</returns>
    internal IReadOnlyList<FragmentSpreadNode> SpreadsIn(SelectionSetNode selectionSet)
    {
        if (!_spreads.TryGetValue(selectionSet, out List<FragmentSpreadNode>? spreads))
        {
            var collector = new Spreads();
            collector.Walk(selectionSet);
            spreads = _spreads[selectionSet] = collector.Found;
        }

        return spreads;
    }

    /// <returns>The fragments that an operation spreads, directly or through others; each once.</returns>
    internal IReadOnlyList<FragmentDefinitionNode> FragmentsReachedBy(OperationDefinitionNode operation)
    {
        if (_reached.TryGetValue(operation, out List<FragmentDefinitionNode>? reached))
        {
            return reached;
        }

        reached = _reached[operation] = [];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<SelectionSetNode>([operation.SelectionSet]);
        while (open.TryPop(out SelectionSetNode? selectionSet))
        {
            foreach (FragmentSpreadNode spread in SpreadsIn(selectionSet))
            {
                if (seen.Add(spread.Name.Value) && Fragment(spread.Name.Value) is { } fragment)
                {
                    reached.Add(fragment);
                    open.Push(fragment.SelectionSet);
                }
            }
        }

        return reached;
    }

    /// <returns>Where an operation uses variables, its fragments included.</returns>
    internal IEnumerable<VariableUse> VariablesUsedBy(OperationDefinitionNode operation) =>
        FragmentsReachedBy(operation).Prepend<ExecutableDefinitionNode>(operation).SelectMany(UsesIn);

    private List<VariableUse> UsesIn(ExecutableDefinitionNode definition)
    {
        if (!_uses.TryGetValue(definition, out List<VariableUse>? uses))
        {
            var collector = new VariableUses(Schema);
            collector.Walk(definition);
            uses = _uses[definition] = collector.Found;
        }

        return uses;
    }

    private sealed class Spreads : SyntaxWalker
    {
        internal List<FragmentSpreadNode> Found { get; } = [];

        protected override bool Enter(SyntaxNode node)
        {
            if (node is FragmentSpreadNode spread)
            {
                Found.Add(spread);
            }

            return node is SelectionSetNode or SelectionNode;
        }
    }
}
