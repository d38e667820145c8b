using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Events.Application;
using Events.Application.Contracts;
using Events.GraphQL;

namespace Events.Host.GraphQL;

/// <summary>Lists of views as connections: filter, order and page become one query, now or as of a moment.</summary>
internal sealed class ViewLists(IViewPages pages, PastViews past, Moments moments)
{
    /// <summary>In characters. A cursor of ours has about 150; a longer one is not read.</summary>
    private const int CursorLengthMax = 4_096;

    /// <param name="usual">The order when none is asked for.</param>
    /// <param name="always">A condition beside the client's; null for none.</param>
    public async Task<Connection<TItem>> ListAsync<TRow, TItem>(
        View<TRow> view, ListCall asked, RowOrder usual, RowCondition? always, Func<TRow, TItem> show,
        CancellationToken cancellationToken)
        where TRow : class
    {
        RowCondition? own = asked.Filter is { } filter ? ConditionOf(filter) : null;
        RowCondition? where = (own, always) switch
        {
            (null, _) => always,
            (_, null) => own,
            _ => new RowCondition.All([own, always]),
        };
        RowOrder[] order = asked.Order.Fields.Count == 0
            ? [usual]
            : [.. asked.Order.Fields.Select(field => new RowOrder(StoredName.Of(field.Field), field.IsDescending))];
        PagingArguments paging = asked.Paging;
        var query = new RowsQuery(
            where,
            order,
            paging.After is { } after ? PlaceOf(after, view, order) : null,
            paging.Before is { } before ? PlaceOf(before, view, order) : null,
            paging.Count,
            paging.IsBackward);
        try
        {
            if (asked.AsOf is { } moment)
            {
                var rows = await PastRowsAsync(view, moment, cancellationToken);
                return Connect(
                    RowSieve.Page(view, rows, query), query, show, _ => new((int)RowSieve.Count(view, rows, where)));
            }

            return Connect(
                await pages.PageAsync(view, query, cancellationToken),
                query,
                show,
                async token => (int)await pages.CountAsync(view, where, token));
        }
        catch (ArgumentException)
        {
            throw new GraphQLException(GraphQLDoor.Coded(
                "The filter or order has a value that cannot be compared, or too many parts.", "BAD_FILTER"));
        }
    }

    /// <summary>One row, now or as of a moment.</summary>
    /// <returns>Null when there is, or was, none.</returns>
    public async Task<TRow?> FindAsync<TRow>(
        View<TRow> view, string category, string key, AsOf? asOf, IReadModels views, CancellationToken cancellationToken)
        where TRow : class =>
        asOf is null
            ? await views.FindAsync(view, key, cancellationToken)
            : await past.FindAsync(
                view, $"{category}-{key}", key, await moments.PositionOfAsync(asOf, cancellationToken), cancellationToken);

    /// <summary>All rows as of a moment, by their keys.</summary>
    /// <exception cref="GraphQLException">Too many facts would have to be folded.</exception>
    public async Task<IReadOnlyDictionary<string, TRow>> PastRowsAsync<TRow>(
        View<TRow> view, AsOf asOf, CancellationToken cancellationToken)
        where TRow : class =>
        await past.ListAsync(view, await moments.PositionOfAsync(asOf, cancellationToken), cancellationToken)
        ?? throw new GraphQLException(GraphQLDoor.Coded(
            $"Up to there the list has more than {PastViews.FactsMax} facts. Ask for single objects as of that moment.",
            "AS_OF_TOO_LARGE"));

    private static Connection<TItem> Connect<TRow, TItem>(
        RowsPage<TRow> page, RowsQuery query, Func<TRow, TItem> show, Func<CancellationToken, ValueTask<int>> count) =>
        new(
            [.. page.Rows.Select(row => new Edge<TItem>(show(row.Row), CursorOf(row.Place, query.Order)))],
            query.IsFromEnd ? query.Before is not null : page.HasMore,
            query.IsFromEnd ? page.HasMore : query.After is not null,
            count);

    private static RowCondition ConditionOf(Filter filter) =>
        filter switch
        {
            Filter.And and => new RowCondition.All([.. and.Parts.Select(ConditionOf)]),
            Filter.Or or => new RowCondition.Any([.. or.Parts.Select(ConditionOf)]),
            Filter.Compare compare => ConditionOf(compare),
            _ => throw new ArgumentException($"Unknown filter {filter.GetType().Name}."),
        };

    private static RowCondition ConditionOf(Filter.Compare compare)
    {
        (RowOperator @operator, bool isNegated) = compare.Operation switch
        {
            FilterOperation.Eq => (RowOperator.Equal, false),
            FilterOperation.Neq => (RowOperator.Equal, true),
            FilterOperation.In => (RowOperator.In, false),
            FilterOperation.Nin => (RowOperator.In, true),
            FilterOperation.Contains => (RowOperator.Contains, false),
            FilterOperation.Ncontains => (RowOperator.Contains, true),
            FilterOperation.StartsWith => (RowOperator.StartsWith, false),
            FilterOperation.NstartsWith => (RowOperator.StartsWith, true),
            FilterOperation.EndsWith => (RowOperator.EndsWith, false),
            FilterOperation.NendsWith => (RowOperator.EndsWith, true),
            FilterOperation.Gt => (RowOperator.Above, false),
            FilterOperation.Ngt => (RowOperator.Above, true),
            FilterOperation.Gte => (RowOperator.AtLeast, false),
            FilterOperation.Ngte => (RowOperator.AtLeast, true),
            FilterOperation.Lt => (RowOperator.Below, false),
            FilterOperation.Nlt => (RowOperator.Below, true),
            FilterOperation.Lte => (RowOperator.AtMost, false),
            FilterOperation.Nlte => (RowOperator.AtMost, true),
            _ => throw new ArgumentException($"Unknown operation {compare.Operation}."),
        };
        object? value = compare.Value is System.Collections.IEnumerable some and not string
            ? some.Cast<object?>().Select(Stored).ToList()
            : Stored(compare.Value);
        RowCondition condition = new RowCondition.Compare(StoredName.Of(compare.Field), @operator, value);
        return isNegated ? new RowCondition.Not(condition) : condition;
    }

    /// <summary>As the views' columns hold it.</summary>
    private static object? Stored(object? value) =>
        value switch
        {
            int number => (long)number,
            Guid id => id.ToString("d"),
            Enum name => name.ToString(),
            _ => value,
        };

    private static string CursorOf(RowPlace place, IReadOnlyList<RowOrder> order)
    {
        JsonArray values = [.. place.Values.Select(value => value switch
        {
            null => null,
            long number => (JsonNode)number,
            bool flag => (JsonNode)flag,
            DateTimeOffset instant => (JsonNode)instant.ToString("O", CultureInfo.InvariantCulture),
            _ => (JsonNode)value.ToString()!,
        })];
        JsonArray cursor = [NameOf(order), values, place.Key];
        return Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(cursor.ToJsonString()));
    }

    private static RowPlace PlaceOf<TRow>(string cursor, View<TRow> view, RowOrder[] order)
        where TRow : class
    {
        try
        {
            if (cursor.Length <= CursorLengthMax && Base64Url.IsValid(cursor)
                && JsonNode.Parse(Base64Url.DecodeFromChars(cursor)) is JsonArray { Count: 3 } parts
                && (string?)parts[0] == NameOf(order)
                && parts[1] is JsonArray values && values.Count == order.Length)
            {
                return new RowPlace(
                    [.. values.Select((value, i) =>
                        Read(value, view.Columns.First(column => column.Name == order[i].Column).Type))],
                    (string)parts[2]!);
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            // It is told below.
        }

        throw new GraphQLException(GraphQLDoor.Coded("That is no cursor of this list in this order.", "BAD_PAGING"));
    }

    private static object? Read(JsonNode? value, ViewColumnType type) =>
        (value, type) switch
        {
            (null, _) => null,
            (_, ViewColumnType.Number) => (long)value,
            (_, ViewColumnType.Flag) => (bool)value,
            (_, ViewColumnType.Instant) => DateTimeOffset.ParseExact((string)value!, "O", CultureInfo.InvariantCulture),
            _ => (string)value!,
        };

    private static string NameOf(IReadOnlyList<RowOrder> order) =>
        string.Join(',', order.Select(by => by.IsDescending ? $"-{by.Column}" : by.Column));
}

/// <summary>What a client asks of a list.</summary>
/// <param name="Filter">Null for everything.</param>
/// <param name="AsOf">Null for now.</param>
internal sealed record ListCall(PagingArguments Paging, Filter? Filter, SortOrder Order, AsOf? AsOf);
