namespace Events.Application.Contracts;

/// <summary>
/// The same conditions, order and pages over rows in memory, as <see cref="IViewPages"/> gives them from tables.
/// </summary>
public static class RowSieve
{
    /// <exception cref="ArgumentException">A column or a value does not fit the view.</exception>
    public static RowsPage<TRow> Page<TRow>(View<TRow> view, IReadOnlyDictionary<string, TRow> rows, RowsQuery query)
        where TRow : class
    {
        Comparer<RowPlace> order = Comparer<RowPlace>.Create((left, right) => Compare(left, right, query.Order));
        IEnumerable<PlacedRow<TRow>> found = rows
            .Where(row => query.Where is null || Holds(view, row.Key, row.Value, query.Where))
            .Select(row => new PlacedRow<TRow>(row.Value, PlaceOf(view, row.Key, row.Value, query.Order)))
            .Where(row => query.After is null || order.Compare(row.Place, query.After) > 0)
            .Where(row => query.Before is null || order.Compare(row.Place, query.Before) < 0);
        PlacedRow<TRow>[] sorted = [.. found.OrderBy(row => row.Place, order)];
        int from = query.IsFromEnd ? Math.Max(0, sorted.Length - query.Count) : 0;
        return new RowsPage<TRow>([.. sorted.Skip(from).Take(query.Count)], sorted.Length > query.Count);
    }

    public static long Count<TRow>(View<TRow> view, IReadOnlyDictionary<string, TRow> rows, RowCondition? where)
        where TRow : class => rows.LongCount(row => where is null || Holds(view, row.Key, row.Value, where));

    public static RowPlace PlaceOf<TRow>(View<TRow> view, string key, TRow row, IReadOnlyList<RowOrder> order)
        where TRow : class => new([.. order.Select(by => Value(view, by.Column, key, row))], key);

    private static bool Holds<TRow>(View<TRow> view, string key, TRow row, RowCondition condition)
        where TRow : class =>
        condition switch
        {
            RowCondition.All all => all.Parts.All(part => Holds(view, key, row, part)),
            RowCondition.Any any => any.Parts.Any(part => Holds(view, key, row, part)),
            RowCondition.Not not => !Holds(view, key, row, not.Part),
            RowCondition.Compare one => Holds(Value(view, one.Column, key, row), one.Operator, one.Value),
            _ => throw new ArgumentException($"Unknown condition {condition.GetType().Name}."),
        };

    private static bool Holds(object? value, RowOperator @operator, object? with) =>
        (@operator, value, with) switch
        {
            (RowOperator.Equal, _, _) => Equals(value, with),
            (RowOperator.In, _, IEnumerable<object?> some) => some.Contains(value),
            (_, null, _) or (_, _, null) => false,
            (RowOperator.Contains, string text, string part) => text.Contains(part, StringComparison.Ordinal),
            (RowOperator.StartsWith, string text, string part) => text.StartsWith(part, StringComparison.Ordinal),
            (RowOperator.EndsWith, string text, string part) => text.EndsWith(part, StringComparison.Ordinal),
            (RowOperator.Above, _, _) => Compare(value, with) > 0,
            (RowOperator.AtLeast, _, _) => Compare(value, with) >= 0,
            (RowOperator.Below, _, _) => Compare(value, with) < 0,
            (RowOperator.AtMost, _, _) => Compare(value, with) <= 0,
            _ => throw new ArgumentException($"{@operator} does not fit these values."),
        };

    private static int Compare(RowPlace left, RowPlace right, IReadOnlyList<RowOrder> order)
    {
        for (int i = 0; i < order.Count; i++)
        {
            int by = Compare(left.Values[i], right.Values[i]);
            if (by != 0)
            {
                return order[i].IsDescending ? -by : by;
            }
        }

        return string.CompareOrdinal(left.Key, right.Key);
    }

    private static int Compare(object? left, object? right) =>
        left is string text && right is string other
            ? string.CompareOrdinal(text, other)
            : Comparer<object?>.Default.Compare(left, right);

    private static object? Value<TRow>(View<TRow> view, string column, string key, TRow row)
        where TRow : class =>
        column == "key"
            ? key
            : (view.Columns.FirstOrDefault(one => one.Name == column)
                ?? throw new ArgumentException($"{view.Name} has no column {column}.")).Value(row);
}
