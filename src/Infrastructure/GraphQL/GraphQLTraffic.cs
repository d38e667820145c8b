namespace Events.GraphQL;

/// <summary>What the transports carry and have refused since the start, for metrics.</summary>
public sealed class GraphQLTraffic
{
    private long _operations;
    private long _running;
    private long _timedOut;
    private long _sockets;
    private long _socketsOpened;
    private long _socketsRefused;
    private long _socketsVanished;
    private long _slow;
    private long _streams;

    /// <summary>Operations and subscriptions started.</summary>
    public long OperationsStarted => Volatile.Read(ref _operations);

    /// <summary>Operations and subscriptions running now, those included that were given up but have not ended yet.</summary>
    public long OperationsRunning => Volatile.Read(ref _running);

    /// <summary>Operations that passed their time limit.</summary>
    public long OperationsTimedOut => Volatile.Read(ref _timedOut);

    /// <summary>Sockets that are open now or just being opened.</summary>
    public long Sockets => Volatile.Read(ref _sockets);

    public long SocketsOpened => Volatile.Read(ref _socketsOpened);

    /// <summary>Upgrades refused because all places were taken.</summary>
    public long SocketsRefused => Volatile.Read(ref _socketsRefused);

    /// <summary>Sockets that ended without a close handshake.</summary>
    public long SocketsVanished => Volatile.Read(ref _socketsVanished);

    /// <summary>Subscriptions ended because their reader did not keep up.</summary>
    public long SlowConsumersEnded => Volatile.Read(ref _slow);

    /// <summary>Event streams that are open now.</summary>
    public long EventStreams => Volatile.Read(ref _streams);

    internal void OperationStarted()
    {
        Interlocked.Increment(ref _operations);
        Interlocked.Increment(ref _running);
    }

    internal void OperationEnded() => Interlocked.Decrement(ref _running);

    internal void TimedOut() => Interlocked.Increment(ref _timedOut);

    /// <summary>Keeps a place before the upgrade. False: all are taken.</summary>
    internal bool TryReserveSocket(int connectionsMax)
    {
        if (Interlocked.Increment(ref _sockets) <= connectionsMax)
        {
            return true;
        }

        Interlocked.Decrement(ref _sockets);
        Interlocked.Increment(ref _socketsRefused);
        return false;
    }

    internal void FreeSocket() => Interlocked.Decrement(ref _sockets);

    internal void SocketOpened() => Interlocked.Increment(ref _socketsOpened);

    internal void SocketVanished() => Interlocked.Increment(ref _socketsVanished);

    internal void SlowConsumerEnded() => Interlocked.Increment(ref _slow);

    internal void EventStreamOpened() => Interlocked.Increment(ref _streams);

    internal void EventStreamEnded() => Interlocked.Decrement(ref _streams);
}
