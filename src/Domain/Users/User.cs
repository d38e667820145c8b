using Events.Domain.Kernel;

namespace Events.Domain.Users;

public abstract record UserCommand(UserName Name);

/// <param name="PasswordId">Under which what is kept of the password lies, apart from the log.</param>
/// <param name="MustChange">Whether the password is good for nothing but to be changed.</param>
public sealed record CreateUser(UserName Name, Role Role, Guid PasswordId, bool MustChange) : UserCommand(Name);

/// <inheritdoc cref="CreateUser"/>
public sealed record SetUserPassword(UserName Name, Guid PasswordId, bool MustChange) : UserCommand(Name);

/// <summary>So many wrong passwords in a row that more should have to wait.</summary>
public sealed record LockUser(UserName Name) : UserCommand(Name);

/// <summary>The right password came, or an admin says so.</summary>
public sealed record UnlockUser(UserName Name) : UserCommand(Name);

public sealed record DisableUser(UserName Name, string Reason) : UserCommand(Name);

public sealed record EnableUser(UserName Name) : UserCommand(Name);

public sealed record ChangeUserRole(UserName Name, Role Role) : UserCommand(Name);

/// <param name="Before">Sessions that began before then are over.</param>
public sealed record EndUserSessions(UserName Name, DateTimeOffset Before) : UserCommand(Name);

/// <summary>What can happen to a user. These shapes are stored for ever.</summary>
public abstract record UserEvent(UserName Name, DateTimeOffset At);

/// <inheritdoc cref="CreateUser"/>
public sealed record UserCreated(UserName Name, Role Role, Guid PasswordId, bool MustChange, DateTimeOffset At)
    : UserEvent(Name, At);

/// <inheritdoc cref="CreateUser"/>
public sealed record UserPasswordChanged(UserName Name, Guid PasswordId, bool MustChange, DateTimeOffset At)
    : UserEvent(Name, At);

public sealed record UserLocked(UserName Name, DateTimeOffset Until, DateTimeOffset At) : UserEvent(Name, At);

public sealed record UserUnlocked(UserName Name, DateTimeOffset At) : UserEvent(Name, At);

public sealed record UserDisabled(UserName Name, string Reason, DateTimeOffset At) : UserEvent(Name, At);

public sealed record UserEnabled(UserName Name, DateTimeOffset At) : UserEvent(Name, At);

public sealed record UserRoleChanged(UserName Name, Role Role, DateTimeOffset At) : UserEvent(Name, At);

public sealed record UserSessionsEnded(UserName Name, DateTimeOffset Before, DateTimeOffset At) : UserEvent(Name, At);

/// <summary>
/// A person who signs in with a name and a password. The name is the identity: it is given once. What is kept of the password is
/// not in the log, which only says that it changed.
/// </summary>
public abstract record User
{
    /// <summary>A first lock. Each one after it, without a right password in between, is twice as long.</summary>
    public static readonly TimeSpan LockFirst = TimeSpan.FromSeconds(30);

    /// <summary>Longer would help no attack to fail, and lets anybody shut somebody out.</summary>
    public static readonly TimeSpan LockMax = TimeSpan.FromHours(1);

    public static readonly Decider<User, UserCommand, UserEvent> Decider = new("user", new NotCreated(), Decide, Evolve);

    private User()
    {
    }

    public static Decision<UserEvent> Decide(User user, UserCommand command, DateTimeOffset now) =>
        (user, command) switch
        {
            (NotCreated, CreateUser c) => new UserCreated(c.Name, c.Role, c.PasswordId, c.MustChange, now),
            (Created u, CreateUser c) => (u.Role, u.PasswordId) == (c.Role, c.PasswordId)
                ? Decision<UserEvent>.Nothing
                : UserRefusals.AlreadyCreated,
            (NotCreated, _) => UserRefusals.NotFound,

            (Created u, SetUserPassword c) => u.PasswordId == c.PasswordId
                ? Decision<UserEvent>.Nothing
                : new UserPasswordChanged(c.Name, c.PasswordId, c.MustChange, now),

            (Created { LockedUntil: { } until }, LockUser) when until > now => Decision<UserEvent>.Nothing,
            (Created u, LockUser c) => new UserLocked(c.Name, now + u.NextLock, now),
            (Created { LockCount: 0 }, UnlockUser) => Decision<UserEvent>.Nothing,
            (_, UnlockUser c) => new UserUnlocked(c.Name, now),

            (Created { IsDisabled: true }, DisableUser) => Decision<UserEvent>.Nothing,
            (_, DisableUser { Reason: var reason }) when !OneLine.Is(reason, UserRefusals.ReasonLengthMax) =>
                UserRefusals.BadReason,
            (_, DisableUser c) => new UserDisabled(c.Name, c.Reason, now),
            (Created { IsDisabled: false }, EnableUser) => Decision<UserEvent>.Nothing,
            (_, EnableUser c) => new UserEnabled(c.Name, now),

            (Created u, ChangeUserRole c) => u.Role == c.Role
                ? Decision<UserEvent>.Nothing
                : new UserRoleChanged(c.Name, c.Role, now),

            (Created u, EndUserSessions c) => c.Before <= u.SessionsFrom
                ? Decision<UserEvent>.Nothing
                : new UserSessionsEnded(c.Name, c.Before, now),

            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    public static User Evolve(User user, UserEvent fact) =>
        (user, fact) switch
        {
            (NotCreated, UserCreated e) => new Created(e.Role, e.PasswordId, false, 0, null, DateTimeOffset.MinValue),
            (Created u, UserPasswordChanged e) => u with { PasswordId = e.PasswordId },
            (Created u, UserLocked e) => u with { LockCount = u.LockCount + 1, LockedUntil = e.Until },
            (Created u, UserUnlocked) => u with { LockCount = 0, LockedUntil = null },
            (Created u, UserDisabled) => u with { IsDisabled = true },
            (Created u, UserEnabled) => u with { IsDisabled = false },
            (Created u, UserRoleChanged e) => u with { Role = e.Role },
            (Created u, UserSessionsEnded e) => u with { SessionsFrom = e.Before },
            _ => user,
        };

    public sealed record NotCreated : User;

    /// <param name="LockCount">Locks since the right password last came.</param>
    /// <param name="LockedUntil">Null when never locked since then.</param>
    /// <param name="SessionsFrom">Sessions that began before are over.</param>
    public sealed record Created(
        Role Role, Guid PasswordId, bool IsDisabled, int LockCount, DateTimeOffset? LockedUntil, DateTimeOffset SessionsFrom)
        : User
    {
        private const int DoublingsMax = 10;

        internal TimeSpan NextLock =>
            LockFirst * (1 << Math.Min(LockCount, DoublingsMax)) is var span && span < LockMax ? span : LockMax;
    }
}

public static class UserRefusals
{
    /// <summary>In characters. A sentence or two.</summary>
    public const int ReasonLengthMax = 500;

    public static readonly Refusal NotFound = new("user.not_found", "There is no such user.");

    public static readonly Refusal AlreadyCreated =
        new("user.already_created", "There is, or was, a user of this name. Names are given once.");

    public static readonly Refusal BadName = new(
        "user.bad_name", "A user name has 1 to 64 lower-case letters, digits, dots, hyphens and underscores.");

    public static readonly Refusal BadReason =
        new("user.bad_reason", $"A reason is one line of 1 to {ReasonLengthMax} characters.");

    public static readonly Refusal WeakPassword = new(
        "user.weak_password",
        "A password has 12 to 128 characters, is not a common one, does not repeat a few, and does not hold the user's name.");
}
