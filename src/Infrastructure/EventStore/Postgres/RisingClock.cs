namespace Events.EventStore.Postgres;

/// <summary>
/// The host's clock for the log's <c>timestamp</c> column, which never falls within this process. Log order is what is true;
/// people and reports read it by time, and a clock that was set back must not show an effect before its cause.
/// </summary>
internal sealed class RisingClock(TimeProvider time)
{
    private long _ticks;

    /// <summary>UTC, in whole microseconds as PostgreSQL keeps them. Called by the append lane alone.</summary>
    public DateTimeOffset Next()
    {
        long now = time.GetUtcNow().UtcTicks;
        _ticks = Math.Max(_ticks, now - (now % TimeSpan.TicksPerMicrosecond));
        return new DateTimeOffset(_ticks, TimeSpan.Zero);
    }
}
