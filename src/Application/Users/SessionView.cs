using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Users;

namespace Events.Application.Users;

/// <summary>One row per session that was ever started.</summary>
/// <param name="Account">Of its user: an id, or the name where that identifies the user.</param>
/// <param name="EndedFor">Null while it is open, though it may have expired.</param>
public sealed record SessionView(
    SessionId Id,
    string Account,
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
        2,
        StoredJson.Default.SessionView,
        [
            new("account", ViewColumnType.Text, IsIndexed: true, row => row.Account),
            new("is_open", ViewColumnType.Flag, IsIndexed: false, row => row.EndedFor is null),
            new("expires_at", ViewColumnType.Instant, IsIndexed: true, row => row.ExpiresAt),
        ],
        new ViewFold<SessionView, SessionEvent>(fact => fact.SessionId.ToString(), Project));

    public static SessionView? Project(SessionView? row, Recorded<SessionEvent> recorded) =>
        (row, recorded.Fact) switch
        {
            (null, SessionStarted e) => new(
                e.SessionId,
                e.UserId is { } id ? id.Account : e.Name?.Value ?? string.Empty,
                e.At,
                e.At,
                e.ExpiresAt,
                null,
                recorded.Version),
            (null, _) => null,
            ({ Version: var seen }, _) when recorded.Version <= seen => row,
            ({ }, SessionRefreshed e) => row with { RefreshedAt = e.At, Version = recorded.Version },
            ({ }, SessionEnded e) => row with { EndedFor = e.Reason, Version = recorded.Version },
            _ => row,
        };
}
