using System.Collections.Concurrent;
using Events.Application.Contracts;
using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.JsonRpc;

/// <summary>What the host knows of one socket: who is behind it, and what it wants to be told.</summary>
internal sealed class ClientSession(JsonRpcConnection connection)
{
    public JsonRpcConnection Connection { get; } = connection;

    /// <summary>Null before <c>authenticate</c>. It may have expired since.</summary>
    public AccessIdentity? Identity { get; set; }

    /// <summary>The place of its account; null before <c>authenticate</c>. Given back with the socket.</summary>
    public IDisposable? Seat { get; set; }

    public Subscriptions Subscriptions { get; } = new();

    /// <summary>Null before the first call. Calls of one socket come one at a time.</summary>
    public TokenBucket? Bucket { get; set; }

    /// <summary>For whom links in answers are made.</summary>
    public LinkOwner LinkOwner => new(Connection.Origin, Identity?.KeyId);

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
            gone.Seat?.Dispose();
        }
    }
}
