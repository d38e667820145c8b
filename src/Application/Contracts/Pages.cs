namespace Events.Application.Contracts;

/// <summary>What rows must be like, as a tree. Columns are the view's, or <c>key</c>.</summary>
public abstract record RowCondition
{
    private RowCondition()
    {
    }

    /// <summary>Every part holds. None: every row is meant.</summary>
    public sealed record All(IReadOnlyList<RowCondition> Parts) : RowCondition;

    /// <summary>One of the parts holds. None: no row is meant.</summary>
    public sealed record Any(IReadOnlyList<RowCondition> Parts) : RowCondition;

    /// <param name="Value">
    /// string, long, DateTimeOffset or bool by the column's type, or null; a list of them for <see cref="RowOperator.In"/>.
    /// </param>
    public sealed record Compare(string Column, RowOperator Operator, object? Value) : RowCondition;

    /// <summary>The part does not hold.</summary>
    public sealed record Not(RowCondition Part) : RowCondition;
}

public enum RowOperator
{
    Equal = 1,
    In = 2,
    Contains = 3,
    StartsWith = 4,
    EndsWith = 5,
    Above = 6,
    AtLeast = 7,
    Below = 8,
    AtMost = 9,
}

/// <param name="Column">Of the view. Rising order begins with nulls, falling order ends with them.</param>
public sealed record RowOrder(string Column, bool IsDescending);

/// <summary>A row's place in an ordered list.</summary>
/// <param name="Values">One for each column of the order.</param>
/// <param name="Key">Breaks ties, rising.</param>
public sealed record RowPlace(IReadOnlyList<object?> Values, string Key);

/// <summary>A part of a list, found by its neighbour and not by counting: rows that come or go in between move nothing.</summary>
/// <param name="Where">Null for every row.</param>
/// <param name="After">Null for the start.</param>
/// <param name="Before">Null for the end.</param>
/// <param name="Count">In rows, 0 to 1,000.</param>
/// <param name="IsFromEnd">The last rows of what is asked for instead of the first. They are given in the list's order.</param>
public sealed record RowsQuery(
    RowCondition? Where, IReadOnlyList<RowOrder> Order, RowPlace? After, RowPlace? Before, int Count, bool IsFromEnd)
{
    public const int CountMax = 1_000;

    /// <summary>Conditions, columns of an order and listed values in one query. A screen needs a few.</summary>
    public const int PartsMax = 1_000;
}

public sealed record PlacedRow<TRow>(TRow Row, RowPlace Place);

/// <param name="HasMore">Whether there are more rows in the direction that was asked for.</param>
public sealed record RowsPage<TRow>(IReadOnlyList<PlacedRow<TRow>> Rows, bool HasMore);

/// <summary>The views, read in pages by place.</summary>
public interface IViewPages
{
    /// <exception cref="ArgumentException">
    /// The query names a column that the view does not have, compares it with another type, or has too many parts.
    /// </exception>
    Task<RowsPage<TRow>> PageAsync<TRow>(View<TRow> view, RowsQuery query, CancellationToken cancellationToken)
        where TRow : class;

    /// <param name="where">Null for every row.</param>
    /// <exception cref="ArgumentException">As for a page.</exception>
    Task<long> CountAsync<TRow>(View<TRow> view, RowCondition? where, CancellationToken cancellationToken)
        where TRow : class;
}
