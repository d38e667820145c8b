using System.Collections;
using System.Security.Claims;
using System.Text.Json.Nodes;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.Tests.Engines.GraphQL.Types;

/// <summary>Asks a schema about itself with nothing but its resolvers: no variables, no conditions, no errors.</summary>
internal static class Asking
{
    internal static JsonObject Ask(this GraphSchema schema, string query)
    {
        DocumentNode document = Parser.Parse(query);
        var fragments = document.Definitions.OfType<FragmentDefinitionNode>().ToDictionary(one => one.Name.Value);
        SelectionSetNode selection = document.Definitions.OfType<OperationDefinitionNode>().Single().SelectionSet;
        return Object(schema, fragments, schema.Query!, null, selection);
    }

    private static JsonObject Object(
        GraphSchema schema,
        Dictionary<string, FragmentDefinitionNode> fragments,
        GraphObject type,
        object? parent,
        SelectionSetNode selections)
    {
        var result = new JsonObject();
        foreach (FieldNode node in Fields(selections, fragments))
        {
            GraphField field = schema.Field(type, node.Name.Value) ?? throw new ArgumentException($"{type}.{node.Name}");
            var context = new Context(schema, type, field, node, parent);
            object? value = field.Resolve!(context).AsTask().GetAwaiter().GetResult();
            result[node.ResponseName] = Value(schema, fragments, field.Type, value, node);
        }

        return result;
    }

    private static IEnumerable<FieldNode> Fields(SelectionSetNode set, Dictionary<string, FragmentDefinitionNode> fragments) =>
        set.Selections.SelectMany(selection => selection switch
        {
            FieldNode field => [field],
            FragmentSpreadNode spread => Fields(fragments[spread.Name.Value].SelectionSet, fragments),
            InlineFragmentNode inline => Fields(inline.SelectionSet, fragments),
            _ => [],
        });

    private static JsonNode? Value(
        GraphSchema schema, Dictionary<string, FragmentDefinitionNode> fragments, GraphType type, object? value, FieldNode node)
    {
        if (value is null)
        {
            return type.Kind == TypeKind.NonNull ? throw new ArgumentException($"{node.Name} is null") : null;
        }

        return type.Nullable switch
        {
            GraphList list => new JsonArray(
                [.. ((IEnumerable)value).Cast<object?>().Select(item => Value(schema, fragments, list.Of, item, node))]),
            GraphObject of => Object(schema, fragments, of, value, node.SelectionSet!),
            IGraphLeaf leaf => JsonValue.Create(leaf.Serialize(value)),
            _ => throw new ArgumentException($"{type}"),
        };
    }

    private sealed class Context : ResolverContext
    {
        internal Context(GraphSchema schema, GraphObject type, GraphField field, FieldNode syntax, object? parent)
        {
            Schema = schema;
            ParentType = type;
            Field = field;
            Syntax = syntax;
            Parent = parent;
            Arguments = new InputValues(field.Arguments);
            for (int i = 0; i < field.Arguments.Count; i++)
            {
                GraphInputValue argument = field.Arguments[i];
                ValueNode? literal = syntax.Arguments.FirstOrDefault(one => one.Name.Value == argument.Name)?.Value;
                bool isGiven = literal is null
                    ? argument.TryGetDefault(out object? value)
                    : LiteralCoercion.TryCoerce(literal, argument.Type, null, out value);
                if (isGiven)
                {
                    Arguments[i] = value;
                }
            }
        }

        internal override GraphSchema Schema { get; }

        internal override GraphObject ParentType { get; }

        internal override GraphField Field { get; }

        internal override FieldNode Syntax { get; }

        internal override object? Parent { get; }

        internal override InputValues Arguments { get; }

        internal override IServiceProvider Services => throw new InvalidOperationException();

        internal override ClaimsPrincipal? User => null;

        internal override CancellationToken CancellationToken => CancellationToken.None;
    }
}
