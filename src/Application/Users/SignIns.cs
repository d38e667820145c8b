using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Users;

namespace Events.Application.Users;

/// <summary>Who shows a password.</summary>
public abstract record Claimant
{
    private Claimant()
    {
    }

    /// <summary>Somebody who says to be of this name. What comes of it is another session.</summary>
    public sealed record Named(string Name) : Claimant;

    /// <summary>Whoever signed in for this session, which goes on unless the password is another by then.</summary>
    public sealed record SignedIn(SessionId Session) : Claimant;
}

/// <summary>What came of a wish to come in.</summary>
public abstract record SignInResult
{
    private SignInResult()
    {
    }

    /// <summary>
    /// Whose name or session was given, as facts name the account; empty where it is nobody's. It is for the audit alone: whoever
    /// asks must not learn from it whether there is such a user.
    /// </summary>
    public string Whose { get; init; } = string.Empty;

    /// <param name="Account">As facts name the user.</param>
    /// <param name="RefreshToken">Good once, for this session. Shown to its owner alone.</param>
    public sealed record Done(SessionId SessionId, string Account, UserName Name, Role Role, string RefreshToken) : SignInResult;

    /// <summary>It is done, and the session of who asked goes on.</summary>
    /// <param name="Account">As facts name the user.</param>
    public sealed record StillIn(string Account) : SignInResult;

    /// <summary>Name or password is wrong, or the session is over; which of it is told to nobody.</summary>
    public sealed record Denied : SignInResult;

    /// <summary>Too many wrong passwords.</summary>
    public sealed record Locked(DateTimeOffset Until) : SignInResult;

    /// <summary>The password is right, and good for nothing but to be changed.</summary>
    public sealed record MustChange : SignInResult;

    /// <summary>The password is right; a code of the second factor is missing.</summary>
    public sealed record NeedsCode : SignInResult;

    /// <summary>A second factor is set up, and counts once a code of it came.</summary>
    /// <param name="Secret">In base 32, for the device. Shown this once, to its owner alone.</param>
    public sealed record Enrolled(UserName Name, string Secret) : SignInResult
    {
        public override string ToString() => $"{nameof(Enrolled)} {Name}";
    }

    /// <summary>Too many at once, here or with this name.</summary>
    public sealed record TooMany : SignInResult;

    /// <summary>The new password is not taken.</summary>
    public sealed record Refused(Refusal Refusal) : SignInResult;
}

/// <summary>
/// People come in with name and password, stay in with a refresh token that is good once, and go. A name that is not there takes
/// as long as one that is. Some wrong passwords in a row lock a user for a while, each time for longer.
/// </summary>
public sealed class SignIns(
    UserAccounts accounts,
    UserRing ring,
    Passwords passwords,
    IPasswordStore store,
    IOneTimeCodes codes,
    IEventStore events,
    UserIndex index,
    TimeProvider time)
{
    /// <summary>In a row, until a lock.</summary>
    public const int FailuresMax = 5;

    /// <summary>Of a code of the second factor, in characters. A longer one is not looked at.</summary>
    public const int CodeLengthMax = 16;

    /// <summary>Then one has to sign in again, however often it was renewed.</summary>
    public static readonly TimeSpan SessionLifetime = TimeSpan.FromDays(30);

    private const string Prefix = "ert_";
    private const int TokenLengthMax = 128;
    private const int SecretBytes = 32;

    /// <summary>
    /// A fact is written when a user is locked, and none for a name that nobody has: whoever waits with a watch must not see it.
    /// </summary>
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(250);

    private readonly Guesses _guesses = new(time);

    /// <param name="code">Of the second factor; null when none came, which is enough for who has none.</param>
    public Task<SignInResult> SignInAsync(
        string name, string password, string? code, string way, CancellationToken cancellationToken) =>
        TryAsync(
            new Claimant.Named(name),
            password,
            code,
            way,
            async (user, _) => user.MustChange ? new SignInResult.MustChange() : await StartAsync(user, way, cancellationToken),
            cancellationToken);

    /// <summary>Changes one's own password, and signs in with it. All other sessions end.</summary>
    public Task<SignInResult> ChangePasswordAsync(
        Claimant claimant, string password, string? code, string next, string way, CancellationToken cancellationToken) =>
        TryAsync(
            claimant,
            password,
            code,
            way,
            async (user, _) =>
            {
                if (next == password)
                {
                    return new SignInResult.Refused(UserRefusals.WeakPassword);
                }

                CommandResult changed = await accounts.SetPasswordAsync(
                    user.Name, next, false, CallerOf(user.Account(), way), cancellationToken);
                return changed.Refusal is { } refusal
                    ? new SignInResult.Refused(refusal)
                    : await StartAsync(user, way, cancellationToken);
            },
            cancellationToken);

    /// <summary>Sets up a second factor: a secret for the user's device. It has to be confirmed.</summary>
    public Task<SignInResult> EnrolSecondFactorAsync(
        Claimant claimant, string password, string? code, string way, CancellationToken cancellationToken) =>
        TryAsync(
            claimant,
            password,
            code,
            way,
            async (user, _) => user.MustChange ? new SignInResult.MustChange() : await EnrolAsync(user, way, cancellationToken),
            cancellationToken);

    /// <summary>The device works: from now on its codes are asked for. Signs in whoever is not.</summary>
    public Task<SignInResult> ConfirmSecondFactorAsync(
        Claimant claimant, string password, string code, string way, CancellationToken cancellationToken) =>
        TryAsync(
            claimant,
            password,
            code,
            way,
            async (user, turn) => user.MustChange ? new SignInResult.MustChange()
                : await ConfirmAsync(user, turn, code, way, cancellationToken)
                    ?? await GoOnAsync(claimant, user, way, cancellationToken),
            cancellationToken);

    /// <summary>From now on the password alone is enough. Signs in whoever is not.</summary>
    public Task<SignInResult> RemoveSecondFactorAsync(
        Claimant claimant, string password, string? code, string way, CancellationToken cancellationToken) =>
        TryAsync(
            claimant,
            password,
            code,
            way,
            async (user, _) =>
            {
                if (user.MustChange)
                {
                    return new SignInResult.MustChange();
                }

                CommandResult removed = await accounts.RemoveSecondFactorAsync(
                    user.Name, CallerOf(user.Account(), way), null, cancellationToken);
                return removed.Refusal is { } refusal
                    ? new SignInResult.Refused(refusal)
                    : await GoOnAsync(claimant, user, way, cancellationToken);
            },
            cancellationToken);

    /// <summary>Renews a session. A token that was renewed already ends it, one that is made up does nothing.</summary>
    public async Task<SignInResult> RefreshAsync(string token, string way, CancellationToken cancellationToken)
    {
        if (IdIn(token) is not { } id || ring.Find(id) is not { } grant)
        {
            return new SignInResult.Denied();
        }

        string next = NewToken(id);
        var done = await events.For(CallerOf(grant.Account, way).Origin).TransactAsync(
            Session.Decider, id.ToString(), new RefreshSession(id, HashOf(token), HashOf(next)), cancellationToken);
        if (done.Decision is Decision<SessionEvent>.Accepted { Facts: [SessionRefreshed] })
        {
            return new SignInResult.Done(id, grant.Account, grant.Name, grant.Role, next);
        }

        if (done.Decision is Decision<SessionEvent>.Accepted)
        {
            await ring.WaitForAsync(done.Position, CommandBus.VisibilityTimeout, cancellationToken);
        }

        return new SignInResult.Denied { Whose = grant.Account };
    }

    /// <summary>Ends a session. Nothing comes of a token that is none.</summary>
    public async Task SignOutAsync(string token, string way, CancellationToken cancellationToken)
    {
        if (IdIn(token) is { } id && ring.Find(id) is { } grant
            && await events.For(CallerOf(grant.Account, way).Origin)
                .LoadAsync(Session.Decider, id.ToString(), cancellationToken) is Session.Open open
            && CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(open.RefreshHash), Encoding.ASCII.GetBytes(HashOf(token))))
        {
            await accounts.SendAsync(new EndSession(id), CallerOf(grant.Account, way), null, cancellationToken);
        }
    }

    /// <summary>Ends all sessions of whoever this one is of, and this one, too.</summary>
    public async Task<CommandResult> EndSessionsAsync(SessionId session, string way, CancellationToken cancellationToken) =>
        ring.Find(session) is { } grant
            ? await accounts.SendAsync(
                new EndUserSessions(grant.Name, time.GetUtcNow()) { Id = grant.UserId },
                CallerOf(grant.Account, way),
                null,
                cancellationToken)
            : CommandResult.Refused(SessionRefusals.Ended);

    private async Task<UserView?> FindAsync(Claimant claimant, CancellationToken cancellationToken) =>
        claimant switch
        {
            Claimant.Named { Name: var name } when UserName.TryParse(name) is { } known =>
                await index.FindExactlyAsync(known, cancellationToken),
            Claimant.SignedIn { Session: var id } when ring.Find(id) is { } grant =>
                await index.FindAsync(grant, cancellationToken),
            _ => null,
        };

    /// <param name="act">What to do when name, password and code are right.</param>
    private async Task<SignInResult> TryAsync(
        Claimant claimant,
        string password,
        string? code,
        string way,
        Func<UserView, Guesses.Turn, Task<SignInResult>> act,
        CancellationToken cancellationToken)
    {
        UserView? user = await FindAsync(claimant, cancellationToken);
        using Guesses.Turn? turn = user is null
            ? _guesses.OfNobody(HashOf(claimant.ToString()))
            : _guesses.OfUser(user.Account());
        SignInResult result =
            (user is null ? turn?.LockedUntil : user.LockedUntil) is { } until && until > time.GetUtcNow()
                ? new SignInResult.Locked(until)
            : turn is null ? new SignInResult.TooMany()
            : await CheckAsync(user, turn, password, code, way, cancellationToken) ?? await act(user!, turn);
        return user is null ? result : result with { Whose = user.Account() };
    }

    /// <returns>Null when all is right, of a user that there is.</returns>
    private async Task<SignInResult?> CheckAsync(
        UserView? user, Guesses.Turn turn, string password, string? code, string way, CancellationToken cancellationToken)
    {
        string kept = await store.FindAsync(user?.PasswordId ?? Guid.Empty, cancellationToken) ?? Passwords.Nobodys;
        bool? isRight = await passwords.CheckAsync(password, kept, cancellationToken);
        if (isRight is null)
        {
            return new SignInResult.TooMany();
        }

        if (user is null || isRight is false)
        {
            return await FailAsync(user, turn, way, cancellationToken);
        }

        // The check took its time, and may have waited for others. What was decided meanwhile, also elsewhere, counts.
        if (await NowAsync(user, way, cancellationToken) is not { IsDisabled: false } now || now.PasswordId != user.PasswordId)
        {
            return new SignInResult.Denied();
        }

        if (now.LockedUntil is { } until && until > time.GetUtcNow())
        {
            return new SignInResult.Locked(until);
        }

        if (now.SecondFactor is SecondFactor.Active { SecretId: var id }
            && await CheckCodeAsync(user, turn, id, code, way, cancellationToken) is { } lacking)
        {
            return lacking;
        }

        turn.Succeed();
        if (now.LockCount > 0)
        {
            await accounts.SendAsync(
                new UnlockUser(user.Name) { Id = user.Id }, CallerOf(user.Account(), way), null, cancellationToken);
        }

        return null;
    }

    private async Task<SignInResult> EnrolAsync(UserView user, string way, CancellationToken cancellationToken)
    {
        string secret = codes.NewSecret();
        Guid id = Guid.CreateVersion7();
        await store.SetAsync(id, secret, cancellationToken);
        CommandResult enrolled = await accounts.SendAsync(
            new EnrolSecondFactor(user.Name, id) { Id = user.Id }, CallerOf(user.Account(), way), null, cancellationToken);
        if (enrolled.Refusal is not null)
        {
            await store.DeleteAsync(id, CancellationToken.None);
            return new SignInResult.Refused(enrolled.Refusal);
        }

        if (user.SecondFactorId is { } before)
        {
            await store.DeleteAsync(before, CancellationToken.None);
        }

        return new SignInResult.Enrolled(user.Name, secret);
    }

    /// <returns>Null when the second factor counts from now on, or did before.</returns>
    private async Task<SignInResult?> ConfirmAsync(
        UserView user, Guesses.Turn turn, string code, string way, CancellationToken cancellationToken)
    {
        if (user.SecondFactorId is not { } id)
        {
            return new SignInResult.Refused(UserRefusals.NoSecondFactor);
        }

        if (user.IsSecondFactorConfirmed)
        {
            return null;
        }

        if (await StepOfAsync(id, code, cancellationToken) is not { } step)
        {
            return await FailAsync(user, turn, way, cancellationToken);
        }

        CommandResult confirmed = await accounts.SendAsync(
            new ConfirmSecondFactor(user.Name, id, step) { Id = user.Id },
            CallerOf(user.Account(), way),
            null,
            cancellationToken);
        return confirmed.Refusal is { } refusal ? new SignInResult.Refused(refusal) : null;
    }

    /// <returns>Null when the code is right, which it is once.</returns>
    private async Task<SignInResult?> CheckCodeAsync(
        UserView user, Guesses.Turn turn, Guid secretId, string? code, string way, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(code))
        {
            return new SignInResult.NeedsCode();
        }

        if (await StepOfAsync(secretId, code, cancellationToken) is not { } step)
        {
            return await FailAsync(user, turn, way, cancellationToken);
        }

        CommandResult used = await accounts.SendAsync(
            new UseSecondFactor(user.Name, step) { Id = user.Id }, CallerOf(user.Account(), way), null, cancellationToken);
        return used is { Refusal: null, Position: > 0 } ? null : await FailAsync(user, turn, way, cancellationToken);
    }

    private async Task<long?> StepOfAsync(Guid secretId, string code, CancellationToken cancellationToken) =>
        code.Length <= CodeLengthMax && await store.FindAsync(secretId, cancellationToken) is { } secret
            ? codes.StepOf(secret, code, time.GetUtcNow())
            : null;

    /// <param name="user">Null for a name that nobody has, which is answered as if it were somebody's.</param>
    private async Task<SignInResult> FailAsync(
        UserView? user, Guesses.Turn turn, string way, CancellationToken cancellationToken)
    {
        if (!turn.Fail())
        {
            return new SignInResult.Denied();
        }

        Task pause = Task.Delay(LockPause, cancellationToken);
        DateTimeOffset? until = user is null ? turn.Lock() : await LockAsync(user, way, cancellationToken);
        await pause;
        return until is { } end ? new SignInResult.Locked(end) : new SignInResult.Denied();
    }

    private async Task<DateTimeOffset?> LockAsync(UserView user, string way, CancellationToken cancellationToken)
    {
        string account = user.Account();
        await accounts.SendAsync(
            new LockUser(user.Name) { Id = user.Id }, Caller.System(way, account), null, cancellationToken);
        return (await NowAsync(user, way, cancellationToken))?.LockedUntil;
    }

    /// <returns>The user as the log has it now, whatever the views show; null when there is none any more.</returns>
    private async Task<User.Created?> NowAsync(UserView user, string way, CancellationToken cancellationToken) =>
        await events.For(CallerOf(user.Account(), way).Origin)
            .LoadAsync(User.Decider, UserViewProjection.KeyOf(user.Id, user.Name), cancellationToken) as User.Created;

    private async Task<SignInResult> GoOnAsync(
        Claimant claimant, UserView user, string way, CancellationToken cancellationToken) =>
        claimant is Claimant.SignedIn
            ? new SignInResult.StillIn(user.Account())
            : await StartAsync(user, way, cancellationToken);

    private async Task<SignInResult> StartAsync(UserView user, string way, CancellationToken cancellationToken)
    {
        if (ring.CountOf(user.Account()) >= UserRing.SessionsMax)
        {
            return new SignInResult.TooMany();
        }

        SessionId id = SessionId.New();
        string token = NewToken(id);
        CommandResult started = await accounts.SendAsync(
            new StartSession(
                id, user.Id is null ? user.Name : null, HashOf(token), time.GetUtcNow() + SessionLifetime, user.Id),
            CallerOf(user.Account(), way),
            null,
            cancellationToken);
        return started.Refusal is { } refusal
            ? new SignInResult.Refused(refusal)
            : new SignInResult.Done(id, user.Account(), user.Name, user.Role, token);
    }

    /// <summary>Whoever knows a password, or a session's token, may do this much for it.</summary>
    private static Caller CallerOf(string account, string way) =>
        new(account, Role.Admin, way, Guid.CreateVersion7().ToString("d"));

    private static string NewToken(SessionId id) =>
        $"{Prefix}{id.Value:n}.{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes))}";

    private static SessionId? IdIn(string token) =>
        token.Length <= TokenLengthMax
        && token.StartsWith(Prefix, StringComparison.Ordinal)
        && token.Split('.') is [var head, _]
        && Guid.TryParseExact(head[Prefix.Length..], "n", out Guid id)
            ? new SessionId(id)
            : null;

    private static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
