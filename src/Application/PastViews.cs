using Events.Application.Contracts;

namespace Events.Application;

/// <summary>
/// The views as they were: the same projections, folded from the log up to a position. Nothing of it is kept.
/// </summary>
public sealed class PastViews(ILog log, IFacts facts, EventCatalogue catalogue)
{
    /// <summary>
    /// In facts. A list is folded from all facts of its view; a hundred thousand take about a second and are forgotten again.
    /// </summary>
    public const int FactsMax = 200_000;

    /// <summary>One row, folded from its own stream.</summary>
    /// <returns>Null when there was none.</returns>
    public async Task<TRow?> FindAsync<TRow>(
        View<TRow> view, string streamId, string key, long position, CancellationToken cancellationToken)
        where TRow : class
    {
        TRow? row = null;
        long version = 0;
        while (true)
        {
            var page = await log.ReadStreamAsync(streamId, version, ILog.PageCountMax, cancellationToken);
            foreach (StoredFact stored in page)
            {
                if (stored.Position > position)
                {
                    return row;
                }

                version = stored.Version;
                if (stored.Fact is { } fact && view.Handles(fact.GetType()) && view.Fold.KeyOf(fact) == key)
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
                Fold(view, rows, stored);
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
}
