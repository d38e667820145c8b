namespace Events.Domain.Kernel;

/// <summary>Some cameras, as one line: their ids in order, with spaces between. Two are equal when their lines are.</summary>
public sealed record CameraList
{
    /// <summary>Per list. A key for more cameras than a wall of screens shows is a key for all of them.</summary>
    public const int CountMax = 64;

    private readonly HashSet<CameraId> _all;

    private CameraList(CameraId[] sorted) =>
        (Text, All, _all) = (string.Join(' ', sorted), sorted, [.. sorted]);

    /// <summary>As it is stored.</summary>
    public string Text { get; }

    public IReadOnlyList<CameraId> All { get; }

    /// <returns>Null for none at all, and for more than <see cref="CountMax"/>.</returns>
    public static CameraList? From(IEnumerable<CameraId> cameras)
    {
        CameraId[] sorted =
            [.. cameras.Distinct().OrderBy(id => id.ToString(), StringComparer.Ordinal).Take(CountMax + 1)];
        return sorted.Length is 0 or > CountMax ? null : new CameraList(sorted);
    }

    /// <returns>Null for text that is not in the form of <see cref="Text"/>.</returns>
    public static CameraList? TryParse(string text)
    {
        List<CameraId> ids = [];
        foreach (string part in text.Split(' '))
        {
            if (!Guid.TryParseExact(part, "d", out Guid id) || ids.Count == CountMax)
            {
                return null;
            }

            ids.Add(new CameraId(id));
        }

        return From(ids);
    }

    public bool Contains(CameraId camera) => _all.Contains(camera);

    /// <summary>Whether each of them is in another list; null for a list of all cameras.</summary>
    public bool IsWithin(CameraList? other) => other is null || All.All(other.Contains);

    public bool Equals(CameraList? other) => other is not null && other.Text == Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;
}
