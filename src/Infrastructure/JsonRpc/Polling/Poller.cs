using System.Collections.Concurrent;

namespace Events.JsonRpc.Polling;

/// <summary>
/// The thread that waits for all sockets, one for the process. What came is read by it, and short calls are answered by it, too:
/// to wake another thread for each costs several times what answering does. Whatever may take longer has to leave it.
/// </summary>
internal sealed class Poller
{
    private static readonly Lazy<Poller> _shared = new(() => new Poller());

    [ThreadStatic]
    private static bool _isCurrent;

    private readonly Epoll _epoll = new();
    private readonly ConcurrentDictionary<ulong, PolledConnection> _connections = new();
    private ulong _last;

    private Poller() => new Thread(Run) { IsBackground = true, Name = "Sockets" }.Start();

    internal static Poller Shared => _shared.Value;

    /// <summary>Whether this is that thread.</summary>
    internal static bool IsCurrent => _isCurrent;

    /// <summary>Goes on in the pool: this thread is not kept for long.</summary>
    internal static async Task LeaveAsync()
    {
        if (_isCurrent)
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
    }

    internal Epoll Epoll => _epoll;

    internal ulong Add(PolledConnection connection)
    {
        ulong id = Interlocked.Increment(ref _last);
        _connections[id] = connection;
        return id;
    }

    internal void Remove(ulong id) => _connections.TryRemove(id, out _);

    private void Run()
    {
        _isCurrent = true;
        while (true)
        {
            int count = _epoll.Wait();
            for (int i = 0; i < count; i++)
            {
                (ulong id, Readiness ready) = _epoll.At(i);
                if (_connections.TryGetValue(id, out PolledConnection? connection))
                {
                    connection.OnReady(ready);
                }
            }
        }
    }
}
