namespace Events.Tests.Domain;

/// <summary>
/// A wall clock and a steady clock that move only when a test says so. <see cref="Advance"/> moves both and fires what is due;
/// <see cref="SetWallClock"/> moves the wall clock alone, as an administrator does.
/// </summary>
public sealed class TestClock : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<TestTimer> _timers = [];
    private DateTimeOffset _wall = Spec.Now;
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How long until the next timer fires; null when none runs.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count == 0 ? null : TimeSpan.FromTicks(_timers.Min(timer => timer.DueTicks) - _ticks);
            }
        }
    }

    /// <summary>How many timers run: each loop that rests has one.</summary>
    public int TimerCount
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _wall;
        }
    }

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _ticks;
        }
    }

    public void SetWallClock(DateTimeOffset now)
    {
        lock (_gate)
        {
            _wall = now;
        }
    }

    public void Advance(TimeSpan span)
    {
        TestTimer[] due;
        lock (_gate)
        {
            _wall += span;
            _ticks += span.Ticks;
            due = [.. _timers.Where(timer => timer.DueTicks <= _ticks).OrderBy(timer => timer.DueTicks)];
            _timers.RemoveAll(due.Contains);
        }

        foreach (TestTimer timer in due)
        {
            timer.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new TestTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Fires once; no code under test asks for a period.</summary>
    private sealed class TestTimer(TestClock clock, TimerCallback callback, object? state) : ITimer
    {
        public long DueTicks { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                clock._timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueTicks = clock._ticks + dueTime.Ticks;
                    clock._timers.Add(this);
                }
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
