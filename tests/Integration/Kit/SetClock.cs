namespace Events.Tests.Integration.Kit;

/// <summary>A clock that goes on when a test says so: what it tells the date by, and what it measures spans by.</summary>
internal sealed class SetClock : TimeProvider
{
    public DateTimeOffset Now { get; private set; } = new(2027, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.Ticks;

    public void Advance(TimeSpan span) => Now += span;
}
