using Events.Application.ApiKeys;
using Events.Application.Contracts;
using Events.Application.Users;
using Events.Domain.Kernel;
using Events.Domain.Users;
using Events.Host.Security;

namespace Events.Host.Users;

/// <summary>What an account is of.</summary>
internal enum AccountKind
{
    /// <summary>A person who signed in with a name and a password.</summary>
    User,

    /// <summary>A program that showed the secret of its key.</summary>
    Key,

    /// <summary>Who showed a token of the older contract, or of another issuer.</summary>
    Token,
}

/// <summary>Who somebody is, as somebody's own program may know it.</summary>
/// <param name="Account">As facts name who caused them.</param>
/// <param name="Name">Of the user or key; the account where there is no other.</param>
/// <param name="Cameras">Those that it may know of; null for all.</param>
/// <param name="Scopes">Rights of the role that a key has; null for all.</param>
internal sealed record OwnAccount(
    string Account,
    string Name,
    AccountKind Kind,
    Role Role,
    CameraList? Cameras,
    bool HasSecondFactor,
    bool MustChangePassword,
    ScopeList? Scopes = null);

/// <summary>What came of a wish to change something of one's own.</summary>
internal abstract record OwnOutcome
{
    private OwnOutcome()
    {
    }

    internal sealed record Done(SignInResult Result) : OwnOutcome;

    /// <param name="Subject">Which input is wrong, where it is another one than refusals of this kind are usually about.</param>
    internal sealed record Refused(Refusal Refusal, string? Subject = null) : OwnOutcome;

    internal sealed record Later(SignInWait Wait) : OwnOutcome;
}

/// <summary>
/// What people who signed in do with their own accounts, by whichever way in: with the password once more, and bounded and
/// told as under <c>/auth</c>.
/// </summary>
internal sealed class OwnAccounts(SignIns signIns, SignInAttempts attempts, UserIndex index, UserRing ring, IReadModels views)
{
    public static readonly Refusal NotSignedIn = new(
        "user.not_signed_in",
        "Only somebody who signed in with a name and a password has these. Come with the token of POST /auth/sign-in.");

    public static readonly Refusal Denied = new("auth.denied", "The password or the code is not right.");

    public static readonly Refusal CodeNeeded =
        new("auth.code_needed", "Send the code that your device shows, too, as \"code\".");

    public static readonly Refusal PasswordMustChange =
        new("auth.password_must_change", "Change the password first.");

    /// <summary>All sessions end, that of who asks among them; another one begins.</summary>
    public Task<OwnOutcome> ChangePasswordAsync(
        AccessIdentity identity, string way, string password, string? code, string next, CancellationToken cancellationToken) =>
        TryAsync(identity, way, who =>
            signIns.ChangePasswordAsync(who, password, code, next, way, cancellationToken));

    public Task<OwnOutcome> EnrolSecondFactorAsync(
        AccessIdentity identity, string way, string password, string? code, CancellationToken cancellationToken) =>
        TryAsync(identity, way, who =>
            signIns.EnrolSecondFactorAsync(who, password, code, way, cancellationToken));

    public Task<OwnOutcome> ConfirmSecondFactorAsync(
        AccessIdentity identity, string way, string password, string code, CancellationToken cancellationToken) =>
        TryAsync(identity, way, who =>
            signIns.ConfirmSecondFactorAsync(who, password, code, way, cancellationToken));

    public Task<OwnOutcome> RemoveSecondFactorAsync(
        AccessIdentity identity, string way, string password, string? code, CancellationToken cancellationToken) =>
        TryAsync(identity, way, who =>
            signIns.RemoveSecondFactorAsync(who, password, code, way, cancellationToken));

    /// <summary>Needs no password: whoever has the session may have less.</summary>
    public Task<CommandResult> EndSessionsAsync(AccessIdentity identity, string way, CancellationToken cancellationToken) =>
        identity.SessionId is { } session
            ? signIns.EndSessionsAsync(session, way, cancellationToken)
            : Task.FromResult(CommandResult.Refused(NotSignedIn));

    /// <exception cref="DependencyUnavailableException">The views do not have it yet.</exception>
    public async Task<OwnAccount> FindAsync(AccessIdentity identity, CancellationToken cancellationToken)
    {
        var account = new OwnAccount(
            identity.UserId, identity.UserId, AccountKind.Token, identity.Role, identity.Cameras, false, false,
            identity.Scopes);
        if (identity.SessionId is { } session)
        {
            UserView user = ring.Find(session) is { } grant && await index.FindAsync(grant, cancellationToken) is { } found
                ? found
                : throw Lagging();
            return account with
            {
                Name = user.Name.Value,
                Kind = AccountKind.User,
                HasSecondFactor = user.IsSecondFactorConfirmed,
                MustChangePassword = user.MustChange,
            };
        }

        if (identity.KeyId is { } id)
        {
            ApiKeyView key = await views.FindAsync(ApiKeyViewProjection.View, id.ToString(), cancellationToken)
                ?? throw Lagging();
            return account with { Name = key.Name, Kind = AccountKind.Key };
        }

        return account;
    }

    private static DependencyUnavailableException Lagging() =>
        new("projections", "The views do not show this account yet. Look again shortly.");

    private async Task<OwnOutcome> TryAsync(
        AccessIdentity identity, string way, Func<Claimant, Task<SignInResult>> act)
    {
        if (identity.SessionId is not { } session)
        {
            return new OwnOutcome.Refused(NotSignedIn);
        }

        if (attempts.Take(identity.UserId, way, identity.Address) is { } often)
        {
            return new OwnOutcome.Later(often);
        }

        SignInResult result = await act(new Claimant.SignedIn(session));
        attempts.Tell(result, identity.UserId, way, identity.Address);
        return result switch
        {
            SignInResult.Done or SignInResult.StillIn or SignInResult.Enrolled => new OwnOutcome.Done(result),
            SignInResult.NeedsCode => new OwnOutcome.Refused(CodeNeeded),
            SignInResult.MustChange => new OwnOutcome.Refused(PasswordMustChange),
            SignInResult.Refused { Refusal: var refusal } => new OwnOutcome.Refused(
                refusal, refusal == UserRefusals.WeakPassword ? "newPassword" : null),
            _ => attempts.WaitAfter(result) is { } wait ? new OwnOutcome.Later(wait) : new OwnOutcome.Refused(Denied),
        };
    }
}
