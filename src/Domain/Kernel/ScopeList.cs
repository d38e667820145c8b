namespace Events.Domain.Kernel;

/// <summary>
/// Some of a role's rights, as one line: their names in order, with spaces between. Two are equal when their lines are.
/// </summary>
public sealed record ScopeList
{
    private ScopeList(Right[] sorted) => (Text, All) = (string.Join(' ', sorted), sorted);

    /// <summary>As it is stored.</summary>
    public string Text { get; }

    public IReadOnlyList<Right> All { get; }

    /// <summary>
    /// What a list may name. Who lets others in could let himself in for everything, so that right goes with the whole role
    /// or not at all.
    /// </summary>
    public static IReadOnlyList<Right> Known { get; } =
        [.. Enum.GetValues<Right>().Where(right => right is not Right.ManageAccess)];

    /// <returns>Null for none at all, and for one that no list may name.</returns>
    public static ScopeList? From(IEnumerable<Right> rights)
    {
        Right[] sorted = [.. rights.Distinct().Order()];
        return sorted.Length > 0 && sorted.All(Known.Contains) ? new ScopeList(sorted) : null;
    }

    /// <returns>Null for text that is not in the form of <see cref="Text"/>.</returns>
    public static ScopeList? TryParse(string text)
    {
        string[] names = text.Split(' ');
        Right[] rights = [.. Known.Where(right => names.Contains(right.ToString(), StringComparer.Ordinal))];
        return rights.Length == names.Length ? From(rights) : null;
    }

    public bool Contains(Right right) => All.Contains(right);

    public bool Equals(ScopeList? other) => other is not null && other.Text == Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;
}
