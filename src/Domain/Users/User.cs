using Events.Domain.Kernel;

namespace Events.Domain.Users;

public abstract record UserCommand(UserName Name)
{
    /// <summary>Whom the name stands for. Null for users of before names were sealed, whom the name itself identifies.</summary>
    public UserId? Id { get; init; }
}

/// <param name="PasswordId">Under which what is kept of the password lies, apart from the log.</param>
/// <param name="MustChange">Whether the password is good for nothing but to be changed.</param>
/// <param name="Cameras">Those that the user may know of; null for all.</param>
public sealed record CreateUser(UserName Name, Role Role, Guid PasswordId, bool MustChange, CameraList? Cameras = null)
    : UserCommand(Name);

/// <inheritdoc cref="CreateUser"/>
public sealed record SetUserPassword(UserName Name, Guid PasswordId, bool MustChange) : UserCommand(Name);

/// <summary>So many wrong passwords in a row that more should have to wait.</summary>
public sealed record LockUser(UserName Name) : UserCommand(Name);

/// <summary>The right password came, or an admin says so.</summary>
public sealed record UnlockUser(UserName Name) : UserCommand(Name);

public sealed record DisableUser(UserName Name, string Reason) : UserCommand(Name);

public sealed record EnableUser(UserName Name) : UserCommand(Name);

public sealed record ChangeUserRole(UserName Name, Role Role) : UserCommand(Name);

/// <inheritdoc cref="CreateUser"/>
public sealed record ChangeUserCameras(UserName Name, CameraList? Cameras) : UserCommand(Name);

/// <param name="Before">Sessions that began before then are over.</param>
public sealed record EndUserSessions(UserName Name, DateTimeOffset Before) : UserCommand(Name);

/// <summary>A second factor is to be set up. It counts once it is confirmed.</summary>
/// <param name="SecretId">Under which its secret lies, apart from the log.</param>
public sealed record EnrolSecondFactor(UserName Name, Guid SecretId) : UserCommand(Name);

/// <summary>A code made with that secret came: its owner has it.</summary>
/// <param name="Step">Which code, counted in time steps since 1970 (RFC 6238, section 4.2).</param>
public sealed record ConfirmSecondFactor(UserName Name, Guid SecretId, long Step) : UserCommand(Name);

/// <summary>A right code came. It is good once: who gets no fact for it had it before.</summary>
/// <inheritdoc cref="ConfirmSecondFactor"/>
public sealed record UseSecondFactor(UserName Name, long Step) : UserCommand(Name);

public sealed record RemoveUserSecondFactor(UserName Name) : UserCommand(Name);

/// <summary>The person is to be forgotten: the facts stay, and nothing can say any more whom they are about.</summary>
/// <param name="Reason">Stays readable for ever; it must not name anybody.</param>
public sealed record EraseUser(UserName Name, string Reason) : UserCommand(Name);

/// <summary>What can happen to a user. These shapes are stored for ever.</summary>
public abstract record UserEvent(UserName Name, DateTimeOffset At)
{
    /// <inheritdoc cref="UserCommand.Id"/>
    public UserId? Id { get; init; }

    /// <summary>As facts name who caused them.</summary>
    public string Account() => Id is { } id ? id.Account : Name.Value;
}

/// <inheritdoc cref="CreateUser"/>
public sealed record UserCreated(
    UserName Name, Role Role, Guid PasswordId, bool MustChange, DateTimeOffset At, CameraList? Cameras = null)
    : UserEvent(Name, At);

/// <inheritdoc cref="CreateUser"/>
public sealed record UserPasswordChanged(UserName Name, Guid PasswordId, bool MustChange, DateTimeOffset At)
    : UserEvent(Name, At);

public sealed record UserLocked(UserName Name, DateTimeOffset Until, DateTimeOffset At) : UserEvent(Name, At);

public sealed record UserUnlocked(UserName Name, DateTimeOffset At) : UserEvent(Name, At);

public sealed record UserDisabled(UserName Name, string Reason, DateTimeOffset At) : UserEvent(Name, At);

public sealed record UserEnabled(UserName Name, DateTimeOffset At) : UserEvent(Name, At);

public sealed record UserRoleChanged(UserName Name, Role Role, DateTimeOffset At) : UserEvent(Name, At);

/// <inheritdoc cref="CreateUser"/>
public sealed record UserCamerasChanged(UserName Name, CameraList? Cameras, DateTimeOffset At) : UserEvent(Name, At);

public sealed record UserSessionsEnded(UserName Name, DateTimeOffset Before, DateTimeOffset At) : UserEvent(Name, At);

/// <inheritdoc cref="EnrolSecondFactor"/>
public sealed record UserSecondFactorEnrolled(UserName Name, Guid SecretId, DateTimeOffset At) : UserEvent(Name, At);

/// <inheritdoc cref="ConfirmSecondFactor"/>
public sealed record UserSecondFactorConfirmed(UserName Name, Guid SecretId, long Step, DateTimeOffset At) : UserEvent(Name, At);

/// <inheritdoc cref="UseSecondFactor"/>
public sealed record UserSecondFactorUsed(UserName Name, long Step, DateTimeOffset At) : UserEvent(Name, At);

public sealed record UserSecondFactorRemoved(UserName Name, DateTimeOffset At) : UserEvent(Name, At);

/// <summary>From now on the name, and all that was sealed with it, is unreadable wherever it stands.</summary>
/// <inheritdoc cref="EraseUser"/>
/// <param name="PasswordId">What lies under it is forgotten, too.</param>
/// <param name="SecretId">Of a second factor; null when there was none.</param>
public sealed record UserErased(UserName Name, string Reason, Guid PasswordId, Guid? SecretId, DateTimeOffset At)
    : UserEvent(Name, At);

/// <summary>
/// A person who signs in with a name and a password. What is kept of the password is not in the log, which only says that it
/// changed; the name is, but sealed, so that the person can be erased.
/// </summary>
public abstract record User
{
    /// <summary>A first lock. Each one after it, without a right password in between, is twice as long.</summary>
    public static readonly TimeSpan LockFirst = TimeSpan.FromSeconds(30);

    /// <summary>Longer would help no attack to fail, and lets anybody shut somebody out.</summary>
    public static readonly TimeSpan LockMax = TimeSpan.FromHours(1);

    public static readonly Decider<User, UserCommand, UserEvent> Decider = new("user", new NotCreated(), Decide, Evolve);

    private const int LockDoublingsMax = 10;

    private User()
    {
    }

    /// <summary>How long a lock is that comes after so many.</summary>
    public static TimeSpan LockAfter(int count) =>
        LockFirst * (1 << Math.Min(count, LockDoublingsMax)) is var span && span < LockMax ? span : LockMax;

    public static Decision<UserEvent> Decide(User user, UserCommand command, DateTimeOffset now) =>
        DecideFor(user, command, now) switch
        {
            Decision<UserEvent>.Accepted { Facts: { Count: > 0 } facts } =>
                new Decision<UserEvent>.Accepted([.. facts.Select(fact => fact with { Id = command.Id })]),
            var other => other,
        };

    private static Decision<UserEvent> DecideFor(User user, UserCommand command, DateTimeOffset now) =>
        (user, command) switch
        {
            (NotCreated, CreateUser c) => IsTooWhole(c.Role, c.Cameras)
                ? UserRefusals.CamerasOfWholeRole
                : new UserCreated(c.Name, c.Role, c.PasswordId, c.MustChange, now, c.Cameras),
            (Created u, CreateUser c) => (u.Role, u.PasswordId, u.Cameras) == (c.Role, c.PasswordId, c.Cameras)
                ? Decision<UserEvent>.Nothing
                : UserRefusals.AlreadyCreated,
            (Erased, EraseUser) => Decision<UserEvent>.Nothing,
            (NotCreated or Erased, _) => UserRefusals.NotFound,
            (Created u, EraseUser c) => DecideErasure(u, c, now),

            (Created u, SetUserPassword c) => u.PasswordId == c.PasswordId
                ? Decision<UserEvent>.Nothing
                : new UserPasswordChanged(c.Name, c.PasswordId, c.MustChange, now),

            (Created { LockedUntil: { } until }, LockUser) when until > now => Decision<UserEvent>.Nothing,
            (Created u, LockUser c) => new UserLocked(c.Name, now + LockAfter(u.LockCount), now),
            (Created { LockCount: 0 }, UnlockUser) => Decision<UserEvent>.Nothing,
            (_, UnlockUser c) => new UserUnlocked(c.Name, now),

            (Created { IsDisabled: true }, DisableUser) => Decision<UserEvent>.Nothing,
            (_, DisableUser { Reason: var reason }) when !OneLine.Is(reason, UserRefusals.ReasonLengthMax) =>
                UserRefusals.BadReason,
            (_, DisableUser c) => new UserDisabled(c.Name, c.Reason, now),
            (Created { IsDisabled: false }, EnableUser) => Decision<UserEvent>.Nothing,
            (_, EnableUser c) => new UserEnabled(c.Name, now),

            (Created u, ChangeUserRole c) => u.Role == c.Role ? Decision<UserEvent>.Nothing
                : IsTooWhole(c.Role, u.Cameras) ? UserRefusals.CamerasOfWholeRole
                : new UserRoleChanged(c.Name, c.Role, now),

            (Created u, ChangeUserCameras c) => u.Cameras == c.Cameras ? Decision<UserEvent>.Nothing
                : IsTooWhole(u.Role, c.Cameras) ? UserRefusals.CamerasOfWholeRole
                : new UserCamerasChanged(c.Name, c.Cameras, now),

            (Created u, EndUserSessions c) => c.Before <= u.SessionsFrom
                ? Decision<UserEvent>.Nothing
                : new UserSessionsEnded(c.Name, c.Before, now),

            (Created u, EnrolSecondFactor or ConfirmSecondFactor or UseSecondFactor or RemoveUserSecondFactor) =>
                DecideSecondFactor(u.SecondFactor, command, now),

            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    /// <summary>What a role is for cannot be a part of the installation.</summary>
    private static bool IsTooWhole(Role role, CameraList? cameras) =>
        cameras is not null && role is not (Role.Viewer or Role.Operator);

    /// <summary>It cannot be taken back: so it takes two steps, and at the second one the user is signed out already.</summary>
    private static Decision<UserEvent> DecideErasure(Created user, EraseUser command, DateTimeOffset now) =>
        !OneLine.Is(command.Reason, UserRefusals.ReasonLengthMax) ? UserRefusals.BadReason
        : command.Id is null ? UserRefusals.InClear
        : !user.IsDisabled ? UserRefusals.NotDisabled
        : new UserErased(command.Name, command.Reason, user.PasswordId, user.SecondFactor.Id, now);

    private static Decision<UserEvent> DecideSecondFactor(SecondFactor factor, UserCommand command, DateTimeOffset now) =>
        (factor, command) switch
        {
            (SecondFactor.Pending p, EnrolSecondFactor c) when p.SecretId == c.SecretId => Decision<UserEvent>.Nothing,
            (SecondFactor.Active, EnrolSecondFactor) => UserRefusals.SecondFactorActive,
            (_, EnrolSecondFactor c) => new UserSecondFactorEnrolled(c.Name, c.SecretId, now),

            (SecondFactor.Pending p, ConfirmSecondFactor c) when p.SecretId == c.SecretId =>
                new UserSecondFactorConfirmed(c.Name, c.SecretId, c.Step, now),
            (SecondFactor.Active a, ConfirmSecondFactor c) when a.SecretId == c.SecretId => Decision<UserEvent>.Nothing,
            (_, ConfirmSecondFactor) => UserRefusals.NoSecondFactor,

            (SecondFactor.Active a, UseSecondFactor c) when c.Step == a.LastStep => Decision<UserEvent>.Nothing,
            (SecondFactor.Active a, UseSecondFactor c) =>
                c.Step > a.LastStep ? new UserSecondFactorUsed(c.Name, c.Step, now) : UserRefusals.CodeUsed,
            (_, UseSecondFactor) => UserRefusals.NoSecondFactor,

            (SecondFactor.None, RemoveUserSecondFactor) => Decision<UserEvent>.Nothing,
            (_, RemoveUserSecondFactor c) => new UserSecondFactorRemoved(c.Name, now),

            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    public static User Evolve(User user, UserEvent fact) =>
        (user, fact) switch
        {
            (NotCreated, UserCreated e) => new Created(
                e.Role, e.PasswordId, false, 0, null, DateTimeOffset.MinValue, new SecondFactor.None(), e.Cameras),
            (Created u, UserPasswordChanged e) => u with { PasswordId = e.PasswordId },
            (Created u, UserLocked e) => u with { LockCount = u.LockCount + 1, LockedUntil = e.Until },
            (Created u, UserUnlocked) => u with { LockCount = 0, LockedUntil = null },
            (Created u, UserDisabled e) => u.EndSessions(e.At) with { IsDisabled = true },
            (Created u, UserEnabled) => u with { IsDisabled = false },
            (Created u, UserRoleChanged e) => u.EndSessions(e.At) with { Role = e.Role },
            (Created u, UserCamerasChanged e) => u.EndSessions(e.At) with { Cameras = e.Cameras },
            (Created u, UserSessionsEnded e) => u.EndSessions(e.Before),
            (Created u, UserSecondFactorEnrolled e) => u with { SecondFactor = new SecondFactor.Pending(e.SecretId) },
            (Created u, UserSecondFactorConfirmed e) => u with { SecondFactor = new SecondFactor.Active(e.SecretId, e.Step) },
            (Created { SecondFactor: SecondFactor.Active a } u, UserSecondFactorUsed e) => u with
            {
                SecondFactor = a with { LastStep = e.Step },
            },
            (Created u, UserSecondFactorRemoved) => u with { SecondFactor = new SecondFactor.None() },
            (Created, UserErased) => new Erased(),
            _ => user,
        };

    public sealed record NotCreated : User;

    /// <summary>For good: the same person would be another user.</summary>
    public sealed record Erased : User;

    /// <param name="LockCount">Locks since the right password last came.</param>
    /// <param name="LockedUntil">Null when never locked since then.</param>
    /// <param name="SessionsFrom">
    /// Sessions that began before are over: they were ended, or the user was disabled, or has had another role or other cameras.
    /// </param>
    /// <param name="Cameras">Null for all.</param>
    public sealed record Created(
        Role Role,
        Guid PasswordId,
        bool IsDisabled,
        int LockCount,
        DateTimeOffset? LockedUntil,
        DateTimeOffset SessionsFrom,
        SecondFactor SecondFactor,
        CameraList? Cameras)
        : User
    {
        internal Created EndSessions(DateTimeOffset before) =>
            this with { SessionsFrom = before > SessionsFrom ? before : SessionsFrom };
    }
}

/// <summary>What a user has to show beside the password: codes that a device makes of a secret and the time (RFC 6238).</summary>
public abstract record SecondFactor
{
    private SecondFactor()
    {
    }

    /// <summary>Under which its secret lies; null when there is none.</summary>
    public Guid? Id => this switch
    {
        Pending p => p.SecretId,
        Active a => a.SecretId,
        _ => null,
    };

    public sealed record None : SecondFactor;

    /// <summary>Set up, but nobody has shown yet that the device works.</summary>
    public sealed record Pending(Guid SecretId) : SecondFactor;

    /// <param name="LastStep">Of the last code that was taken; none up to it is taken again.</param>
    public sealed record Active(Guid SecretId, long LastStep) : SecondFactor;
}

public static class UserRefusals
{
    /// <summary>In characters. A sentence or two.</summary>
    public const int ReasonLengthMax = 500;

    public static readonly Refusal NotFound = new("user.not_found", "There is no such user.");

    public static readonly Refusal AlreadyCreated =
        new("user.already_created", "There is a user of this name already, perhaps a disabled one. Choose another name.");

    public static readonly Refusal NotDisabled =
        new("user.not_disabled", "Disable the user first. Erasing cannot be taken back.");

    public static readonly Refusal InClear = new(
        "user.in_clear",
        "This user's facts were written before names were sealed, and facts cannot be changed. Disable the user instead.");

    public static readonly Refusal BadName = new(
        "user.bad_name", "A user name has 1 to 64 lower-case letters, digits, dots, hyphens and underscores.");

    public static readonly Refusal BadReason =
        new("user.bad_reason", $"A reason is one line of 1 to {ReasonLengthMax} characters.");

    public static readonly Refusal BadCameras = new(
        "user.bad_cameras", $"A list of cameras has 1 to {CameraList.CountMax} that are registered.");

    public static readonly Refusal CamerasOfWholeRole = new(
        "user.cameras_of_whole_role",
        "Only viewers and operators can be for some cameras; admin and auditor are for the whole installation. "
            + "Take the list away first.");

    public static readonly Refusal SecondFactorActive = new(
        "user.second_factor_active", "There is a second factor already. Remove it first.");

    public static readonly Refusal NoSecondFactor = new("user.no_second_factor", "No second factor was set up.");

    public static readonly Refusal CodeUsed = new("user.code_used", "This code was used already. Wait for the next one.");

    public static readonly Refusal WeakPassword = new(
        "user.weak_password",
        "A password has 12 to 128 characters, is not a common one, does not repeat a few or walk along the keyboard, and does "
        + "not hold the user's name, if that has 4 letters or more.");
}
