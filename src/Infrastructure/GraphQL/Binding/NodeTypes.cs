using System.Globalization;
using System.Reflection;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>
/// Objects that can be found by an identity that is theirs alone in the whole schema (global object identification): those for
/// which a method has <see cref="NodeResolverAttribute"/>.
/// </summary>
internal sealed class NodeTypes(IReadOnlyList<Type> registered)
{
    private readonly Dictionary<Type, MethodInfo> _resolvers = registered
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static))
        .Where(method => method.IsDefined(typeof(NodeResolverAttribute)))
        .ToDictionary(method => TypeShape.OfResult(method).Type);

    internal bool IsNode(Type type) => _resolvers.ContainsKey(type);

    internal static string Interface(TypeRegistry registry)
    {
        registry.Shared("Node", static () =>
        {
            var made = new GraphInterface("Node")
            {
                Description = "The node interface is implemented by entities that have a global unique identifier.",
            };
            made.Fields.Add(new GraphField("id", Syntax.NonNull(Syntax.Named("ID"))));
            return made;
        });
        return "Node";
    }

    /// <summary>The field <c>id</c> of such an object.</summary>
    internal static GraphField IdOf(string typeName, GraphField field, PropertyInfo property)
    {
        FieldResolver read = Invocation.OfProperty(property);
        var made = new GraphField("id", Syntax.NonNull(Syntax.Named("ID")))
        {
            Resolve = async context =>
                GlobalId.Of(typeName, Convert.ToString(await read(context), CultureInfo.InvariantCulture)!),
        };
        made.DescribeLater(() => field.Description);
        return made;
    }

    /// <summary>Adds <c>node</c> and <c>nodes</c> to the query type.</summary>
    internal void AddFields(GraphObject query, TypeRegistry registry, OutputTypes outputs, FieldBinder fields)
    {
        if (_resolvers.Count == 0)
        {
            return;
        }

        TypeNode node = Syntax.Named(Interface(registry));
        Dictionary<string, FieldResolver> byName = _resolvers.ToDictionary(
            pair => outputs.NameOf(pair.Key), pair => ResolverOf(pair.Value, pair.Key, fields), StringComparer.Ordinal);
        var one = new GraphField("node", node)
        {
            Description = "Fetches an object given its ID.",
            Resolve = context => FindAsync((string)context.Arguments["id"]!, context, byName),
        };
        one.Arguments.Add(new GraphInputValue("id", Syntax.NonNull(Syntax.Named("ID"))) { Description = "ID of the object." });
        query.Fields.Add(one);
        var many = new GraphField("nodes", Syntax.NonNull(Syntax.List(node)))
        {
            Description = "Lookup nodes by a list of IDs.",
            Resolve = context => FindAllAsync((object?[])context.Arguments["ids"]!, context, byName),
        };
        many.Arguments.Add(new GraphInputValue("ids", Syntax.NonNull(Syntax.List(Syntax.NonNull(Syntax.Named("ID")))))
        {
            Description = "The list of node IDs.",
        });
        query.Fields.Add(many);
    }

    /// <summary>How many objects may be looked up at once.</summary>
    private const int NodesMax = 50;

    private static async ValueTask<object?> FindAllAsync(
        object?[] ids, ResolverContext context, Dictionary<string, FieldResolver> byName)
    {
        if (ids.Length > NodesMax)
        {
            throw new GraphQLException($"At most {NodesMax} nodes can be looked up at once.");
        }

        var found = new List<object?>();
        foreach (object? id in ids)
        {
            found.Add(await FindAsync((string)id!, context, byName));
        }

        return found;
    }

    private static ValueTask<object?> FindAsync(
        string id, ResolverContext context, Dictionary<string, FieldResolver> byName) =>
        GlobalId.TryRead(id, out string? type, out string? key) && byName.TryGetValue(type, out FieldResolver? find)
            ? find(new KeyContext(context, key))
            : throw new GraphQLException(new GraphQLError($"\"{Shown(id)}\" is no ID of a node.")
            {
                Extensions = new Dictionary<string, object?> { ["code"] = "BAD_ID" },
            });

    private static string Shown(string id) => id.Length <= 80 ? id : id[..80] + "…";

    private static FieldResolver ResolverOf(MethodInfo method, Type type, FieldBinder fields)
    {
        ParameterInfo key = method.GetParameters()[0];
        var field = new GraphField("node", Syntax.Named("Node"));
        Func<object?, object?> convert = InputConverter.For(TypeShape.OfParameter(key), isId: true);
        field.Resolve = Invocation.Call(method, static _ => null, fields.Parameters.Bind(
            method, field, parameter => parameter == key ? context => convert(((KeyContext)context).Key) : null));
        fields.Authorization.Guard(field, method, type, method.DeclaringType);
        return field.Resolve;
    }
}
