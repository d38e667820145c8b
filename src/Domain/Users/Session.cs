using System.Collections.Immutable;
using System.Globalization;
using Events.Domain.Kernel;

namespace Events.Domain.Users;

public abstract record SessionCommand(SessionId SessionId);

/// <param name="Name">Null where <paramref name="UserId"/> says whose it is.</param>
/// <param name="RefreshHash">SHA-256 of the refresh token, hexadecimal.</param>
/// <param name="UserId">Null for users of before names were sealed.</param>
public sealed record StartSession(
    SessionId SessionId, UserName? Name, string RefreshHash, DateTimeOffset ExpiresAt, UserId? UserId = null)
    : SessionCommand(SessionId);

/// <param name="ShownHash">Of the refresh token that was shown.</param>
/// <param name="NextHash">Of the one that takes its place.</param>
public sealed record RefreshSession(SessionId SessionId, string ShownHash, string NextHash) : SessionCommand(SessionId);

public sealed record EndSession(SessionId SessionId) : SessionCommand(SessionId);

/// <summary>What can happen to a session. These shapes are stored for ever.</summary>
public abstract record SessionEvent(SessionId SessionId, DateTimeOffset At);

/// <inheritdoc cref="StartSession"/>
public sealed record SessionStarted(
    SessionId SessionId, UserName? Name, string RefreshHash, DateTimeOffset ExpiresAt, DateTimeOffset At, UserId? UserId = null)
    : SessionEvent(SessionId, At);

public sealed record SessionRefreshed(SessionId SessionId, string RefreshHash, DateTimeOffset At) : SessionEvent(SessionId, At);

public sealed record SessionEnded(SessionId SessionId, SessionEnd Reason, DateTimeOffset At) : SessionEvent(SessionId, At);

/// <summary>Why a session came to its end.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum SessionEnd
{
    SignedOut = 1,

    /// <summary>A refresh token was shown that had been replaced: somebody else has it, or had it.</summary>
    TokenReused = 2,
}

/// <summary>
/// One signing-in, and what was renewed from it. A refresh token is good once; one that is shown a second time ends all that came
/// of it, since nobody can tell the thief from the owner. One that never was ends nothing: anybody can make one up.
/// </summary>
public abstract record Session
{
    public static readonly Decider<Session, SessionCommand, SessionEvent> Decider =
        new("session", new NotStarted(), Decide, Evolve);

    /// <summary>Each leaves something to remember. One a minute for all of a month is less.</summary>
    public const int RenewalsMax = 50_000;

    private Session()
    {
    }

    public static Decision<SessionEvent> Decide(Session session, SessionCommand command, DateTimeOffset now) =>
        (session, command) switch
        {
            (NotStarted, StartSession c) => new SessionStarted(c.SessionId, c.Name, c.RefreshHash, c.ExpiresAt, now, c.UserId),
            (Open, StartSession) => Decision<SessionEvent>.Nothing,
            (NotStarted, RefreshSession) or (Ended, StartSession) => SessionRefusals.Ended,
            (NotStarted, EndSession) or (Ended, _) => Decision<SessionEvent>.Nothing,

            (Open s, RefreshSession) when s.ExpiresAt <= now => SessionRefusals.Ended,
            (Open s, RefreshSession c) when s.RefreshHash == c.NextHash => Decision<SessionEvent>.Nothing,
            (Open s, RefreshSession c) when s.RefreshHash == c.ShownHash => s.RenewalCount < RenewalsMax
                ? new SessionRefreshed(c.SessionId, c.NextHash, now)
                : SessionRefusals.Ended,
            (Open s, RefreshSession c) => s.Replaced.Contains(Mark(c.ShownHash))
                ? new SessionEnded(c.SessionId, SessionEnd.TokenReused, now)
                : SessionRefusals.Ended,
            (Open, EndSession c) => new SessionEnded(c.SessionId, SessionEnd.SignedOut, now),

            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    public static Session Evolve(Session session, SessionEvent fact) =>
        (session, fact) switch
        {
            (NotStarted, SessionStarted e) => new Open(e.RefreshHash, e.ExpiresAt, [], 0),
            (Open s, SessionRefreshed e) => s with
            {
                RefreshHash = e.RefreshHash,
                Replaced = s.Replaced.Push(Mark(s.RefreshHash)),
                RenewalCount = s.RenewalCount + 1,
            },
            (Open, SessionEnded) => new Ended(),
            _ => session,
        };

    /// <summary>Half of a hash is enough to know it again, and a session can have thousands.</summary>
    private static UInt128 Mark(string hash) =>
        UInt128.TryParse(
            hash.AsSpan(0, Math.Min(hash.Length, 32)), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out UInt128 mark)
            ? mark
            : default;

    public sealed record NotStarted : Session;

    /// <param name="Replaced">Of each refresh token that was good once.</param>
    public sealed record Open(string RefreshHash, DateTimeOffset ExpiresAt, ImmutableStack<UInt128> Replaced, int RenewalCount)
        : Session;

    public sealed record Ended : Session;
}

public static class SessionRefusals
{
    public static readonly Refusal Ended = new("session.ended", "The session is over. Sign in again.");
}
