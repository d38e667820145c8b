using Events.Application.Users;
using Events.Host.Cameras;
using Events.Host.JsonRpc;
using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.Users;

/// <param name="Cameras">Null, and left out, for all.</param>
/// <param name="Scopes">So are these.</param>
internal sealed record ShownAccount(
    string Account,
    string Name,
    string Kind,
    string Role,
    IReadOnlyList<string>? Cameras,
    IReadOnlyList<string>? Scopes,
    bool HasSecondFactor,
    bool MustChangePassword);

internal sealed record SessionsEnded(bool Ended);

/// <summary>One's own account over JSON-RPC, for every role.</summary>
internal sealed class OwnAccountJsonRpc(
    OwnAccounts own, AdministrationCalls calls, ClientSessions sessions, SessionTokens tokens, LegacyCameras cameras)
    : IAdministrationMethods
{
    private const string Way = "json-rpc";

    private static readonly MethodRule _rule = new(AdministrationTable.OfEveryRole, NeedsCameras: false, IsOwn: true);

    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("who_am_i", ShowAsync, _rule),
        new("change_own_password", ChangePasswordAsync, _rule),
        new("enrol_own_second_factor", EnrolAsync, _rule),
        new("confirm_own_second_factor", ConfirmAsync, _rule),
        new("remove_own_second_factor", RemoveAsync, _rule),
        new("end_own_sessions", EndSessionsAsync, _rule),
    ];

    private async ValueTask<JsonRpcAnswer> ChangePasswordAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string password = PasswordIn(given);
        string next = given.Text("new_password", Passwords.LengthMax);
        string? code = CodeIn(given);
        return given.Error is { } error
            ? error
            : await AnswerAsync(
                own.ChangePasswordAsync(IdentityOf(call), Way, password, code, next, call.Cancellation),
                done => ValueTask.FromResult(JsonRpcAnswer.Result(
                    SignedIn.Of((SignInResult.Done)done, tokens), AdministrationJson.Default.SignedIn)));
    }

    private async ValueTask<JsonRpcAnswer> EnrolAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string password = PasswordIn(given);
        string? code = CodeIn(given);
        return given.Error is { } error
            ? error
            : await AnswerAsync(
                own.EnrolSecondFactorAsync(IdentityOf(call), Way, password, code, call.Cancellation),
                done => ValueTask.FromResult(JsonRpcAnswer.Result(
                    SecondFactorSecret.Of((SignInResult.Enrolled)done), AdministrationJson.Default.SecondFactorSecret)));
    }

    private async ValueTask<JsonRpcAnswer> ConfirmAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string password = PasswordIn(given);
        string code = given.Text("code", SignIns.CodeLengthMax);
        return given.Error is { } error
            ? error
            : await AnswerAsync(
                own.ConfirmSecondFactorAsync(IdentityOf(call), Way, password, code, call.Cancellation),
                _ => ShowAsync(call));
    }

    private async ValueTask<JsonRpcAnswer> RemoveAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string password = PasswordIn(given);
        string? code = CodeIn(given);
        return given.Error is { } error
            ? error
            : await AnswerAsync(
                own.RemoveSecondFactorAsync(IdentityOf(call), Way, password, code, call.Cancellation),
                _ => ShowAsync(call));
    }

    private async ValueTask<JsonRpcAnswer> EndSessionsAsync(JsonRpcCall call) =>
        await calls.SendAsync(call, string.Empty, _ => own.EndSessionsAsync(IdentityOf(call), Way, call.Cancellation))
            is { } refused
                ? refused
                : JsonRpcAnswer.Result(new SessionsEnded(true), AdministrationJson.Default.SessionsEnded);

    private async ValueTask<JsonRpcAnswer> ShowAsync(JsonRpcCall call)
    {
        OwnAccount account = await own.FindAsync(IdentityOf(call), call.Cancellation);
        Dictionary<Guid, string> devices = await cameras.NamesOfAsync(account.Cameras?.All ?? [], call.Cancellation);
        return JsonRpcAnswer.Result(
            new ShownAccount(
                account.Account,
                account.Name,
                account.Kind.ToString().ToLowerInvariant(),
                AccessTokens.NameOf(account.Role),
                account.Cameras?.All.Select(id => devices[id.Value]).ToList(),
                ScopeNames.Of(account.Scopes),
                account.HasSecondFactor,
                account.MustChangePassword),
            AdministrationJson.Default.ShownAccount);
    }

    private static async ValueTask<JsonRpcAnswer> AnswerAsync(
        Task<OwnOutcome> act, Func<SignInResult, ValueTask<JsonRpcAnswer>> show) =>
        await act switch
        {
            OwnOutcome.Done { Result: var result } => await show(result),
            OwnOutcome.Refused refused => LegacyErrors.ByFamily(refused.Refusal, string.Empty, refused.Subject),
            OwnOutcome.Later { Wait: var wait } => LegacyErrors.RateLimited(wait.Time, wait.Code, wait.Message),
            var other => throw new InvalidOperationException($"No answer for {other.GetType().Name}."),
        };

    /// <summary>The gate lets nobody through who has none.</summary>
    private AccessIdentity IdentityOf(JsonRpcCall call) => sessions.Of(call.Connection).Identity!;

    private static string PasswordIn(CallParams given) => given.Text("password", Passwords.LengthMax);

    private static string? CodeIn(CallParams given) => given.OptionalText("code", SignIns.CodeLengthMax);
}
