namespace Events.Media.Ingest;

/// <summary>
/// When pictures arrive, UTC: the wall clock as it was when the connection began, carried on by the machine's steady clock. A
/// wall clock that is set back therefore never makes two pictures change places; one that is set forward is followed.
/// </summary>
internal sealed class ArrivalClock(TimeProvider time)
{
    /// <summary>A jump beyond this is somebody setting the clock, not drift.</summary>
    private static readonly TimeSpan JumpMin = TimeSpan.FromSeconds(2);

    private DateTimeOffset _anchor = time.GetUtcNow();
    private long _anchorTimestamp = time.GetTimestamp();

    /// <summary>A new connection: read the wall clock afresh.</summary>
    public void Restart() => (_anchor, _anchorTimestamp) = (time.GetUtcNow(), time.GetTimestamp());

    public DateTimeOffset Now()
    {
        DateTimeOffset now = _anchor + time.GetElapsedTime(_anchorTimestamp);
        DateTimeOffset wall = time.GetUtcNow();
        if (wall - now > JumpMin)
        {
            Restart();
            return _anchor;
        }

        return now;
    }
}
