using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>
/// Which fields an operation executes on objects of which types, found out as it goes (specification, section 6.3.2,
/// <c>CollectFields</c>). Shared by requests whose variables choose the same selections.
/// </summary>
internal sealed class OperationPlan(
    GraphSchema schema,
    IReadOnlyDictionary<string, FragmentDefinitionNode> fragments,
    IReadOnlyDictionary<string, object?> variables)
{
    private int _size;
    private SelectionPlan? _root;

    /// <summary>Fields planned so far. What objects of many types select at many levels may be many times the document.</summary>
    internal int Size => Volatile.Read(ref _size);

    internal GraphSchema Schema => schema;

    /// <exception cref="GraphQLException">A condition is null.</exception>
    internal SelectionPlan CollectRoot(PreparedOperation operation)
    {
        if (_root is null)
        {
            var collector = new Collector(this, operation.Root!);
            collector.Collect(operation.Node.SelectionSet);
            _root = collector.Done();
        }

        return _root;
    }

    /// <exception cref="GraphQLException">A condition is null.</exception>
    internal SelectionPlan Collect(GraphObject type, PlannedField field)
    {
        var collector = new Collector(this, type);
        foreach (FieldNode node in field.Nodes)
        {
            if (node.SelectionSet is not null)
            {
                collector.Collect(node.SelectionSet);
            }
        }

        return collector.Done();
    }

    /// <summary>Collects the fields of one object type. It recurses as deep as fragments are nested, which is bounded.</summary>
    private sealed class Collector(OperationPlan plan, GraphObject type)
    {
        private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
        private readonly List<List<FieldNode>> _groups = [];
        private HashSet<string>? _visited;

        internal void Collect(SelectionSetNode selections)
        {
            foreach (SelectionNode selection in selections.Selections)
            {
                if (!plan.IsIncluded(selection))
                {
                    continue;
                }

                switch (selection)
                {
                    case FieldNode field:
                        Add(field);
                        break;
                    case InlineFragmentNode inline when plan.Applies(inline.TypeCondition, type):
                        Collect(inline.SelectionSet);
                        break;
                    case FragmentSpreadNode spread:
                        Spread(spread.Name.Value);
                        break;
                }
            }
        }

        internal SelectionPlan Done()
        {
            var fields = new List<PlannedField>(_groups.Count);
            foreach (List<FieldNode> nodes in _groups)
            {
                // A field that the type does not have is left out, as the specification says.
                if (plan.Schema.Field(type, nodes[0].Name.Value) is { } definition)
                {
                    fields.Add(new PlannedField(plan, type, definition, [.. nodes]));
                }
            }

            Interlocked.Add(ref plan._size, fields.Count);
            return new SelectionPlan(type, [.. fields]);
        }

        private void Add(FieldNode field)
        {
            if (_places.TryAdd(field.ResponseName, _groups.Count))
            {
                _groups.Add([field]);
            }
            else
            {
                _groups[_places[field.ResponseName]].Add(field);
            }
        }

        private void Spread(string name)
        {
            if ((_visited ??= new HashSet<string>(StringComparer.Ordinal)).Add(name)
                && plan.Fragment(name) is { } fragment
                && plan.Applies(fragment.TypeCondition, type))
            {
                Collect(fragment.SelectionSet);
            }
        }
    }

    private bool IsIncluded(SelectionNode selection) =>
        selection.Directives.IsEmpty || Conditions.IsIncluded(selection.Directives, schema, variables);

    private FragmentDefinitionNode? Fragment(string name) => fragments.GetValueOrDefault(name);

    private bool Applies(NamedTypeNode? condition, GraphObject type)
    {
        if (condition is null || condition.Name.Value == type.Name)
        {
            return true;
        }

        return schema.Types.Find(condition.Name.Value) is { IsAbstract: true } wanted && schema.IsSubType(wanted, type);
    }
}
