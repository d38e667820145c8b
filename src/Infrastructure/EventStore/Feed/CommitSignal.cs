using System.Threading.Channels;

namespace Events.EventStore.Feed;

/// <summary>"There may be new facts": raised by the append lane, by NOTIFY from other nodes, and heard by each loop.</summary>
internal sealed class CommitSignal
{
    private readonly Lock _gate = new();
    private Wakeup[] _wakeups = [];
    private long _raised;

    /// <summary>How often it was raised. What was read since the last time is not older than any signal.</summary>
    public long Raised => Volatile.Read(ref _raised);

    public void Raise()
    {
        Interlocked.Increment(ref _raised);
        foreach (Wakeup wakeup in _wakeups)
        {
            wakeup.Set();
        }
    }

    /// <summary>Made once by each loop and kept for the life of the process.</summary>
    public Wakeup Register()
    {
        Wakeup wakeup = new();
        lock (_gate)
        {
            _wakeups = [.. _wakeups, wakeup];
        }

        return wakeup;
    }
}

/// <summary>Remembers one signal, however often it was raised, until the loop that owns it looks.</summary>
internal sealed class Wakeup
{
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _signal.Writer.TryWrite(true);

    /// <summary>Returns when signalled, at the latest after <paramref name="timeout"/>.</summary>
    /// <returns>Whether it was signalled.</returns>
    public async Task<bool> WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        if (_signal.Reader.TryRead(out _))
        {
            return true;
        }

        using CancellationTokenSource limit = new(timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await _signal.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The pause is over: looking is cheap and makes up for a lost signal.
            return false;
        }
    }
}
