namespace Events.JsonRpc;

/// <summary>What the server offers and every bound it keeps. One instance, made once at start.</summary>
public sealed record JsonRpcOptions
{
    /// <summary>The table of methods; a name given twice is a programming error and fails at start.</summary>
    public required IReadOnlyList<JsonRpcMethod> Methods { get; init; }

    /// <summary>
    /// Asked once for each request, before the method is looked up. The name is the caller's own text; null for a member
    /// that is not a valid request. An error refuses the request; null lets it pass. Null: no limit.
    /// </summary>
    public Func<JsonRpcConnection, string?, JsonRpcError?>? Rate { get; init; }

    /// <summary>
    /// Asked after the method was found and before its parameters are looked at: login, role, readiness, in the order that
    /// the delegate chooses. An error refuses the call; null lets it pass. Null: every call passes.
    /// </summary>
    public Func<JsonRpcCall, JsonRpcError?>? Gate { get; init; }

    /// <summary>Decides on the value of an <c>Origin</c> header; a request without one is let in. Null: all are let in.</summary>
    public Func<string, bool>? OriginAllowed { get; init; }

    /// <summary>Called once a connection is open, before its first request.</summary>
    public Action<JsonRpcConnection>? Opened { get; init; }

    /// <summary>Called once a connection has ended, however it ended. The place to drop its subscriptions.</summary>
    public Action<JsonRpcConnection>? Closed { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// Open sockets at one time; the next upgrade takes the place of a stranger, see <see cref="LoginWait"/>, or gets HTTP 503.
    /// An idle socket costs 12 to 15 KB.
    /// </summary>
    public int ConnectionsMax { get; init; } = 2_000;

    /// <summary>
    /// How long a socket may be open until <see cref="JsonRpcConnection.IsLoggedIn"/> is set; then it is closed with 1008. Until
    /// that it is a stranger. Null: sockets need not log in, and none is a stranger.
    /// </summary>
    public TimeSpan? LoginWait { get; init; }

    /// <summary>
    /// From this age on a stranger gives its place to a newcomer when all are taken, the oldest first, and is closed with 1013.
    /// Clients log in as soon as they are connected.
    /// </summary>
    public TimeSpan StrangerKeep { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Length of one message; a longer one closes its socket with 1009. No request of a client comes near it.</summary>
    public int MessageBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Length of what is sent for one message. Calls whose result would pass it are answered with -32603.</summary>
    public int AnswerBytesMax { get; init; } = 8 * 1024 * 1024;

    /// <summary>Members of one batch; a longer one gets a single -32600.</summary>
    public int BatchMembersMax { get; init; } = 50;

    /// <summary>Levels of nesting in one message; a deeper one is a parse error. The usual bound of System.Text.Json.</summary>
    public int NestingMax { get; init; } = 64;

    /// <summary>Frames that wait for one slow reader: a burst of all cameras twice over. The next closes it with 1013.</summary>
    public int QueuedFramesMax { get; init; } = 256;

    /// <summary>Bytes that wait for one slow reader; broadcast frames are shared, so this is mostly counted twice.</summary>
    public int QueuedBytesMax { get; init; } = 512 * 1024;

    /// <summary>Time for the calls of one message, all members of a batch together. Clients give up after 30 s too.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one frame may take until the transport has all of it; then the peer is cut off.</summary>
    public TimeSpan SendStallMax { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long one message may take to come in; then its socket is closed with 1008. It holds memory.</summary>
    public TimeSpan ReceiveTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a peer may take to answer our close frame; then it is cut off.</summary>
    public TimeSpan CloseWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long running calls may go on once the server stops; then they are cancelled and answered.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time between WebSocket pings on a silent socket.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a pong may take; then the socket counts as half-open and is cut off. Pongs are read between messages, so it
    /// must be longer than <see cref="CallTimeout"/> and <see cref="SendStallMax"/> together.
    /// </summary>
    public TimeSpan PongWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time between two looks at the bounds above; they are kept to within one such step.</summary>
    public TimeSpan WatchInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <exception cref="ArgumentException">A bound is not positive, or two of them contradict each other.</exception>
    internal void Require()
    {
        int least = new[]
        {
            ConnectionsMax, MessageBytesMax, AnswerBytesMax, BatchMembersMax, NestingMax, QueuedFramesMax, QueuedBytesMax,
        }.Min();
        TimeSpan shortest = new[]
        {
            CallTimeout, SendStallMax, ReceiveTimeout, CloseWait, StopGrace, PingInterval, PongWait, WatchInterval, StrangerKeep,
            LoginWait ?? StrangerKeep,
        }.Min();
        if (least <= 0 || shortest <= TimeSpan.Zero)
        {
            throw new ArgumentException("Every bound is more than zero.");
        }

        if (PongWait <= CallTimeout + SendStallMax)
        {
            throw new ArgumentException("PongWait must be longer than CallTimeout and SendStallMax together.");
        }
    }
}
