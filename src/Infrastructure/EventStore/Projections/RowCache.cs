namespace Events.EventStore.Projections;

/// <summary>
/// The rows a view's loop used lately, and the knowledge that some are not there. Two generations: when the young one is full
/// it becomes the old one, and the old one is dropped. A row in use moves to the young one.
/// </summary>
internal sealed class RowCache<TRow>
    where TRow : class
{
    /// <summary>In rows of each generation. All cameras and the recordings of a day; a few MiB.</summary>
    private const int GenerationCountMax = 10_000;

    private Dictionary<string, TRow?> _young = new(StringComparer.Ordinal);
    private Dictionary<string, TRow?> _old = new(StringComparer.Ordinal);

    public bool TryGet(string key, out TRow? row)
    {
        if (_young.TryGetValue(key, out row))
        {
            return true;
        }

        if (!_old.TryGetValue(key, out row))
        {
            return false;
        }

        Put(key, row);
        return true;
    }

    public void Put(string key, TRow? row)
    {
        if (_young.Count >= GenerationCountMax)
        {
            (_young, _old) = (new(StringComparer.Ordinal), _young);
        }

        _young[key] = row;
    }

    public void Clear()
    {
        _young.Clear();
        _old.Clear();
    }
}
