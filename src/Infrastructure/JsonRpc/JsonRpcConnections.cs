using System.Collections.Concurrent;

namespace Events.JsonRpc;

/// <summary>The open connections of one server.</summary>
public sealed class JsonRpcConnections
{
    /// <summary>After a look that found nobody to send away.</summary>
    private static readonly TimeSpan SeekPause = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, JsonRpcConnection> _open = new();
    private long _lastNumber;
    private int _places;
    private long _lastSoughtAt;

    /// <summary>Open or just being opened.</summary>
    public int Count => Volatile.Read(ref _places);

    /// <summary>Those open at about this time; enumerating never fails.</summary>
    public IEnumerable<JsonRpcConnection> All => _open.Select(entry => entry.Value);

    /// <summary>Counts since the start, for metrics.</summary>
    public JsonRpcCounts Counts => Counters.Read();

    internal JsonRpcCounters Counters { get; } = new();

    /// <summary>Sends one encoded notification to every connection that is wanted.</summary>
    /// <returns>To how many.</returns>
    public int Notify(JsonRpcNotification notification, Func<JsonRpcConnection, bool> wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        int sent = 0;
        foreach (KeyValuePair<string, JsonRpcConnection> entry in _open)
        {
            if (wanted(entry.Value) && entry.Value.TryNotify(notification))
            {
                sent++;
            }
        }

        return sent;
    }

    /// <summary>
    /// Keeps a place before the upgrade: a free one, or that of the oldest stranger, who goes. False: all are taken, by sockets
    /// that have logged in or are still new.
    /// </summary>
    internal bool TryReserve(JsonRpcOptions options)
    {
        if (Interlocked.Increment(ref _places) <= options.ConnectionsMax)
        {
            return true;
        }

        Interlocked.Decrement(ref _places);
        if (options.LoginWait is not null && TryTakeOver(options.Clock))
        {
            return true;
        }

        Counters.Refused();
        return false;
    }

    internal void Free() => Interlocked.Decrement(ref _places);

    internal long NextNumber() => Interlocked.Increment(ref _lastNumber);

    internal void Add(JsonRpcConnection connection)
    {
        _open[connection.Id] = connection;
        Counters.Opened();
    }

    internal void Remove(JsonRpcConnection connection) => _open.TryRemove(connection.Id, out _);

    /// <summary>Looks through all: it happens only when all places are taken, and so idle sockets need no order.</summary>
    private bool TryTakeOver(TimeProvider clock)
    {
        // A flood of newcomers where there is nobody to send away must not cost a look through all for each.
        long soughtAt = Volatile.Read(ref _lastSoughtAt);
        if (soughtAt != 0 && clock.GetElapsedTime(soughtAt) < SeekPause)
        {
            return false;
        }

        JsonRpcConnection? oldest;
        do
        {
            oldest = _open.Select(entry => entry.Value).Where(open => open.MayYield).MinBy(open => open.OpenedAt);
        }
        while (oldest?.TryYield() == false);

        Volatile.Write(ref _lastSoughtAt, oldest is null ? clock.GetTimestamp() : 0);
        return oldest is not null;
    }
}

/// <summary>What has happened since the start.</summary>
/// <param name="Opened">Sockets that were opened.</param>
/// <param name="Refused">Upgrades refused because all places were taken.</param>
/// <param name="Vanished">Sockets that ended without a close handshake.</param>
/// <param name="SlowReadersClosed">Sockets closed because their reader did not keep up.</param>
/// <param name="Messages">Messages received, a batch counted once.</param>
/// <param name="Notifications">Notifications taken for sending, once per connection.</param>
public readonly record struct JsonRpcCounts(
    long Opened, long Refused, long Vanished, long SlowReadersClosed, long Messages, long Notifications);

internal sealed class JsonRpcCounters
{
    private long _opened;
    private long _refused;
    private long _vanished;
    private long _slow;
    private long _messages;
    private long _notifications;

    internal void Opened() => Interlocked.Increment(ref _opened);

    internal void Refused() => Interlocked.Increment(ref _refused);

    internal void Vanished() => Interlocked.Increment(ref _vanished);

    internal void SlowReaderClosed() => Interlocked.Increment(ref _slow);

    internal void Received() => Interlocked.Increment(ref _messages);

    internal void Notified() => Interlocked.Increment(ref _notifications);

    internal JsonRpcCounts Read() => new(
        Volatile.Read(ref _opened),
        Volatile.Read(ref _refused),
        Volatile.Read(ref _vanished),
        Volatile.Read(ref _slow),
        Volatile.Read(ref _messages),
        Volatile.Read(ref _notifications));
}
