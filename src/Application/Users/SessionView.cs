using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Users;

namespace Events.Application.Users;

/// <summary>One row per session that was ever started.</summary>
/// <param name="EndedFor">Null while it is open, though it may have expired.</param>
public sealed record SessionView(
    SessionId Id,
    UserName Name,
    DateTimeOffset StartedAt,
    DateTimeOffset RefreshedAt,
    DateTimeOffset ExpiresAt,
    SessionEnd? EndedFor,
    long Version);

/// <summary>Folds a session's facts into <see cref="SessionView"/>.</summary>
public static class SessionViewProjection
{
    public static View<SessionView> View { get; } = new(
        "SessionView",
        1,
        StoredJson.Default.SessionView,
        [
            new("name", ViewColumnType.Text, IsIndexed: true, row => row.Name.Value),
            new("is_open", ViewColumnType.Flag, IsIndexed: false, row => row.EndedFor is null),
            new("expires_at", ViewColumnType.Instant, IsIndexed: true, row => row.ExpiresAt),
        ],
        new ViewFold<SessionView, SessionEvent>(fact => fact.SessionId.ToString(), Project));

    public static SessionView? Project(SessionView? row, Recorded<SessionEvent> recorded) =>
        (row, recorded.Fact) switch
        {
            (null, SessionStarted e) => new(e.SessionId, e.Name, e.At, e.At, e.ExpiresAt, null, recorded.Version),
            (null, _) => null,
            ({ Version: var seen }, _) when recorded.Version <= seen => row,
            ({ }, SessionRefreshed e) => row with { RefreshedAt = e.At, Version = recorded.Version },
            ({ }, SessionEnded e) => row with { EndedFor = e.Reason, Version = recorded.Version },
            _ => row,
        };
}
