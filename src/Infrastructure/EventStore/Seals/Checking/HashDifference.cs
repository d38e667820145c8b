using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Checking;

internal enum DifferenceKind
{
    Changed,
    Missing,
    Inserted,
}

/// <summary>One place where two rows of hashes part.</summary>
/// <param name="Expected">Index among what was sealed; for an insertion, of what comes behind it.</param>
/// <param name="Actual">Index among what is stored; for something missing, of what comes behind it.</param>
internal readonly record struct HashDifference(DifferenceKind Kind, int Expected, int Actual);

/// <summary>
/// Finds what was changed, taken out or put in between, so that one missing fact is not a thousand changed ones.
/// </summary>
internal static class HashDifferences
{
    /// <summary>In hashes. What parts for longer is told as changed throughout.</summary>
    private const int LookAhead = 512;

    public static IEnumerable<HashDifference> Between(IReadOnlyList<TreeHash> expected, IReadOnlyList<TreeHash> actual)
    {
        (int e, int a) = (0, 0);
        while (e < expected.Count || a < actual.Count)
        {
            if (e < expected.Count && a < actual.Count && expected[e] == actual[a])
            {
                (e, a) = (e + 1, a + 1);
                continue;
            }

            (int skippedE, int skippedA) = Parting(expected, e, actual, a);
            for (int both = Math.Min(skippedE, skippedA); both > 0; both--, skippedE--, skippedA--)
            {
                yield return new HashDifference(DifferenceKind.Changed, e++, a++);
            }

            for (; skippedE > 0; skippedE--)
            {
                yield return new HashDifference(DifferenceKind.Missing, e++, a);
            }

            for (; skippedA > 0; skippedA--)
            {
                yield return new HashDifference(DifferenceKind.Inserted, e, a++);
            }
        }
    }

    /// <returns>How many of each to step over until they meet again: as few as can be, or the rest of both.</returns>
    private static (int Expected, int Actual) Parting(
        IReadOnlyList<TreeHash> expected, int e, IReadOnlyList<TreeHash> actual, int a)
    {
        Dictionary<TreeHash, int> ahead = [];
        for (int step = Math.Min(LookAhead, expected.Count - e) - 1; step >= 0; step--)
        {
            ahead[expected[e + step]] = step;
        }

        (int Expected, int Actual) best = (expected.Count - e, actual.Count - a);
        for (int step = 0; step < Math.Min(LookAhead, actual.Count - a) && step < best.Expected + best.Actual; step++)
        {
            if (ahead.TryGetValue(actual[a + step], out int other) && other + step < best.Expected + best.Actual)
            {
                best = (other, step);
            }
        }

        return best;
    }
}
