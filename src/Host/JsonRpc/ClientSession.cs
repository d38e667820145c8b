using System.Collections.Concurrent;
using Events.Application.Contracts;
using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.JsonRpc;

/// <summary>What the host knows of one socket: who is behind it, and what it wants to be told.</summary>
internal sealed class ClientSession(JsonRpcConnection connection)
{
    private readonly Lock _gate = new();
    private IDisposable? _seat;
    private bool _isOver;

    public JsonRpcConnection Connection { get; } = connection;

    /// <summary>Null before <c>authenticate</c>. It may have expired since.</summary>
    public AccessIdentity? Identity { get; set; }

    public Subscriptions Subscriptions { get; } = new();

    /// <summary>Null before the first call. Calls of one socket come one at a time.</summary>
    public TokenBucket? Bucket { get; set; }

    /// <summary>For whom links in answers are made; after <c>authenticate</c>.</summary>
    public LinkOwner LinkOwner => LinkOwner.Of(Identity!, Connection.Origin);

    /// <summary>Keeps the place of its account, and no earlier one, until the socket ends; also when it has by now.</summary>
    public void Sit(IDisposable seat)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                seat.Dispose();
                return;
            }

            _seat?.Dispose();
            _seat = seat;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            _isOver = true;
            _seat?.Dispose();
        }
    }

    /// <summary>One correlation for everything this call leads to.</summary>
    public Caller CallerNow() => Identity!.CallerBy("json-rpc");
}

/// <summary>The sockets that are open.</summary>
internal sealed class ClientSessions
{
    private readonly ConcurrentDictionary<JsonRpcConnection, ClientSession> _open = [];

    public int Count => _open.Count;

    public IEnumerable<ClientSession> All => _open.Values;

    public ClientSession Of(JsonRpcConnection connection) =>
        _open.GetOrAdd(connection, static opened => new ClientSession(opened));

    public void Forget(JsonRpcConnection connection)
    {
        if (_open.TryRemove(connection, out ClientSession? gone))
        {
            gone.Leave();
        }
    }
}
