using System.Security.Claims;
using Events.Application.Contracts;
using Events.Application.Users;
using Events.Domain.Kernel;
using Events.Domain.Users;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Users;

/// <summary>What came of a command to a user.</summary>
/// <param name="User">As it is now; null when it was refused, or the views lag behind.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record CreateUserPayload(UserNode? User, string? Position);

/// <inheritdoc cref="CreateUserPayload"/>
internal sealed record SetUserPasswordPayload(UserNode? User, string? Position);

/// <inheritdoc cref="CreateUserPayload"/>
internal sealed record ChangeUserRolePayload(UserNode? User, string? Position);

/// <inheritdoc cref="CreateUserPayload"/>
internal sealed record ChangeUserCamerasPayload(UserNode? User, string? Position);

/// <inheritdoc cref="CreateUserPayload"/>
internal sealed record DisableUserPayload(UserNode? User, string? Position);

/// <inheritdoc cref="CreateUserPayload"/>
internal sealed record EnableUserPayload(UserNode? User, string? Position);

/// <inheritdoc cref="CreateUserPayload"/>
internal sealed record UnlockUserPayload(UserNode? User, string? Position);

/// <inheritdoc cref="CreateUserPayload"/>
internal sealed record RemoveUserSecondFactorPayload(UserNode? User, string? Position);

/// <inheritdoc cref="CreateUserPayload"/>
internal sealed record EndUserSessionsPayload(UserNode? User, string? Position);

/// <param name="User">Null: there is none any more.</param>
/// <inheritdoc cref="CreateUserPayload"/>
internal sealed record EraseUserPayload(UserNode? User, string? Position);

/// <summary>What all mutations of users do the same way.</summary>
internal sealed class UserCalls(GraphQLCommands commands, UserAccounts accounts, UserIndex index)
{
    public Task<FieldResult<TPayload>> SendAsync<TPayload>(
        string name, Func<UserName, UserCommand> command, ClaimsPrincipal user, Func<UserNode?, string?, TPayload> show,
        CancellationToken cancellationToken, long? expectedVersion = null) =>
        AnswerAsync(
            name,
            caller => UserName.TryParse(name) is { } known
                ? accounts.SendAsync(command(known), caller, expectedVersion, cancellationToken)
                : Task.FromResult(CommandResult.Refused(UserRefusals.NotFound)),
            user,
            show,
            cancellationToken);

    /// <param name="ids">Null for all; a list that is there and empty is not "all".</param>
    /// <returns>Null when they could be read.</returns>
    public static InvalidInputError? TryRead(IReadOnlyList<Guid>? ids, out CameraList? cameras)
    {
        cameras = ids is null ? null : CameraList.From(ids.Select(id => new CameraId(id)));
        Refusal wrong = UserRefusals.BadCameras;
        return ids is null || cameras is not null
            ? null
            : new InvalidInputError(wrong.Message, wrong.Code, RefusalTable.Of(wrong).Subject);
    }

    public Task<FieldResult<TPayload>> AnswerAsync<TPayload>(
        string name, Func<Caller, Task<CommandResult>> send, ClaimsPrincipal user, Func<UserNode?, string?, TPayload> show,
        CancellationToken cancellationToken) =>
        commands.AnswerAsync(
            () => send(GraphQLCallers.AccessOf(user).CallerBy(GraphQLCallers.Way)),
            async position => show(
                await index.FindAsync(name, cancellationToken) is { } found ? UserNode.Of(found) : null, position),
            cancellationToken);
}

[MutationType]
[Authorize(Policy = nameof(Right.ManageAccess))]
internal static class UserMutations
{
    /// <summary>Makes a user, who has to change the password first.</summary>
    /// <param name="name">1 to 64 lower-case letters, digits, dots, hyphens and underscores. Given once.</param>
    /// <param name="password">12 to 128 characters, and none that everybody tries first.</param>
    /// <param name="cameras">At most 64 that the user may know of, for viewers and operators; null for all.</param>
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static async Task<FieldResult<CreateUserPayload>> CreateUserAsync(
        string name, Role role, string password, UserCalls calls, UserAccounts accounts, ClaimsPrincipal user,
        CancellationToken cancellationToken, [ID] IReadOnlyList<Guid>? cameras = null) =>
        UserCalls.TryRead(cameras, out CameraList? list) is { } wrong
            ? new FieldResult<CreateUserPayload>([wrong])
            : await calls.AnswerAsync(
                name,
                caller => accounts.CreateAsync(name, role, list, password, true, caller, cancellationToken),
                user,
                (node, position) => new CreateUserPayload(node, position),
                cancellationToken);

    /// <summary>Gives a user another password, which is to be changed first. All sessions end.</summary>
    /// <param name="password">12 to 128 characters, and none that everybody tries first.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<SetUserPasswordPayload>> SetUserPasswordAsync(
        string name, string password, UserCalls calls, UserAccounts accounts, ClaimsPrincipal user,
        CancellationToken cancellationToken) =>
        calls.AnswerAsync(
            name,
            caller => UserName.TryParse(name) is { } known
                ? accounts.SetPasswordAsync(known, password, true, caller, cancellationToken)
                : Task.FromResult(CommandResult.Refused(UserRefusals.NotFound)),
            user,
            (node, position) => new SetUserPasswordPayload(node, position),
            cancellationToken);

    /// <summary>Gives a user another role. All sessions end.</summary>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<ChangeUserRolePayload>> ChangeUserRoleAsync(
        string name, Role role, UserCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken,
        long? expectedVersion = null) =>
        calls.SendAsync(
            name, known => new ChangeUserRole(known, role), user,
            (node, position) => new ChangeUserRolePayload(node, position), cancellationToken, expectedVersion);

    /// <summary>Says which cameras a viewer or operator may know of. All sessions end.</summary>
    /// <param name="cameras">At most 64; null for all.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static async Task<FieldResult<ChangeUserCamerasPayload>> ChangeUserCamerasAsync(
        string name, UserCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken,
        [ID] IReadOnlyList<Guid>? cameras = null, long? expectedVersion = null) =>
        UserCalls.TryRead(cameras, out CameraList? list) is { } wrong
            ? new FieldResult<ChangeUserCamerasPayload>([wrong])
            : await calls.SendAsync(
                name, known => new ChangeUserCameras(known, list), user,
                (node, position) => new ChangeUserCamerasPayload(node, position), cancellationToken, expectedVersion);

    /// <summary>Shuts a user out. All sessions end.</summary>
    /// <param name="reason">For people; kept in the log.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<DisableUserPayload>> DisableUserAsync(
        string name, UserCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken, string reason = "requested",
        long? expectedVersion = null) =>
        calls.SendAsync(
            name, known => new DisableUser(known, reason), user,
            (node, position) => new DisableUserPayload(node, position), cancellationToken, expectedVersion);

    /// <summary>
    /// Forgets a person for good: name, addresses, and what was written about the user. The facts stay, and stay proved. The user
    /// has to be disabled first. It cannot be taken back.
    /// </summary>
    /// <param name="reason">For people; stays readable in the log, so it must name nobody.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<EraseUserPayload>> EraseUserAsync(
        string name, string reason, UserCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken,
        long? expectedVersion = null) =>
        calls.SendAsync(
            name, known => new EraseUser(known, reason), user,
            (node, position) => new EraseUserPayload(node, position), cancellationToken, expectedVersion);

    /// <summary>Lets a user in again.</summary>
    [Error<NotFoundError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<EnableUserPayload>> EnableUserAsync(
        string name, UserCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken,
        long? expectedVersion = null) =>
        calls.SendAsync(
            name, known => new EnableUser(known), user,
            (node, position) => new EnableUserPayload(node, position), cancellationToken, expectedVersion);

    /// <summary>Ends a lock for wrong passwords.</summary>
    [Error<NotFoundError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<UnlockUserPayload>> UnlockUserAsync(
        string name, UserCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken,
        long? expectedVersion = null) =>
        calls.SendAsync(
            name, known => new UnlockUser(known), user,
            (node, position) => new UnlockUserPayload(node, position), cancellationToken, expectedVersion);

    /// <summary>Takes the second factor from a user whose device is lost: the password alone is enough then.</summary>
    [Error<NotFoundError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<RemoveUserSecondFactorPayload>> RemoveUserSecondFactorAsync(
        string name, UserCalls calls, UserAccounts accounts, ClaimsPrincipal user, CancellationToken cancellationToken,
        long? expectedVersion = null) =>
        calls.AnswerAsync(
            name,
            caller => UserName.TryParse(name) is { } known
                ? accounts.RemoveSecondFactorAsync(known, caller, expectedVersion, cancellationToken)
                : Task.FromResult(CommandResult.Refused(UserRefusals.NotFound)),
            user,
            (node, position) => new RemoveUserSecondFactorPayload(node, position),
            cancellationToken);

    /// <summary>Ends all sessions of a user.</summary>
    [Error<NotFoundError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<EndUserSessionsPayload>> EndUserSessionsAsync(
        string name, UserCalls calls, TimeProvider time, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        calls.SendAsync(
            name, known => new EndUserSessions(known, time.GetUtcNow()), user,
            (node, position) => new EndUserSessionsPayload(node, position), cancellationToken);
}
