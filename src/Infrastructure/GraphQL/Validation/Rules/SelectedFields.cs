using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>A field in a selection set, or in an inline fragment of it.</summary>
/// <param name="Parent">Null when it is unknown.</param>
/// <param name="Type">Null when there is no such field.</param>
internal readonly record struct SelectedField(GraphNamedType? Parent, FieldNode Node, GraphType? Type);

/// <summary>The fields of a selection set by response name, and the fragments that it spreads.</summary>
internal sealed class FieldSet
{
    private readonly Dictionary<string, List<SelectedField>> _byName = new(StringComparer.Ordinal);

    /// <summary>In the order of the text.</summary>
    internal List<(string ResponseName, List<SelectedField> Fields)> Fields { get; } = [];

    /// <summary>Each once.</summary>
    internal List<string> Spreads { get; } = [];

    internal List<SelectedField>? Find(string responseName) => _byName.GetValueOrDefault(responseName);

    internal void Add(SelectedField field)
    {
        string name = field.Node.ResponseName;
        if (!_byName.TryGetValue(name, out List<SelectedField>? fields))
        {
            fields = _byName[name] = [];
            Fields.Add((name, fields));
        }

        fields.Add(field);
    }
}

/// <summary>Finds the fields of selection sets, each once.</summary>
internal sealed class SelectedFields(ValidationContext context)
{
    private readonly Dictionary<SelectionSetNode, FieldSet> _known = [];

    internal FieldSet Of(FragmentDefinitionNode fragment) =>
        Of(fragment.SelectionSet, context.Schema.TypeOf(fragment.TypeCondition) as GraphNamedType);

    internal FieldSet Of(SelectionSetNode selectionSet, GraphNamedType? parent)
    {
        if (!_known.TryGetValue(selectionSet, out FieldSet? set))
        {
            set = _known[selectionSet] = new FieldSet();
            Collect(set, new HashSet<string>(StringComparer.Ordinal), selectionSet, parent);
        }

        return set;
    }

    private void Collect(FieldSet set, HashSet<string> spreads, SelectionSetNode selectionSet, GraphNamedType? parent)
    {
        foreach (SelectionNode selection in selectionSet.Selections)
        {
            switch (selection)
            {
                case FieldNode field:
                    set.Add(new SelectedField(
                        parent, field, parent is null ? null : context.Schema.Field(parent, field.Name.Value)?.Type));
                    break;
                case FragmentSpreadNode spread:
                    if (spreads.Add(spread.Name.Value))
                    {
                        set.Spreads.Add(spread.Name.Value);
                    }

                    break;
                case InlineFragmentNode inline:
                    Collect(
                        set,
                        spreads,
                        inline.SelectionSet,
                        inline.TypeCondition is { } condition ? context.Schema.TypeOf(condition) as GraphNamedType : parent);
                    break;
            }
        }
    }
}
