namespace Events.GraphQL;

/// <summary>
/// Which part of a list is wanted (cursor connections). Checked: not both ways at once, not more than the maximum.
/// </summary>
/// <param name="First">
/// How many from the start, or from behind <paramref name="After"/>; null when it is asked from the end.
/// </param>
/// <param name="After">A cursor; null for the start.</param>
/// <param name="Last">
/// How many from the end, or from before <paramref name="Before"/>; null when it is asked from the start.
/// </param>
/// <param name="Before">A cursor; null for the end.</param>
/// <param name="IncludeTotalCount">Whether the client asked for <c>totalCount</c>.</param>
public sealed record PagingArguments(int? First, string? After, int? Last, string? Before, bool IncludeTotalCount)
{
    public bool IsBackward => Last is not null;

    /// <summary>How many items are wanted.</summary>
    public int Count => Last ?? First ?? 0;
}

/// <summary>An item and its place in the list.</summary>
/// <param name="Cursor">Opaque to clients.</param>
public sealed record Edge<T>(T Node, string Cursor) : IEdge
{
    object? IEdge.Node => Node;
}

/// <summary>Whether there is more, and where this page begins and ends.</summary>
/// <param name="HasNextPage">Indicates whether more items follow this page.</param>
/// <param name="HasPreviousPage">Indicates whether items precede this page.</param>
/// <param name="StartCursor">Of the first item; null when there is none.</param>
/// <param name="EndCursor">Of the last item; null when there is none.</param>
public sealed record ConnectionPageInfo(bool HasNextPage, bool HasPreviousPage, string? StartCursor, string? EndCursor);

/// <summary>A part of a list.</summary>
/// <param name="startCursor">From where to go on backwards, if that is before the first item; null for that item's.</param>
/// <param name="endCursor">From where to go on, if that is behind the last item; null for that item's.</param>
public sealed class Connection<T>(
    IReadOnlyList<Edge<T>> edges,
    bool hasNextPage,
    bool hasPreviousPage,
    Func<CancellationToken, ValueTask<int>>? totalCount = null,
    string? startCursor = null,
    string? endCursor = null) : IConnection
{
    public IReadOnlyList<Edge<T>> Edges => edges;

    public ConnectionPageInfo PageInfo { get; } = new(
        hasNextPage,
        hasPreviousPage,
        startCursor ?? (edges.Count == 0 ? null : edges[0].Cursor),
        endCursor ?? (edges.Count == 0 ? null : edges[^1].Cursor));

    IEnumerable<object> IConnection.Edges => edges;

    IEnumerable<object?> IConnection.Nodes => edges.Select(edge => (object?)edge.Node);

    ValueTask<int> IConnection.CountAsync(CancellationToken cancellationToken) =>
        totalCount is null ? throw new GraphQLException("This list is not counted.") : totalCount(cancellationToken);
}

/// <summary>A connection, whatever its items are.</summary>
internal interface IConnection
{
    IEnumerable<object> Edges { get; }

    IEnumerable<object?> Nodes { get; }

    ConnectionPageInfo PageInfo { get; }

    ValueTask<int> CountAsync(CancellationToken cancellationToken);
}

/// <summary>An edge, whatever its item is.</summary>
internal interface IEdge
{
    string Cursor { get; }

    object? Node { get; }
}
