using Events.Application.Contracts;

namespace Events.Host.GraphQL;

/// <summary>Finds one object as the views show it now; null when there is none.</summary>
internal delegate Task<TNode?> Lookup<TNode>(IReadModels views, CancellationToken cancellationToken)
    where TNode : class;

/// <summary>Rows of views as objects of the schema, by their keys.</summary>
internal static class Lookups
{
    public static Lookup<TNode> Of<TRow, TNode>(View<TRow> view, Guid key, Func<TRow, TNode> show)
        where TRow : class
        where TNode : class =>
        async (views, cancellationToken) =>
            await views.FindAsync(view, key.ToString("d"), cancellationToken) is { } row ? show(row) : null;

    /// <summary>For data loaders: the rows of all these keys, in no order.</summary>
    /// <param name="column">That holds the key: <c>key</c>, or another one's.</param>
    /// <param name="also">A condition beside it; null for none.</param>
    public static async Task<IEnumerable<TRow>> OfAsync<TRow>(
        this IViewPages pages, View<TRow> view, string column, IReadOnlyList<Guid> keys, RowCondition? also,
        CancellationToken cancellationToken)
        where TRow : class
    {
        List<TRow> rows = [];
        foreach (Guid[] some in keys.Chunk(RowsQuery.CountMax))
        {
            RowCondition among = new RowCondition.Compare(
                column, RowOperator.In, some.Select(key => (object?)key.ToString("d")).ToList());
            var found = await pages.PageAsync(
                view,
                new RowsQuery(
                    also is null ? among : new RowCondition.All([also, among]), [], null, null, RowsQuery.CountMax, false),
                cancellationToken);
            rows.AddRange(found.Rows.Select(row => row.Row));
        }

        return rows;
    }
}
