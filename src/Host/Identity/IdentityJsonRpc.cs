using Events.Host.JsonRpc;
using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.Identity;

internal sealed record Authenticated(
    bool IsAuthenticated, string Role, IReadOnlyList<string> Permissions, string ExpiresAt, string SessionId)
{
    [System.Text.Json.Serialization.JsonPropertyName("authenticated")]
    public bool IsAuthenticated { get; init; } = IsAuthenticated;
}

/// <summary><c>ping</c> and <c>authenticate</c>: the two methods that are open before login.</summary>
internal sealed class IdentityJsonRpc(Authenticator authenticator, ClientSessions sessions, AccountSeats seats)
    : IJsonRpcMethods
{
    /// <summary>After which it may be worth while to try again, when an account has all the sockets that it may have.</summary>
    private static readonly TimeSpan SocketWait = TimeSpan.FromSeconds(10);

    private static readonly JsonRpcAnswer _pong = JsonRpcAnswer.Raw("\"pong\""u8.ToArray());

    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("ping", _ => ValueTask.FromResult(_pong), new MethodRule(null, NeedsCameras: false)),
        new("authenticate", AuthenticateAsync, new MethodRule(null, NeedsCameras: false)),
    ];

    /// <summary>A failed login leaves an earlier one on the same socket as it was.</summary>
    private async ValueTask<JsonRpcAnswer> AuthenticateAsync(JsonRpcCall call)
    {
        // Before anything is waited for: a call that is given up must not find the socket anew when it has ended.
        ClientSession session = sessions.Of(call.Connection);
        var given = new CallParams(call.Params);

        // The Python client's SDK sends the alias alone.
        string? token = given.OptionalText("auth_token", ExternalTokens.TokenLengthMax)
            ?? given.OptionalText("token", ExternalTokens.TokenLengthMax);
        if (token is null || await authenticator.ReadAsync(token, "json-rpc", call.Connection.RemoteAddress) is not { } identity)
        {
            return LegacyErrors.NotLoggedIn("auth_failed");
        }

        if (session.Identity?.UserId != identity.UserId)
        {
            if (seats.Take(identity.UserId) is not { } seat)
            {
                return LegacyErrors.RateLimited(SocketWait);
            }

            session.Sit(seat);
        }

        session.Identity = identity;
        call.Connection.IsLoggedIn = true;
        return JsonRpcAnswer.Result(
            new Authenticated(
                true,
                AccessTokens.NameOf(identity.Role),
                PermissionsOf(identity),
                LegacyText.Instant(identity.ExpiresAt),
                call.Connection.Id),
            LegacyJson.Default.Authenticated);
    }

    /// <summary>The words of the legacy contract; an auditor has one of his own.</summary>
    private static string[] PermissionsOf(AccessIdentity identity)
    {
        (string Word, Right Right)[] words = identity.Role is Role.Auditor
            ? [("audit", Right.ReadAudit)]
            : [("view", Right.ReadCatalogue), ("control", Right.Control), ("admin", Right.Administer)];
        return [.. words.Where(pair => identity.May(pair.Right)).Select(pair => pair.Word)];
    }
}
