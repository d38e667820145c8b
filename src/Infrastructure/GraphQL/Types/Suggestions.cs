namespace Events.GraphQL.Types;

/// <summary>Finds names that somebody who mistyped may have meant.</summary>
internal static class Suggestions
{
    private const int ShownMax = 5;

    /// <summary>Longer texts are nobody's typing error; comparing them would cost their length squared.</summary>
    private const int LengthMax = 200;

    /// <returns>The nearest first; empty when none is near enough.</returns>
    internal static IReadOnlyList<string> For(string input, IEnumerable<string> options)
    {
        if (input.Length > LengthMax)
        {
            return [];
        }

        int threshold = (int)Math.Floor(input.Length * 0.4) + 1;
        return [.. options
            .Where(option => Math.Abs(option.Length - input.Length) <= threshold)
            .Select(option => (option, distance: Distance(input, option)))
            .Where(pair => pair.distance <= threshold)
            .OrderBy(pair => pair.distance)
            .ThenBy(pair => pair.option, StringComparer.Ordinal)
            .Select(pair => pair.option)];
    }

    /// <returns><c> Did you mean the enum value "A", "B", or "C"?</c>; null when there is nothing to ask.</returns>
    internal static string? Question(string? subject, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
        {
            return null;
        }

        string[] quoted = [.. names.Take(ShownMax).Select(name => $"\"{name}\"")];
        string list = quoted.Length switch
        {
            1 => quoted[0],
            2 => $"{quoted[0]} or {quoted[1]}",
            _ => $"{string.Join(", ", quoted[..^1])}, or {quoted[^1]}",
        };
        return $" Did you mean {(subject is null ? string.Empty : subject + " ")}{list}?";
    }

    /// <summary>Inserted, removed, changed and swapped letters; a difference in case alone counts as one.</summary>
    private static int Distance(string a, string b)
    {
        if (a == b)
        {
            return 0;
        }

        if (string.Equals(a, b, StringComparison.OrdinalIgnoreCase))
        {
            return 1;
        }

        string left = a.ToLowerInvariant();
        string right = b.ToLowerInvariant();
        int[,] cost = new int[left.Length + 1, right.Length + 1];
        for (int i = 0; i <= left.Length; i++)
        {
            for (int j = 0; j <= right.Length; j++)
            {
                cost[i, j] = i == 0 || j == 0 ? i + j : Step(cost, left, right, i, j);
            }
        }

        return cost[left.Length, right.Length];
    }

    private static int Step(int[,] cost, string left, string right, int i, int j)
    {
        int change = left[i - 1] == right[j - 1] ? 0 : 1;
        int best = Math.Min(Math.Min(cost[i - 1, j] + 1, cost[i, j - 1] + 1), cost[i - 1, j - 1] + change);
        bool isSwap = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
        return isSwap ? Math.Min(best, cost[i - 2, j - 2] + 1) : best;
    }
}
