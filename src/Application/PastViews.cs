using System.Runtime.CompilerServices;
using Events.Application.Contracts;

namespace Events.Application;

/// <summary>
/// The views as they were: the same projections, folded from the log up to a position, without what cannot be read and what
/// the view passes over because somebody said so. Nothing of it is kept.
/// </summary>
public sealed class PastViews(ILog log, IFacts facts, EventCatalogue catalogue)
{
    /// <summary>
    /// In facts. A list is folded from all facts of its view; a hundred thousand take about a second and are forgotten again.
    /// </summary>
    public const int FactsMax = 200_000;

    /// <summary>In rows, of <see cref="WalkAsync"/>. Some 100 MB of the largest ones.</summary>
    public const int WindowRowsMax = 50_000;

    /// <summary>One row, folded from its own stream.</summary>
    /// <returns>Null when there was none.</returns>
    public async Task<TRow?> FindAsync<TRow>(
        View<TRow> view, string streamId, string key, long position, CancellationToken cancellationToken)
        where TRow : class
    {
        IReadOnlySet<long> parked = await facts.ParkedAsync(view, cancellationToken);
        TRow? row = null;
        long version = 0;
        while (true)
        {
            var page = await log.ReadStreamAsync(streamId, version, ILog.PageCountMax, areBroken: true, cancellationToken);
            foreach (StoredFact stored in page)
            {
                if (stored.Position > position)
                {
                    return row;
                }

                version = stored.Version;
                if (stored.Fact is { } fact && !parked.Contains(stored.Position)
                    && view.Handles(fact.GetType()) && view.Fold.KeyOf(fact) == key)
                {
                    row = view.Fold.Project(row, fact, stored.Position, stored.Version);
                }
            }

            if (page.Count == 0)
            {
                return row;
            }
        }
    }

    /// <summary>All rows by their keys.</summary>
    /// <returns>Null when more than <see cref="FactsMax"/> facts would have to be folded.</returns>
    public async Task<IReadOnlyDictionary<string, TRow>?> ListAsync<TRow>(
        View<TRow> view, long position, CancellationToken cancellationToken)
        where TRow : class
    {
        IReadOnlySet<long> parked = await facts.ParkedAsync(view, cancellationToken);
        string[] types = [.. catalogue.Types.Where(type => view.Handles(type.FactType)).Select(type => type.Alias)];
        Dictionary<string, TRow> rows = new(StringComparer.Ordinal);
        long after = 0;
        for (int folded = 0; folded <= FactsMax;)
        {
            FactsFound page = await facts.FindAsync(
                new FactQuery(Types: types, After: after, Before: position == long.MaxValue ? position : position + 1),
                cancellationToken);
            foreach (StoredFact stored in page.Facts)
            {
                if (!parked.Contains(stored.Position))
                {
                    Fold(view, rows, stored);
                }

                after = stored.Position;
            }

            if (!page.HasMore)
            {
                return rows;
            }

            folded += page.Facts.Count;
        }

        return null;
    }

    /// <summary>
    /// Rows as they were at two positions, by key, however many facts they are folded from. Memory holds so many rows at a
    /// time; when there are more, the log is folded once more for the next ones.
    /// </summary>
    /// <param name="before">The earlier position; equal to <paramref name="after"/> when it is not of interest.</param>
    /// <param name="rowsMax">In memory at a time.</param>
    public async IAsyncEnumerable<PastRow<TRow>> WalkAsync<TRow>(
        View<TRow> view,
        long before,
        long after,
        int rowsMax = WindowRowsMax,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where TRow : class
    {
        IReadOnlySet<long> parked = await facts.ParkedAsync(view, cancellationToken);
        string? from = null;
        do
        {
            Window<TRow> window = new(view, from, before, rowsMax);
            await FoldAsync(view, window, after, parked, cancellationToken);
            foreach (PastRow<TRow> row in window.Rows())
            {
                yield return row;
            }

            from = window.End;
        }
        while (from is not null);
    }

    private async Task FoldAsync<TRow>(
        View<TRow> view, Window<TRow> window, long upTo, IReadOnlySet<long> parked, CancellationToken cancellationToken)
        where TRow : class
    {
        string[] types = [.. catalogue.Types.Where(type => view.Handles(type.FactType)).Select(type => type.Alias)];
        long after = 0;
        bool hasMore = true;
        while (hasMore)
        {
            FactsFound page = await facts.FindAsync(
                new FactQuery(Types: types, After: after, Before: upTo == long.MaxValue ? upTo : upTo + 1), cancellationToken);
            foreach (StoredFact stored in page.Facts)
            {
                if (!parked.Contains(stored.Position))
                {
                    window.Fold(stored);
                }

                after = stored.Position;
            }

            hasMore = page.HasMore;
        }
    }

    private static void Fold<TRow>(View<TRow> view, Dictionary<string, TRow> rows, StoredFact stored)
        where TRow : class
    {
        if (stored.Fact is not { } fact)
        {
            return;
        }

        string key = view.Fold.KeyOf(fact);
        if (view.Fold.Project(rows.GetValueOrDefault(key), fact, stored.Position, stored.Version) is { } row)
        {
            rows[key] = row;
        }
        else
        {
            rows.Remove(key);
        }
    }

    /// <summary>The rows from one key on, up to where there is no more room.</summary>
    private sealed class Window<TRow>(View<TRow> view, string? from, long before, int rowsMax)
        where TRow : class
    {
        private readonly SortedSet<string> _keys = new(StringComparer.Ordinal);
        private readonly Dictionary<string, PastRow<TRow>> _rows = new(StringComparer.Ordinal);
        private bool _isBehind;

        /// <summary>The first key that had no room; null when all had.</summary>
        public string? End { get; private set; }

        public IEnumerable<PastRow<TRow>> Rows()
        {
            TakeBefore();
            return _keys.Select(key => _rows[key]);
        }

        public void Fold(StoredFact stored)
        {
            if (stored.Position > before)
            {
                TakeBefore();
            }

            if (stored.Fact is not { } fact || view.Fold.KeyOf(fact) is not { } key
                || string.CompareOrdinal(key, from) < 0 || (End is { } end && string.CompareOrdinal(key, end) >= 0))
            {
                return;
            }

            PastRow<TRow> row = _rows.GetValueOrDefault(key) ?? new PastRow<TRow>(key, null, null);
            row = row with { After = view.Fold.Project(row.After, fact, stored.Position, stored.Version) };
            if (row is { Before: null, After: null })
            {
                _rows.Remove(key);
                _keys.Remove(key);
                return;
            }

            _rows[key] = row;
            if (_keys.Add(key) && _keys.Count > rowsMax)
            {
                // It is folded from its first fact again when its turn comes.
                End = _keys.Max!;
                _keys.Remove(End);
                _rows.Remove(End);
            }
        }

        /// <summary>Between the last fact that counts for the earlier position and the first that does not.</summary>
        private void TakeBefore()
        {
            if (_isBehind)
            {
                return;
            }

            _isBehind = true;
            foreach (string key in _keys)
            {
                _rows[key] = _rows[key] with { Before = _rows[key].After };
            }
        }
    }
}

/// <summary>A moment of the log.</summary>
/// <param name="Position">Of the newest fact that counts.</param>
/// <param name="At">When that was, UTC; not later than now.</param>
public sealed record PastMoment(long Position, DateTimeOffset At);

/// <summary>A row at two positions.</summary>
/// <param name="Before">Null when there was none.</param>
/// <param name="After">Null when there was none any more, or not yet.</param>
public sealed record PastRow<TRow>(string Key, TRow? Before, TRow? After)
    where TRow : class;
