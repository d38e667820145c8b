namespace Events.EventStore.Projections;

/// <summary>How fast something moves along the log. Written by one loop, read by anybody.</summary>
internal sealed class Pace(TimeProvider time)
{
    private static readonly TimeSpan MeasuredOver = TimeSpan.FromSeconds(1);

    /// <summary>What has not moved for so long does not move.</summary>
    private static readonly TimeSpan StillAfter = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private long _since = time.GetTimestamp();
    private long _from = -1;
    private double _rate;

    public void Note(long position)
    {
        lock (_gate)
        {
            double seconds = time.GetElapsedTime(_since).TotalSeconds;
            if (_from < 0)
            {
                (_from, _since) = (position, time.GetTimestamp());
            }
            else if (seconds >= MeasuredOver.TotalSeconds)
            {
                (_rate, _from, _since) = (Math.Max(0, position - _from) / seconds, position, time.GetTimestamp());
            }
        }
    }

    /// <summary>Positions a second.</summary>
    public double Rate
    {
        get
        {
            lock (_gate)
            {
                return time.GetElapsedTime(_since) > StillAfter ? 0 : Math.Round(_rate, 1);
            }
        }
    }

    /// <returns>Null when it does not move.</returns>
    public double? SecondsFor(long positions) => Rate > 0 ? Math.Round(positions / Rate, 1) : null;
}
