using Events.Domain.Kernel;

namespace Events.Domain.Access;

/// <summary>What one node saw of who came in, who did not, and who looked at what, since it last said so.</summary>
/// <param name="Through">Up to then; later than what was recorded before.</param>
public sealed record RecordAccess(IReadOnlyList<AccessEvent> Seen, DateTimeOffset Through);

/// <summary>Accesses of one kind, counted. These shapes are stored for ever.</summary>
/// <param name="Node">Which host counted.</param>
/// <param name="Who">
/// An account, however many there were; empty when nobody was known. Before links named who asked for them, <c>link</c> for one.
/// </param>
/// <param name="Way">The way in.</param>
/// <param name="From">
/// The address, or the network of 64 bits (<c>2001:db8:1:2::/64</c>) of an IPv6 client whom nobody knew; <c>others</c> when there
/// were too many to tell apart.
/// </param>
/// <param name="FirstAt">Of the first one counted here.</param>
/// <param name="LastAt">Of the last one.</param>
public abstract record AccessEvent(
    string Node, string Who, string Way, string From, long Count, DateTimeOffset FirstAt, DateTimeOffset LastAt,
    DateTimeOffset At);

/// <summary>
/// Somebody showed what is good; or was given it on this machine: by the way <c>cli token ROLE</c>, a token for this account.
/// </summary>
public sealed record AccessGranted(
    string Node, string Who, string Way, string From, long Count, DateTimeOffset FirstAt, DateTimeOffset LastAt,
    DateTimeOffset At)
    : AccessEvent(Node, Who, Way, From, Count, FirstAt, LastAt, At);

/// <summary>Somebody showed what is not good, or wanted what the role does not allow.</summary>
/// <param name="Why">
/// <c>bad_credentials</c>, <c>other_camera</c> (one that is there, but not for who asked), <c>too_many_viewers</c>; at a sign-in
/// also <c>code_needed</c>, <c>password_must_change</c>, <c>locked</c>, <c>too_many</c> and <c>rate_limited</c>; over RTSP
/// <c>too_many_connections</c> and <c>not_signed_in</c>; or the right that was missing.
/// </param>
public sealed record AccessRefused(
    string Node, string Who, string Way, string From, string Why, long Count, DateTimeOffset FirstAt, DateTimeOffset LastAt,
    DateTimeOffset At)
    : AccessEvent(Node, Who, Way, From, Count, FirstAt, LastAt, At);

/// <summary>Somebody looked at a camera live, or fetched a file.</summary>
/// <param name="What">The camera's wire name, or the file's; <c>others</c> when the account saw too many to tell apart.</param>
public sealed record PicturesSeen(
    string Node, string Who, string Way, string From, string What, long Count, DateTimeOffset FirstAt, DateTimeOffset LastAt,
    DateTimeOffset At)
    : AccessEvent(Node, Who, Way, From, Count, FirstAt, LastAt, At);

/// <summary>The accesses that one node saw in one hour; what is told a second time is not written down again.</summary>
/// <param name="Through">Up to when it was written down.</param>
public sealed record AccessLog(DateTimeOffset Through)
{
    public static readonly Decider<AccessLog, RecordAccess, AccessEvent> Decider =
        new("access", new AccessLog(DateTimeOffset.MinValue), Decide, Evolve);

    /// <summary>The stream of a node and an hour, so that none grows without end.</summary>
    public static string KeyOf(string node, DateTimeOffset at) => $"{node}-{at.UtcDateTime:yyyyMMddHH}";

    public static Decision<AccessEvent> Decide(AccessLog log, RecordAccess command, DateTimeOffset now) =>
        command.Through <= log.Through
            ? Decision<AccessEvent>.Nothing
            : new Decision<AccessEvent>.Accepted([.. command.Seen.Select(seen => seen with { At = command.Through })]);

    public static AccessLog Evolve(AccessLog log, AccessEvent fact) => fact.At > log.Through ? new AccessLog(fact.At) : log;
}
