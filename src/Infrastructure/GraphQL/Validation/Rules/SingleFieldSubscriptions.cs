using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>A subscription has one root field, and not one of introspection (specification, section 5.2.4.1).</summary>
internal sealed class SingleFieldSubscriptions(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is OperationDefinitionNode { Operation: OperationType.Subscription } operation
            && Context.Schema.Root(OperationType.Subscription) is { } root)
        {
            Check(operation, root);
        }

        return node is DocumentNode;
    }

    private void Check(OperationDefinitionNode operation, GraphObject root)
    {
        string who = operation.Name is { } name ? $"Subscription \"{name}\"" : "Anonymous Subscription";
        var fields = new RootFields(Context, root);
        fields.Collect(operation.SelectionSet);
        if (fields.Found.Count > 1)
        {
            Report($"{who} must select only one top level field.", fields.Found.Skip(1).SelectMany(pair => pair.Nodes));
        }

        foreach ((_, List<FieldNode> nodes) in fields.Found)
        {
            if (nodes[0].Name.Value.StartsWith("__", StringComparison.Ordinal))
            {
                Report($"{who} must not select an introspection top level field.", nodes);
            }
        }
    }

    /// <summary>The root fields by response name. What depends on a variable counts as selected.</summary>
    private sealed class RootFields(ValidationContext context, GraphObject root)
    {
        private readonly HashSet<string> _visited = new(StringComparer.Ordinal);

        internal List<(string ResponseName, List<FieldNode> Nodes)> Found { get; } = [];

        internal void Collect(SelectionSetNode selectionSet)
        {
            foreach (SelectionNode selection in selectionSet.Selections)
            {
                switch (selection)
                {
                    case { } when IsLeftOut(selection):
                        break;
                    case FieldNode field:
                        Add(field);
                        break;
                    case InlineFragmentNode inline when Applies(inline.TypeCondition):
                        Collect(inline.SelectionSet);
                        break;
                    case FragmentSpreadNode spread when _visited.Add(spread.Name.Value)
                        && context.Fragment(spread.Name.Value) is { } fragment && Applies(fragment.TypeCondition):
                        Collect(fragment.SelectionSet);
                        break;
                }
            }
        }

        private void Add(FieldNode field)
        {
            int index = Found.FindIndex(pair => pair.ResponseName == field.ResponseName);
            if (index >= 0)
            {
                Found[index].Nodes.Add(field);
            }
            else if (Found.Count <= context.Options.ErrorsMax)
            {
                Found.Add((field.ResponseName, [field]));
            }
        }

        private bool Applies(NamedTypeNode? condition) =>
            condition is null
            || (context.Schema.TypeOf(condition) is GraphNamedType type
                && (type == root || context.Schema.IsSubType(type, root)));

        private static bool IsLeftOut(SelectionNode selection) =>
            selection.Directives.Any(directive =>
                directive.Arguments.FirstOrDefault(argument => argument.Name.Value == "if")?.Value is BooleanValueNode literal
                && ((directive.Name.Value == BuiltIns.Skip && literal.Value)
                    || (directive.Name.Value == BuiltIns.Include && !literal.Value)));
    }
}
