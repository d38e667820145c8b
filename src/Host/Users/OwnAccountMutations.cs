using System.Security.Claims;
using Events.Application.Contracts;
using Events.Application.Users;
using Events.GraphQL;
using Events.Host.GraphQL;
using Events.Host.Security;

namespace Events.Host.Users;

/// <summary>Who asks, by a session, a key or a token.</summary>
/// <param name="Account">As facts name who caused them.</param>
/// <param name="Name">Of the user or key; the account where there is no other.</param>
/// <param name="Cameras">Ids of those that it may know of; null for all.</param>
/// <param name="Scopes">Rights of the role that a key has; null for all.</param>
/// <param name="HasSecondFactor">Whether a code of a device is asked for beside the password.</param>
/// <param name="MustChangePassword">Whether the password is good for nothing but to be changed.</param>
[GraphQLName("Me")]
internal sealed record MeNode(
    string Account,
    string Name,
    AccountKind Kind,
    Role Role,
    [property: ID] IReadOnlyList<Guid>? Cameras,
    IReadOnlyList<Right>? Scopes,
    bool HasSecondFactor,
    bool MustChangePassword)
{
    public static async Task<MeNode> OfAsync(OwnAccounts own, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        OwnAccount account = await own.FindAsync(GraphQLCallers.AccessOf(user), cancellationToken);
        return new MeNode(
            account.Account,
            account.Name,
            account.Kind,
            account.Role,
            account.Cameras?.All.Select(id => id.Value).ToList(),
            account.Scopes?.All,
            account.HasSecondFactor,
            account.MustChangePassword);
    }
}

/// <summary>The session that began with the new password. All before it have ended.</summary>
/// <param name="AccessToken">Goes as Bearer.</param>
/// <param name="ExpiresIn">Of the access token, in seconds.</param>
/// <param name="RefreshToken">Good once, at /auth/refresh.</param>
internal sealed record ChangeOwnPasswordPayload(string AccessToken, int ExpiresIn, string RefreshToken)
{
    public override string ToString() => nameof(ChangeOwnPasswordPayload);
}

/// <summary>What to give to a device. Shown this once.</summary>
/// <param name="Secret">In base 32.</param>
/// <param name="Address">The same for a picture that devices read: otpauth://totp/...</param>
internal sealed record EnrolOwnSecondFactorPayload(string Secret, string Address)
{
    public override string ToString() => nameof(EnrolOwnSecondFactorPayload);
}

/// <param name="Me">As it is now; null when it was refused.</param>
internal sealed record ConfirmOwnSecondFactorPayload(MeNode Me);

/// <inheritdoc cref="ConfirmOwnSecondFactorPayload"/>
internal sealed record RemoveOwnSecondFactorPayload(MeNode Me);

/// <param name="Position">Of the fact in the log; null when nothing had to be done.</param>
internal sealed record EndOwnSessionsPayload(string? Position);

[QueryType]
[Authorize]
internal static class OwnAccountQueries
{
    /// <summary>Who asks.</summary>
    public static Task<MeNode> GetMeAsync(OwnAccounts own, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        MeNode.OfAsync(own, user, cancellationToken);
}

/// <summary>For every role, but for people who signed in alone.</summary>
[MutationType]
[Authorize]
internal static class OwnAccountMutations
{
    /// <summary>
    /// Changes one's own password. All one's own sessions end, the one that asks among them; sockets are closed with 4403, so ask
    /// by POST. Another session begins, which is in this answer and nowhere else.
    /// </summary>
    /// <param name="newPassword">12 to 128 characters, and none that everybody tries first.</param>
    /// <param name="code">Of the second factor, for who has one.</param>
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<TooManyAttemptsError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<ChangeOwnPasswordPayload>> ChangeOwnPasswordAsync(
        string password, string newPassword, OwnAccounts own, SessionTokens tokens, ClaimsPrincipal user,
        CancellationToken cancellationToken, string? code = null) =>
        AnswerAsync(
            () => own.ChangePasswordAsync(
                GraphQLCallers.AccessOf(user), GraphQLCallers.Way, password, code, newPassword, cancellationToken),
            done =>
            {
                var signed = SignedIn.Of((SignInResult.Done)done, tokens);
                return Task.FromResult(
                    new ChangeOwnPasswordPayload(signed.AccessToken, signed.ExpiresIn, signed.RefreshToken));
            });

    /// <summary>Sets up one's own second factor. It counts once it is confirmed.</summary>
    /// <param name="code">Of a second factor that counts already.</param>
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<TooManyAttemptsError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<EnrolOwnSecondFactorPayload>> EnrolOwnSecondFactorAsync(
        string password, OwnAccounts own, ClaimsPrincipal user, CancellationToken cancellationToken, string? code = null) =>
        AnswerAsync(
            () => own.EnrolSecondFactorAsync(
                GraphQLCallers.AccessOf(user), GraphQLCallers.Way, password, code, cancellationToken),
            done =>
            {
                var given = SecondFactorSecret.Of((SignInResult.Enrolled)done);
                return Task.FromResult(new EnrolOwnSecondFactorPayload(given.Secret, given.Address));
            });

    /// <summary>Shows that the device works: from now on its codes are asked for.</summary>
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<TooManyAttemptsError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<ConfirmOwnSecondFactorPayload>> ConfirmOwnSecondFactorAsync(
        string password, string code, OwnAccounts own, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        AnswerAsync(
            () => own.ConfirmSecondFactorAsync(
                GraphQLCallers.AccessOf(user), GraphQLCallers.Way, password, code, cancellationToken),
            async _ => new ConfirmOwnSecondFactorPayload(await MeNode.OfAsync(own, user, cancellationToken)));

    /// <summary>Takes one's own second factor away: the password alone is enough then.</summary>
    /// <param name="code">A last one, of a second factor that was confirmed.</param>
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<TooManyAttemptsError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<RemoveOwnSecondFactorPayload>> RemoveOwnSecondFactorAsync(
        string password, OwnAccounts own, ClaimsPrincipal user, CancellationToken cancellationToken, string? code = null) =>
        AnswerAsync(
            () => own.RemoveSecondFactorAsync(
                GraphQLCallers.AccessOf(user), GraphQLCallers.Way, password, code, cancellationToken),
            async _ => new RemoveOwnSecondFactorPayload(await MeNode.OfAsync(own, user, cancellationToken)));

    /// <summary>
    /// Ends all one's own sessions, the one that asks among them; sockets are closed with 4403, so ask by POST.
    /// </summary>
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<EndOwnSessionsPayload>> EndOwnSessionsAsync(
        OwnAccounts own, GraphQLCommands commands, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        commands.AnswerAsync(
            () => own.EndSessionsAsync(GraphQLCallers.AccessOf(user), GraphQLCallers.Way, cancellationToken),
            position => Task.FromResult(new EndOwnSessionsPayload(position)),
            cancellationToken);

    private static async Task<FieldResult<TPayload>> AnswerAsync<TPayload>(
        Func<Task<OwnOutcome>> act, Func<SignInResult, Task<TPayload>> show)
    {
        try
        {
            return await act() switch
            {
                OwnOutcome.Done { Result: var result } => await show(result),
                OwnOutcome.Refused refused => Refused(GraphQLCommands.ErrorOf(refused.Refusal, refused.Subject)),
                OwnOutcome.Later { Wait: var wait } => Refused(
                    new TooManyAttemptsError(wait.Message, wait.Code, wait.Seconds)),
                var other => throw new InvalidOperationException($"No answer for {other.GetType().Name}."),
            };
        }
        catch (DependencyUnavailableException away)
        {
            return Refused(new DependencyError(away.Message, "dependency.unavailable", away.Dependency));
        }

        static FieldResult<TPayload> Refused(object error) => new([error]);
    }
}
