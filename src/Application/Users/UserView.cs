using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Users;

namespace Events.Application.Users;

/// <summary>One row per user that was ever created and not erased.</summary>
/// <param name="PasswordId">Under which what is kept of the password lies.</param>
/// <param name="MustChange">Whether the password is good for nothing but to be changed.</param>
/// <param name="LockCount">Locks since the right password last came.</param>
/// <param name="LockedUntil">Null when there was none since then; may be over.</param>
/// <param name="DisabledFor">Null while enabled.</param>
/// <param name="SessionsFrom">
/// Sessions that began before are over: they were ended, or the user was disabled, or has had another role or other cameras
/// since. Null when nothing of that was.
/// </param>
/// <param name="SecondFactorId">Under which the secret of a second factor lies; null when there is none.</param>
/// <param name="IsSecondFactorConfirmed">Whether it has to be shown; one that is just being set up has not.</param>
/// <param name="Id">Null for a user of before names were sealed.</param>
/// <param name="Cameras">Null for all.</param>
public sealed record UserView(
    UserName Name,
    Role Role,
    Guid PasswordId,
    bool MustChange,
    DateTimeOffset CreatedAt,
    DateTimeOffset PasswordChangedAt,
    int LockCount,
    DateTimeOffset? LockedUntil,
    string? DisabledFor,
    DateTimeOffset? SessionsFrom,
    long Version,
    Guid? SecondFactorId = null,
    bool IsSecondFactorConfirmed = false,
    UserId? Id = null,
    CameraList? Cameras = null)
{
    /// <summary>As facts name who caused them.</summary>
    public string Account() => Id is { } id ? id.Account : Name.Value;
}

/// <summary>Folds a user's facts into <see cref="UserView"/>.</summary>
public static class UserViewProjection
{
    public static View<UserView> View { get; } = new(
        "UserView",
        5,
        StoredJson.Default.UserView,
        [
            new("name", ViewColumnType.Text, IsIndexed: true, row => row.Name.Value),
            new("role", ViewColumnType.Text, IsIndexed: false, row => row.Role.ToString()),
            new("is_disabled", ViewColumnType.Flag, IsIndexed: false, row => row.DisabledFor is not null),
        ],
        new ViewFold<UserView, UserEvent>(fact => KeyOf(fact.Id, fact.Name), Project));

    /// <summary>A row keeps its key when its name can be read no more.</summary>
    public static string KeyOf(UserId? id, UserName name) => id?.ToString() ?? name.Value;

    public static UserView? Project(UserView? row, Recorded<UserEvent> recorded) =>
        (row, recorded.Fact) switch
        {
            (null, UserCreated e) => new(
                e.Name, e.Role, e.PasswordId, e.MustChange, e.At, e.At, 0, null, null, null, recorded.Version,
                Id: e.Id, Cameras: e.Cameras),
            (null, _) => null,
            ({ Version: var seen }, _) when recorded.Version <= seen => row,
            (_, UserErased) => null,
            ({ }, { } fact) => Changed(row, fact) with { Version = recorded.Version },
        };

    private static UserView Changed(UserView row, UserEvent fact) =>
        fact switch
        {
            UserPasswordChanged e => row with
            {
                PasswordId = e.PasswordId,
                MustChange = e.MustChange,
                PasswordChangedAt = e.At,
            },
            UserLocked e => row with { LockCount = row.LockCount + 1, LockedUntil = e.Until },
            UserUnlocked => row with { LockCount = 0, LockedUntil = null },
            UserDisabled e => EndSessions(row, e.At) with { DisabledFor = e.Reason },
            UserEnabled => row with { DisabledFor = null },
            UserRoleChanged e => EndSessions(row, e.At) with { Role = e.Role },
            UserCamerasChanged e => EndSessions(row, e.At) with { Cameras = e.Cameras },
            UserSessionsEnded e => EndSessions(row, e.Before),
            UserSecondFactorEnrolled e => row with { SecondFactorId = e.SecretId, IsSecondFactorConfirmed = false },
            UserSecondFactorConfirmed e => row with { SecondFactorId = e.SecretId, IsSecondFactorConfirmed = true },
            UserSecondFactorRemoved => row with { SecondFactorId = null, IsSecondFactorConfirmed = false },
            _ => row,
        };

    /// <summary>Sessions from before are over for good: what ended them must count after a start, too.</summary>
    private static UserView EndSessions(UserView row, DateTimeOffset before) =>
        row.SessionsFrom > before ? row : row with { SessionsFrom = before };
}
