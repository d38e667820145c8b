using System.Collections.Concurrent;
using Events.Application.Contracts;

namespace Events.Tests.Domain;

/// <summary>The views' door: folds the whole log anew at every question, so it never lags unless it is told to.</summary>
public sealed class InMemoryViews(InMemoryStreams streams) : IReadModels
{
    private int _listCount;

    /// <summary>While false, nothing becomes visible in time.</summary>
    public bool IsInTime { get; set; } = true;

    /// <summary>Views that stand still, by name, and at which position: they have nothing behind it.</summary>
    public ConcurrentDictionary<string, long> StandsAt { get; } = new(StringComparer.Ordinal);

    /// <summary>What each view's loop says of itself.</summary>
    public IReadOnlyList<ViewStatus> Status { get; set; } = [];

    /// <summary>Called at every list; what it throws is what the caller meets.</summary>
    public Action BeforeList { get; set; } = () => { };

    public int ListCount => _listCount;

    public Task<TRow?> FindAsync<TRow>(View<TRow> view, string key, CancellationToken cancellationToken)
        where TRow : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Rows(view).GetValueOrDefault(key));
    }

    public Task<Page<TRow>> ListAsync<TRow>(View<TRow> view, ViewQuery query, CancellationToken cancellationToken)
        where TRow : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Increment(ref _listCount);
        BeforeList();
        TRow[] matching = [.. Rows(view).Where(row => query.Filters.All(filter => Matches(view, row.Value, filter)))
            .OrderBy(row => query.OrderBy is { } column ? Value(view, row.Value, column) : null, Comparer<object?>.Default)
            .ThenBy(row => row.Key, StringComparer.Ordinal)
            .Select(row => row.Value)];
        if (query.IsDescending)
        {
            Array.Reverse(matching);
        }

        return Task.FromResult(new Page<TRow>([.. matching.Skip(query.Offset).Take(query.Limit)], matching.Length));
    }

    public Task<long> SumAsync<TRow>(
        View<TRow> view, string column, IReadOnlyList<ViewFilter> filters, CancellationToken cancellationToken)
        where TRow : class =>
        Task.FromResult(Rows(view).Values
            .Where(row => filters.All(filter => Matches(view, row, filter)))
            .Sum(row => (long?)Value(view, row, column) ?? 0));

    public Task<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken) =>
        Task.FromResult(IsInTime);

    public Task<ViewReach> WaitForAsync(View view, long position, TimeSpan timeout, CancellationToken cancellationToken) =>
        Task.FromResult(
            StandsAt.TryGetValue(view.Name, out long at) ? new ViewReach(at, IsStill: true)
            : new ViewReach(IsInTime ? position : -1, IsStill: false));

    public Task<IReadOnlyList<ViewStatus>> StatusAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Status);

    public Dictionary<string, TRow> Rows<TRow>(View<TRow> view)
        where TRow : class
    {
        var rows = new Dictionary<string, TRow>(StringComparer.Ordinal);
        long end = StandsAt.TryGetValue(view.Name, out long at) ? at : long.MaxValue;
        foreach (StoredFact stored in streams.Log.Where(stored => stored.Position <= end && view.Handles(stored.Fact!.GetType())))
        {
            string key = view.Fold.KeyOf(stored.Fact!);
            TRow? row = view.Fold.Project(rows.GetValueOrDefault(key), stored.Fact!, stored.Position, stored.Version);
            if (row is not null)
            {
                rows[key] = row;
            }
            else
            {
                rows.Remove(key);
            }
        }

        return rows;
    }

    private static bool Matches<TRow>(View<TRow> view, TRow row, ViewFilter filter)
        where TRow : class
    {
        if (filter is { Operator: ViewOperator.In, Value: string[] texts })
        {
            return texts.Contains(Value(view, row, filter.Column));
        }

        int order = Comparer<object?>.Default.Compare(Value(view, row, filter.Column), filter.Value);
        return filter.Operator switch
        {
            ViewOperator.Equal => order == 0,
            ViewOperator.NotEqual => order != 0,
            ViewOperator.Below => order < 0,
            ViewOperator.Above => order > 0,
            _ => throw new ArgumentException($"No operator {filter.Operator}."),
        };
    }

    private static object? Value<TRow>(View<TRow> view, TRow row, string column)
        where TRow : class =>
        (view.Columns.SingleOrDefault(candidate => candidate.Name == column)
            ?? throw new ArgumentException($"{view.Name} has no column {column}.")).Value(row);
}
