using System.Collections;
using System.Globalization;
using System.Text;
using Events.GraphQL.Execution;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>Fields that are connections.</summary>
internal sealed class Paging(TypeRegistry registry)
{
    private static readonly string[] Arguments = ["first", "after", "last", "before"];

    /// <returns>What a connection or a list is of.</returns>
    internal static TypeShape ItemOf(TypeShape shape) =>
        shape.Type.IsGenericType && shape.Type.GetGenericTypeDefinition() == typeof(Connection<>)
            ? new TypeShape(shape.Type.GenericTypeArguments[0], false, null)
            : shape.Item ?? throw new SchemaException(new GraphQLError(
                $"[UsePaging] needs a Connection<T> or a list, and {shape.Type} is neither."));

    internal static void AddArguments(GraphField field, UsePagingAttribute paging)
    {
        string[] descriptions =
        [
            "Returns the first _n_ elements from the list.",
            "Returns the elements in the list that come after the specified cursor.",
            "Returns the last _n_ elements from the list.",
            "Returns the elements in the list that come before the specified cursor.",
        ];
        for (int i = 0; i < Arguments.Length; i++)
        {
            field.Arguments.Add(new GraphInputValue(Arguments[i], Syntax.Named(i % 2 == 0 ? "Int" : "String"))
            {
                Description = descriptions[i],
            });
        }

        field.Set(new FieldCost
        {
            SlicingArguments = ["first", "last"],
            SizedFields = ["edges", "nodes"],
            AssumedSize = paging.DefaultPageSize,
        });
    }

    internal TypeNode TypeOf(string fieldName, TypeShape item, UsePagingAttribute paging, OutputTypes outputs)
    {
        string name = paging.ConnectionName ?? Names.Pascal(fieldName);
        return registry.Shared($"{name}Connection", () => Connection(name, outputs.Of(item, isId: false), paging));
    }

    /// <exception cref="GraphQLException">They contradict each other, or ask for too much.</exception>
    internal static PagingArguments Read(ResolverContext context, UsePagingAttribute? paging)
    {
        paging ??= new UsePagingAttribute();
        var first = (int?)context.Arguments["first"];
        var last = (int?)context.Arguments["last"];
        if (first is not null && last is not null)
        {
            throw Refusal("Ask from the start with first or from the end with last, not both.");
        }

        if ((first ?? last) is { } count && (count < 0 || count > paging.MaxPageSize))
        {
            throw Refusal($"A page has 0 to {paging.MaxPageSize} items, and {count} were asked for. Ask for the next page with "
                + "after.");
        }

        return new PagingArguments(
            last is null ? first ?? paging.DefaultPageSize : null,
            (string?)context.Arguments["after"],
            last,
            (string?)context.Arguments["before"],
            paging.IncludeTotalCount && context.IsSelected("totalCount"));
    }

    /// <summary>Cuts what is not cut yet.</summary>
    internal static FieldResolver Around(FieldResolver resolve, UsePagingAttribute paging) =>
        async context =>
        {
            PagingArguments asked = Read(context, paging);
            object? given = await resolve(context);
            return given is IEnumerable items and not IConnection ? Cut([.. items.Cast<object>()], asked) : given;
        };

    private static Connection<object> Cut(List<object> items, PagingArguments asked)
    {
        int from = asked.After is { } after ? IndexOf(after) + 1 : 0;
        int to = asked.Before is { } before ? Math.Min(IndexOf(before), items.Count) : items.Count;
        int count = Math.Max(0, Math.Min(asked.Count, to - from));
        int start = asked.IsBackward ? Math.Max(from, to - count) : from;
        Edge<object>[] edges =
            [.. Enumerable.Range(start, count).Select(index => new Edge<object>(items[index], CursorOf(index)))];
        return new Connection<object>(edges, start + count < items.Count, start > 0, _ => new(items.Count));
    }

    private static string CursorOf(int index) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes(index.ToString(CultureInfo.InvariantCulture)));

    private static int IndexOf(string cursor)
    {
        Span<byte> bytes = stackalloc byte[16];
        return Convert.TryFromBase64String(cursor, bytes, out int length)
            && int.TryParse(bytes[..length], NumberStyles.None, CultureInfo.InvariantCulture, out int index)
                ? index
                : throw Refusal("That is no cursor of this list.");
    }

    private static GraphQLException Refusal(string message) =>
        new(new GraphQLError(message) { Extensions = new Dictionary<string, object?> { ["code"] = "BAD_PAGING" } });

    private GraphObject Connection(string name, TypeNode item, UsePagingAttribute paging)
    {
        var made = new GraphObject($"{name}Connection") { Description = "A connection to a list of items." };
        TypeNode pageInfo = Syntax.NonNull(registry.Shared("PageInfo", PageInfo));
        Add(made, "pageInfo", pageInfo, "Information to aid in pagination.", one => one.PageInfo);
        TypeNode edge = registry.Shared($"{name}Edge", () => Edge(name, item));
        Add(made, "edges", Syntax.List(Syntax.NonNull(edge)), "A list of edges.", one => one.Edges);
        Add(made, "nodes", Syntax.List(item), "A flattened list of the nodes.", one => one.Nodes);
        if (paging.IncludeTotalCount)
        {
            made.Fields.Add(new GraphField("totalCount", Syntax.NonNull(Syntax.Named("Int")))
            {
                Description = "Identifies the total count of items in the connection.",
                Resolve = static async context => await ((IConnection)context.Parent!).CountAsync(context.CancellationToken),
            });
        }

        return made;
    }

    private static void Add(GraphObject made, string name, TypeNode type, string description, Func<IConnection, object?> read) =>
        made.Fields.Add(new GraphField(name, type)
        {
            Description = description,
            Resolve = context => new(read((IConnection)context.Parent!)),
        });

    private static GraphObject Edge(string name, TypeNode item)
    {
        var made = new GraphObject($"{name}Edge") { Description = "An edge in a connection." };
        made.Fields.Add(new GraphField("cursor", Syntax.NonNull(Syntax.Named("String")))
        {
            Description = "A cursor for use in pagination.",
            Resolve = static context => new(((IEdge)context.Parent!).Cursor),
        });
        made.Fields.Add(new GraphField("node", item)
        {
            Description = "The item at the end of the edge.",
            Resolve = static context => new(((IEdge)context.Parent!).Node),
        });
        return made;
    }

    private static GraphObject PageInfo()
    {
        var made = new GraphObject("PageInfo") { Description = "Information about pagination in a connection." };
        void Add(string name, TypeNode type, string description, Func<ConnectionPageInfo, object?> read) =>
            made.Fields.Add(new GraphField(name, type)
            {
                Description = description,
                Resolve = context => new(read((ConnectionPageInfo)context.Parent!)),
            });
        TypeNode boolean = Syntax.NonNull(Syntax.Named("Boolean"));
        Add("hasNextPage", boolean, "Whether more items follow this page.", one => one.HasNextPage);
        Add("hasPreviousPage", boolean, "Whether items come before this page.", one => one.HasPreviousPage);
        Add("startCursor", Syntax.Named("String"), "When paginating backwards, the cursor to continue.", one => one.StartCursor);
        Add("endCursor", Syntax.Named("String"), "When paginating forwards, the cursor to continue.", one => one.EndCursor);
        return made;
    }
}
