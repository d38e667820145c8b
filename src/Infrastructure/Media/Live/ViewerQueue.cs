namespace Events.Media.Live;

/// <summary>
/// One viewer's pictures, between the camera's reading thread and whoever sends them. Bounded: a viewer that falls behind loses
/// whole groups of pictures and goes on at the next key frame, so it never sees a broken picture, never lags for long and never
/// holds up the camera or another viewer. The bytes lie in the camera's fragments, which viewers share.
/// </summary>
internal sealed class ViewerQueue(TimeProvider time) : IDisposable
{
    /// <summary>In bytes. Two seconds of 4K video at 60 Mbit/s. Since viewers share fragments it bounds a camera's viewers
    /// together, not each.</summary>
    public const int BytesMax = 16 * 1024 * 1024;

    /// <summary>In pictures: more than any group that is kept has, so that bytes and time are what bounds.</summary>
    public const int CountMax = CameraFeed.GroupSamplesMax + 512;

    /// <summary>
    /// Once its next picture has waited for so long, a viewer is behind: the next key frame clears what is before it.
    /// </summary>
    public static readonly TimeSpan LagMax = TimeSpan.FromSeconds(1);

    /// <summary>
    /// And after so long without a key frame the waiting is cut short: better nothing for a moment than old pictures.
    /// </summary>
    public static readonly TimeSpan LagHardMax = TimeSpan.FromSeconds(4);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly Queue<Entry> _entries = new();
    private long _bytes;
    private bool _needsKey = true;
    private bool _hasBegun;
    private bool _isEnded;

    /// <summary>Pictures that were not shown because the viewer was behind.</summary>
    public long SkippedCount { get; private set; }

    /// <summary>Nothing more will come.</summary>
    public bool IsEnded
    {
        get
        {
            lock (_lock)
            {
                return _isEnded && _entries.Count == 0;
            }
        }
    }

    /// <summary>Takes the present group of pictures. It may be larger than the bound: it is in memory anyway.</summary>
    public void Begin(IEnumerable<AccessUnit> group)
    {
        lock (_lock)
        {
            foreach (AccessUnit unit in group)
            {
                Add(unit);
            }

            Wake();
        }
    }

    /// <summary>Comes under the feed's lock for each new picture. Never blocks.</summary>
    public void Offer(AccessUnit unit)
    {
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            if (IsBehind(unit))
            {
                DropAll();
                _needsKey = true;
            }

            Add(unit);
            Wake();
        }
    }

    /// <summary>The camera is gone for good: what is there is still given out.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isEnded = true;
            Wake();
        }
    }

    /// <summary>Completes when there may be something to take, when nothing more will come, or after the time.</summary>
    public Task WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_entries.Count > 0 || _isEnded)
            {
                return Task.CompletedTask;
            }
        }

        return _signal.WaitAsync(limit, cancellationToken);
    }

    /// <returns>The next picture, whose fragment the caller has to release; null when there is none now.</returns>
    public AccessUnit? TryTake()
    {
        lock (_lock)
        {
            if (!_entries.TryDequeue(out Entry entry))
            {
                return null;
            }

            _bytes -= entry.Unit.Length;
            return entry.Unit;
        }
    }

    /// <returns>The next picture without taking it; null when there is none now. Read its times only.</returns>
    public AccessUnit? Peek()
    {
        lock (_lock)
        {
            return _entries.TryPeek(out Entry entry) ? entry.Unit : null;
        }
    }

    /// <summary>Gives all fragments back. The feed must not know it any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isEnded = true;
            DropAll();
        }

        _signal.Dispose();
    }

    private bool IsBehind(AccessUnit next)
    {
        if (!_entries.TryPeek(out Entry oldest))
        {
            return false;
        }

        TimeSpan waited = time.GetElapsedTime(oldest.Since);
        return _bytes + next.Length > BytesMax
            || _entries.Count >= CountMax
            || waited > LagHardMax
            || (next.IsKey && waited > LagMax);
    }

    private void Add(AccessUnit unit)
    {
        if (_needsKey && !unit.IsKey)
        {
            SkippedCount += _hasBegun ? 1 : 0;
            return;
        }

        _needsKey = false;
        _hasBegun = true;
        unit.Fragment.Hold();
        _bytes += unit.Length;
        _entries.Enqueue(new Entry(unit, time.GetTimestamp()));
    }

    private void DropAll()
    {
        SkippedCount += _entries.Count;
        while (_entries.TryDequeue(out Entry entry))
        {
            entry.Unit.Fragment.Release();
        }

        _bytes = 0;
    }

    private void Wake()
    {
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }

    private readonly record struct Entry(AccessUnit Unit, long Since);
}
