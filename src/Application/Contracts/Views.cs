using System.Text.Json.Serialization.Metadata;

namespace Events.Application.Contracts;

public enum ViewColumnType
{
    Text = 1,
    Number = 2,
    Instant = 3,
    Flag = 4,
}

/// <summary>A value of a row that can be filtered and sorted by in SQL.</summary>
/// <param name="Name">snake_case, the column's name in the view's table.</param>
/// <param name="Value">string, long, DateTimeOffset or bool by <paramref name="Type"/>; null is SQL null.</param>
public sealed record ViewColumn<TRow>(string Name, ViewColumnType Type, bool IsIndexed, Func<TRow, object?> Value);

/// <summary>
/// A view as data: where its rows live and how facts become rows. Pure: no clock, no look-ups, so a rebuild from position
/// zero gives the same rows.
/// </summary>
/// <param name="Name">PascalCase; with <see cref="Version"/> the checkpoint's key and the table's name. Stored for ever.</param>
/// <param name="Version">Raise it when the shape changes; the view is then built anew beside the old one.</param>
public abstract record View(string Name, int Version)
{
    /// <summary>Row of <c>mt_event_progression</c>, as Marten names it.</summary>
    public string Checkpoint => Version == 1 ? $"{Name}:All" : $"{Name}:V{Version}:All";

    /// <summary>Table in the schema <c>views</c>, e.g. <c>camera_view_v1</c>.</summary>
    public string Table => $"{StoredName.Of(Name)}_v{Version}";

    /// <summary>Whether a fact of this type can change a row. Others are not even read.</summary>
    public abstract bool Handles(Type factType);

    /// <summary>Hands this view on with the type of its rows, without reflection.</summary>
    public abstract TResult Accept<TResult>(IViewVisitor<TResult> visitor);
}

/// <summary>Something that is done with a view of any row type.</summary>
public interface IViewVisitor<out TResult>
{
    TResult Visit<TRow>(View<TRow> view)
        where TRow : class;
}

/// <param name="Columns">What can be filtered and sorted by; the row itself is stored whole as JSON.</param>
public sealed record View<TRow>(
    string Name,
    int Version,
    JsonTypeInfo<TRow> Json,
    IReadOnlyList<ViewColumn<TRow>> Columns,
    ViewFold<TRow> Fold)
    : View(Name, Version)
    where TRow : class
{
    public override bool Handles(Type factType) => Fold.Handles(factType);

    public override TResult Accept<TResult>(IViewVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>How facts become rows of one view.</summary>
public abstract record ViewFold<TRow>
    where TRow : class
{
    public abstract bool Handles(Type factType);

    /// <returns>The key of the row that this fact concerns.</returns>
    public abstract string KeyOf(object fact);

    /// <returns>The row to store, or null for none. The same instance when the fact changes nothing.</returns>
    public abstract TRow? Project(TRow? row, object fact, long position, long version);
}

/// <summary>The fold of a view over one closed union of facts.</summary>
public sealed record ViewFold<TRow, TEvent>(Func<TEvent, string> Key, Func<TRow?, Recorded<TEvent>, TRow?> Apply)
    : ViewFold<TRow>
    where TRow : class
    where TEvent : class
{
    public override bool Handles(Type factType) => typeof(TEvent).IsAssignableFrom(factType);

    public override string KeyOf(object fact) => Key((TEvent)fact);

    public override TRow? Project(TRow? row, object fact, long position, long version) =>
        Apply(row, new Recorded<TEvent>((TEvent)fact, position, version));
}

public enum ViewOperator
{
    Equal = 1,
    NotEqual = 2,
    Below = 3,
    Above = 4,

    /// <summary>One of some texts; the value is an array of them.</summary>
    In = 5,
}

public sealed record ViewFilter(string Column, ViewOperator Operator, object Value);

/// <param name="OrderBy">A column's name; null orders by key. Ties are always broken by key.</param>
/// <param name="Limit">In rows, 1 to 1,000.</param>
public sealed record ViewQuery(
    IReadOnlyList<ViewFilter> Filters,
    string? OrderBy = null,
    bool IsDescending = false,
    int Limit = 1_000,
    int Offset = 0)
{
    public const int LimitMax = 1_000;

    public static ViewQuery All { get; } = new([]);

    public static ViewQuery Where(string column, object value) => new([new ViewFilter(column, ViewOperator.Equal, value)]);
}

/// <param name="Total">Rows that match without limit and offset.</param>
public sealed record Page<TRow>(IReadOnlyList<TRow> Rows, long Total);

/// <summary>The views, read.</summary>
public interface IReadModels
{
    /// <returns>Null when there is no such row.</returns>
    Task<TRow?> FindAsync<TRow>(View<TRow> view, string key, CancellationToken cancellationToken)
        where TRow : class;

    /// <exception cref="ArgumentException">The query names a column that the view does not have.</exception>
    Task<Page<TRow>> ListAsync<TRow>(View<TRow> view, ViewQuery query, CancellationToken cancellationToken)
        where TRow : class;

    /// <summary>Adds up a number over the rows that match all <paramref name="filters"/>; 0 when none does.</summary>
    /// <exception cref="ArgumentException">A column is not there, or what is to be added up is no number.</exception>
    Task<long> SumAsync<TRow>(
        View<TRow> view, string column, IReadOnlyList<ViewFilter> filters, CancellationToken cancellationToken)
        where TRow : class;

    /// <summary>Waits until every view has folded <paramref name="position"/>.</summary>
    /// <returns>False when that took longer than <paramref name="timeout"/>.</returns>
    Task<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>
    /// Waits until one view has folded <paramref name="position"/>, or stands still, or <paramref name="timeout"/> is over.
    /// </summary>
    /// <exception cref="ArgumentException">It is no view of this host.</exception>
    Task<ViewReach> WaitForAsync(View view, long position, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>Each view's name, position and, where it stands still, why.</summary>
    Task<IReadOnlyList<ViewStatus>> StatusAsync(CancellationToken cancellationToken);
}

/// <summary>How far one view has come.</summary>
/// <param name="Position">Its rows have all up to here, and perhaps more; -1 while its table is not there.</param>
/// <param name="IsStill">It does not go on by itself: it is paused, or at a fact that it cannot fold.</param>
public sealed record ViewReach(long Position, bool IsStill);

/// <param name="Fault">Null while the view follows the log.</param>
public sealed record ViewStatus(string Name, long Position, long Lag, string? Fault)
{
    /// <summary>The fault of a view that somebody made stand still.</summary>
    public const string Paused = "It is paused by hand. Resume it: projections resume";

    public bool IsPaused => Fault == Paused;
}
