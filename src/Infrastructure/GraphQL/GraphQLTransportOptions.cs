using System.Security.Claims;
using Events.GraphQL.Transports;
using Microsoft.AspNetCore.Http;

namespace Events.GraphQL;

/// <summary>What the transports offer and every bound they keep. One instance, made once at start.</summary>
public sealed record GraphQLTransportOptions
{
    /// <summary>Who sends a request over plain HTTP. Null: whoever the server's own authentication found.</summary>
    public Func<HttpContext, ValueTask<GraphQLAdmission>>? OnRequestAsync { get; init; }

    /// <summary>
    /// Asked once for each socket, at its <c>connection_init</c>. It must end soon after its token is cancelled: the socket
    /// has ended then. Null: all are let in, as for plain HTTP.
    /// </summary>
    public Func<GraphQLConnect, CancellationToken, ValueTask<GraphQLAdmission>>? OnConnectAsync { get; init; }

    /// <summary>
    /// Decides on the <c>Origin</c> of a socket: browsers ask nobody else. Our own pages and programs, which send none, are
    /// let in without asking. Null: all are let in.
    /// </summary>
    public Func<string, bool>? OriginAllowed { get; init; }

    /// <summary>What counts as one principal for its limit; null for nobody, who is not counted. By default the name.</summary>
    public Func<ClaimsPrincipal, string?> PrincipalKey { get; init; } = user => user.Identity?.Name;

    /// <summary>
    /// Asked for each operation that a socket is sent, with whoever was let in: zero lets it run, and any other time refuses it
    /// with <c>RATE_LIMITED</c> and is how long the client should wait. Over plain HTTP <see cref="OnRequestAsync"/> sees to
    /// that. Null: no limit.
    /// </summary>
    public Func<ClaimsPrincipal?, TimeSpan>? TakeTurn { get; init; }

    /// <summary>The schema's SDL for <c>schema.graphql</c> below the path. Null, or giving null: 404.</summary>
    public Func<string?>? SchemaText { get; init; }

    /// <summary>Whether browsers that open the path get GraphiQL.</summary>
    public bool GraphiQL { get; init; } = true;

    /// <summary>Where GraphiQL's files lie. When they do not, its page says how to get them.</summary>
    public string GraphiQLFolder { get; init; } = Path.Combine(AppContext.BaseDirectory, "graphiql");

    /// <summary>
    /// Whether a GET needs a header that browsers do not send to other sites unasked, as a POST has one in its type. Not
    /// needed where nothing depends on cookies: GET only reads.
    /// </summary>
    public bool RequirePreflight { get; init; }

    /// <summary>Whether clients may register documents by their hash (Apollo's automatic persisted queries).</summary>
    public bool AutomaticPersistedQueries { get; init; } = true;

    /// <summary>Documents by their id; <c>sha256:</c> and 64 hex digits is found by hash as well. Null for none.</summary>
    public IReadOnlyDictionary<string, string>? TrustedDocuments { get; init; }

    /// <summary>Refuses every document that is not in <see cref="TrustedDocuments"/>.</summary>
    public bool TrustedDocumentsOnly { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Length of a request's body; a longer one gets 413.</summary>
    public int BodyBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Levels of nesting in variables, as in documents; deeper ones are refused.</summary>
    public int NestingMax { get; init; } = 200;

    /// <summary>Length of one result. A longer one becomes an error: whoever asks for so much should ask in pages.</summary>
    public int ResultBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>From the request to its result, or to the start of its stream. Clients give up after 30 s too.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Documents that clients have registered; the one longest unused makes room. Apps have a few hundred.</summary>
    public int PersistedQueriesMax { get; init; } = 1_000;

    /// <summary>Length of all those documents together, so that long ones cannot fill the memory either.</summary>
    public int PersistedQueryCharsMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>Operations and subscriptions of one socket at once. The next one gets an error, and the socket stays.</summary>
    public int OperationsPerConnectionMax { get; init; } = 100;

    /// <summary>Operations and subscriptions of one principal at once, over all ways in. Room for a thousand screens.</summary>
    public int OperationsPerPrincipalMax { get; init; } = 2_000;

    /// <summary>Open sockets at one time; the next upgrade gets HTTP 503.</summary>
    public int ConnectionsMax { get; init; } = 2_000;

    /// <summary>Length of one message of a client; a longer one closes its socket with 1009.</summary>
    public int MessageBytesMax { get; init; } = 256 * 1024;

    /// <summary>Length of an operation's id; a longer one closes the socket with 4400. Clients use some 36 characters.</summary>
    public int IdCharsMax { get; init; } = 128;

    /// <summary>Messages that wait for one reader. When there is no room, operations pause instead of adding more.</summary>
    public int QueuedMessagesMax { get; init; } = 256;

    /// <summary>Bytes that wait for one reader; a single longer result still goes out, alone.</summary>
    public int QueuedBytesMax { get; init; } = 1024 * 1024;

    /// <summary>How long an operation waits for room; then it ends with the error <c>SLOW_CONSUMER</c>.</summary>
    public TimeSpan SlowConsumerWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one message may take until the transport has all of it; then the peer is cut off.</summary>
    public TimeSpan SendStallMax { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>From the open socket to its <c>connection_ack</c>; then it is closed with 4408.</summary>
    public TimeSpan ConnectionInitWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one message may take to come in; then its socket is closed with 1008. It holds memory.</summary>
    public TimeSpan ReceiveTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a peer may take to answer our close frame; then it is cut off.</summary>
    public TimeSpan CloseWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between signs of life on a silent way: pings on sockets, comments in event streams.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>How long a ping may stay without an answer; then the socket counts as half-open and is cut off.</summary>
    public TimeSpan PongWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between two looks at the bounds of sockets; they are kept to within one such step.</summary>
    public TimeSpan WatchInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <exception cref="ArgumentException">A bound is not positive, or documents are asked for that nobody gave.</exception>
    internal void Require()
    {
        int least = new[]
        {
            BodyBytesMax, NestingMax, ResultBytesMax, PersistedQueriesMax, PersistedQueryCharsMax, OperationsPerConnectionMax,
            OperationsPerPrincipalMax, ConnectionsMax, MessageBytesMax, IdCharsMax, QueuedMessagesMax, QueuedBytesMax,
        }.Min();
        TimeSpan shortest = new[]
        {
            RequestTimeout, SlowConsumerWait, SendStallMax, ConnectionInitWait, ReceiveTimeout, CloseWait, KeepAliveInterval,
            PongWait, WatchInterval,
        }.Min();
        if (least <= 0 || shortest <= TimeSpan.Zero)
        {
            throw new ArgumentException("Every bound is more than zero.");
        }

        if (TrustedDocumentsOnly && TrustedDocuments is not { Count: > 0 })
        {
            throw new ArgumentException("Only trusted documents are allowed, but there are none.");
        }

        foreach ((string id, string document) in TrustedDocuments ?? new Dictionary<string, string>())
        {
            string prefix = PersistedOperations.HashPrefix;
            if (id.StartsWith(prefix, StringComparison.Ordinal) && id != prefix + PersistedOperations.HashOf(document))
            {
                throw new ArgumentException($"The trusted document {id} has another hash.");
            }
        }
    }
}
