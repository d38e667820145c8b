namespace Events.Media.Ingest;

/// <summary>
/// Growing, jittered pauses, so that a hundred cameras behind one switch do not all come back in the same second.
/// </summary>
internal sealed class Backoff(TimeSpan shortest, TimeSpan longest, Func<double> random)
{
    /// <summary>Doublings beyond this are past any longest pause and would overflow.</summary>
    private const int DoublingsMax = 20;

    private int _failures;

    public void Reset() => _failures = 0;

    /// <returns>Between half and all of the present pause, which then doubles.</returns>
    public TimeSpan Next()
    {
        double full = Math.Min(longest.TotalMilliseconds, shortest.TotalMilliseconds * Math.Pow(2, _failures));
        _failures = Math.Min(_failures + 1, DoublingsMax);
        return TimeSpan.FromMilliseconds(full * (0.5 + (0.5 * random())));
    }
}
