namespace Events.GraphQL.Validation.Rules;

/// <summary>Pairs that were compared, in either order. What was compared strictly need not be compared loosely.</summary>
internal sealed class ComparedPairs<T>
    where T : class
{
    private readonly Dictionary<(T, T), bool> _known = [];

    /// <param name="areExclusive">Loosely: the two are of objects that a value is never both of.</param>
    /// <returns>False when nothing new can come of it.</returns>
    internal bool TryAdd(T left, T right, bool areExclusive)
    {
        if ((_known.TryGetValue((left, right), out bool wasLoose) || _known.TryGetValue((right, left), out wasLoose))
            && (areExclusive || !wasLoose))
        {
            return false;
        }

        _known[(left, right)] = areExclusive;
        return true;
    }
}
