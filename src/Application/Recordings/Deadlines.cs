using Events.Domain.Kernel;

namespace Events.Application.Recordings;

/// <summary>When timed recordings end, on the machine's steady clock: a wall clock that jumps moves nothing.</summary>
internal sealed class Deadlines(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RecordingId, long> _ends = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The first call for a recording counts.</summary>
    public void Add(RecordingId id, DateTimeOffset endsAt)
    {
        TimeSpan left = endsAt - time.GetUtcNow();
        lock (_gate)
        {
            if (_ends.TryAdd(id, time.GetTimestamp() + (long)(left.TotalSeconds * time.TimestampFrequency)))
            {
                _changed.TrySetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    public void Remove(RecordingId id)
    {
        lock (_gate)
        {
            _ends.Remove(id);
        }
    }

    /// <summary>What is past and belongs to no <paramref name="open"/> recording is done with; it would keep waking the waiter.</summary>
    public void ForgetPast(IReadOnlySet<RecordingId> open)
    {
        lock (_gate)
        {
            long now = time.GetTimestamp();
            foreach ((RecordingId id, long end) in _ends)
            {
                if (end <= now && !open.Contains(id))
                {
                    _ends.Remove(id);
                }
            }
        }
    }

    public bool IsPast(RecordingId id)
    {
        lock (_gate)
        {
            return _ends.TryGetValue(id, out long end) && end <= time.GetTimestamp();
        }
    }

    /// <summary>Returns at the next deadline, at once when one is added, and at the latest after <paramref name="longest"/>.</summary>
    public async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        while (longest > TimeSpan.Zero)
        {
            Task changed;
            TimeSpan pause = longest;
            lock (_gate)
            {
                changed = _changed.Task;
                foreach (long end in _ends.Values)
                {
                    TimeSpan left = TimeSpan.FromSeconds((double)(end - time.GetTimestamp()) / time.TimestampFrequency);
                    pause = left < pause ? left : pause;
                }
            }

            if (pause <= TimeSpan.Zero)
            {
                return;
            }

            long before = time.GetTimestamp();
            using var awake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task rest = Task.Delay(pause, time, awake.Token);
            if (await Task.WhenAny(rest, changed) == rest)
            {
                await rest;
                return;
            }

            await awake.CancelAsync();
            longest -= time.GetElapsedTime(before);
        }
    }
}
