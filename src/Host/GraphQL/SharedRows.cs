using Events.Application.Contracts;

namespace Events.Host.GraphQL;

/// <summary>
/// Rows that many subscribers want at the same moment, because of the same fact: read once for all of them. A row counts for
/// facts up to the one that it was read for; for a newer fact it is read anew.
/// </summary>
internal sealed class SharedRows(IReadModels views)
{
    /// <summary>Rows remembered; then all are forgotten. One is needed for as long as a fact goes round.</summary>
    private const int CountMax = 1_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Table, string Key), (long Position, Task Row)> _rows = [];

    /// <param name="position">Of the fact that the row has to know.</param>
    /// <returns>Null when there is no such row.</returns>
    public Task<TRow?> FindAsync<TRow>(View<TRow> view, string key, long position, CancellationToken cancellationToken)
        where TRow : class
    {
        Task<TRow?> row;
        lock (_gate)
        {
            if (_rows.TryGetValue((view.Table, key), out var known)
                && known.Position >= position && known.Row is { IsFaulted: false })
            {
                row = (Task<TRow?>)known.Row;
            }
            else
            {
                if (_rows.Count >= CountMax)
                {
                    _rows.Clear();
                }

                // Not the caller's token: others wait for the same row.
                row = views.FindAsync(view, key, CancellationToken.None);
                _rows[(view.Table, key)] = (position, row);
            }
        }

        return row.WaitAsync(cancellationToken);
    }
}
