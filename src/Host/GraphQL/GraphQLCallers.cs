using System.Security.Claims;
using System.Text.Json;
using Events.Application.Access;
using Events.Domain.Kernel;
using Events.GraphQL;
using Events.Host.Security;

namespace Events.Host.GraphQL;

/// <summary>
/// Who asks by GraphQL. Over HTTP a key or bearer token; on a socket the same in <c>connectionParams</c>, as <c>authToken</c>,
/// <c>apiKey</c> or <c>Authorization</c>, or in the header of the upgrade. Over HTTP somebody without either may read the schema
/// and nothing else; a socket is not opened for nobody.
/// </summary>
internal sealed class GraphQLCallers(
    Authenticator authenticator,
    HttpCallers callers,
    StrangerLimits strangers,
    AccountSeats seats,
    AccountLimits limits,
    AccessLedger ledger)
{
    public const string Way = "graphql";

    private const string Scheme = "Bearer ";
    private const string BadToken = "The token or key is not valid, or is good no longer.";

    private static readonly string[] _names = ["authToken", "apiKey", "X-API-Key", "x-api-key", "Authorization", "authorization"];

    /// <exception cref="TooManyRequestsException">The account asks too often, or the address without one.</exception>
    public async ValueTask<GraphQLAdmission> OfRequestAsync(HttpContext context)
    {
        if (await callers.FindAsync(context.Request, Way) is { } identity)
        {
            return Accept(identity);
        }

        strangers.Enter(context);
        return HttpCallers.HasCredentials(context.Request)
            ? GraphQLAdmission.Deny(BadToken)
            : GraphQLAdmission.Accept(null, bodyBytesMax: StrangerLimits.BodyBytesMax);
    }

    public async ValueTask<GraphQLAdmission> OfSocketAsync(GraphQLConnect connect, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TokenIn(connect.Params) is { } token)
        {
            return await authenticator.ReadAsync(token, Way, connect.Http.Connection.RemoteIpAddress) is { } named
                ? Seat(named, connect)
                : GraphQLAdmission.Deny(BadToken);
        }

        return await callers.FindAsync(connect.Http.Request, Way) is { } identity
            ? Seat(identity, connect)
            : GraphQLAdmission.Deny("Send a token or key as authToken in connectionParams.");
    }

    /// <summary>For an operation on a socket: it counts as a request does, for the account and for the key.</summary>
    /// <returns>Zero when it may run; otherwise how long until then.</returns>
    public TimeSpan TakeTurn(ClaimsPrincipal? user) =>
        user is AccessPrincipal { Access: var access } ? limits.Take(access) : TimeSpan.Zero;

    /// <summary>Rules name a right of the policy; without one, it is enough to be somebody.</summary>
    public static bool IsAllowed(ClaimsPrincipal? user, AuthorizeAttribute rule)
    {
        if (user is not AccessPrincipal { Access: var access, Ledger: var ledger })
        {
            return false;
        }

        if (rule.Policy is null || access.May(Enum.Parse<Right>(rule.Policy)))
        {
            return true;
        }

        ledger.Refused(access.UserId, Way, access.Address, rule.Policy);
        return false;
    }

    public static AccessIdentity AccessOf(ClaimsPrincipal user) => ((AccessPrincipal)user).Access;

    public static bool MayDo(ClaimsPrincipal user, Right right) => AccessOf(user).May(right);

    /// <summary>For what is there: that somebody named a camera of others is told to the audit, and to nobody else.</summary>
    public static bool MaySee(ClaimsPrincipal user, CameraId camera)
    {
        var principal = (AccessPrincipal)user;
        bool may = principal.Access.MaySee(camera);
        if (!may)
        {
            principal.Ledger.OtherCamera(principal.Access.UserId, Way, principal.Access.Address);
        }

        return may;
    }

    private GraphQLAdmission Seat(AccessIdentity identity, GraphQLConnect connect)
    {
        if (seats.Take(identity.UserId) is not { } seat)
        {
            return GraphQLAdmission.Deny($"Your account has {seats.CountMax} sockets open. Close some.");
        }

        connect.Http.Response.RegisterForDispose(seat);
        return Accept(identity);
    }

    private GraphQLAdmission Accept(AccessIdentity identity) =>
        GraphQLAdmission.Accept(new AccessPrincipal(identity, ledger), until: identity.ExpiresAt, ended: identity.Ended);

    private static string? TokenIn(JsonElement? given)
    {
        if (given is not { ValueKind: JsonValueKind.Object } fields)
        {
            return null;
        }

        foreach (string name in _names)
        {
            if (fields.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String)
            {
                string text = value.GetString()!;
                return text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? text[Scheme.Length..].Trim() : text;
            }
        }

        return null;
    }
}

/// <summary>Who asks, as resolvers are given it.</summary>
internal sealed class AccessPrincipal(AccessIdentity access, AccessLedger ledger)
    : ClaimsPrincipal(new ClaimsIdentity(
        [new(ClaimTypes.Name, access.UserId), new(ClaimTypes.Role, AccessTokens.NameOf(access.Role))], "token"))
{
    public AccessIdentity Access => access;

    public AccessLedger Ledger => ledger;
}
