using System.Security.Claims;
using System.Text.Json;
using Events.Application.Contracts;
using Events.GraphQL;
using Events.Host.Security;

namespace Events.Host.GraphQL;

/// <summary>
/// Who asks by GraphQL. Over HTTP a bearer token; on a socket the same token in <c>connectionParams</c>, as <c>authToken</c> or
/// <c>Authorization</c>, or in the header of the upgrade. Over HTTP somebody without a token may read the schema and nothing
/// else; a socket is not opened for nobody.
/// </summary>
internal sealed class GraphQLCallers(AccessTokens tokens, HttpCallers callers)
{
    private const string Scheme = "Bearer ";
    private const string BadToken = "The token is not valid, or has expired.";

    private static readonly string[] _names = ["authToken", "Authorization", "authorization"];

    public async ValueTask<GraphQLAdmission> OfRequestAsync(HttpContext context) =>
        await callers.FindAsync(context.Request) is { } identity ? Accept(identity)
        : context.Request.Headers.Authorization.Count > 0 ? GraphQLAdmission.Deny(BadToken)
        : GraphQLAdmission.Accept(null);

    public async ValueTask<GraphQLAdmission> OfSocketAsync(GraphQLConnect connect, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TokenIn(connect.Params) is { } token)
        {
            return await tokens.ReadAsync(token) is { } named ? Accept(named) : GraphQLAdmission.Deny(BadToken);
        }

        return await callers.FindAsync(connect.Http.Request) is { } identity
            ? Accept(identity)
            : GraphQLAdmission.Deny("Send a token as authToken in connectionParams.");
    }

    /// <summary>Each role may all that the one before may.</summary>
    public static bool IsAllowed(ClaimsPrincipal? user, AuthorizeAttribute rule) =>
        user is not null && RoleOf(user) is { } role
        && (rule.Roles.Length == 0 || rule.Roles.Any(name => AccessTokens.RoleOf(name) is { } least && role >= least));

    /// <summary>One correlation for everything this request leads to.</summary>
    public static Caller CallerOf(ClaimsPrincipal user) =>
        new(user.Identity!.Name!, RoleOf(user)!.Value, "graphql", Guid.CreateVersion7().ToString("d"));

    private static Role? RoleOf(ClaimsPrincipal user) => AccessTokens.RoleOf(user.FindFirstValue(ClaimTypes.Role));

    private static GraphQLAdmission Accept(AccessIdentity identity)
    {
        Claim[] claims =
            [new(ClaimTypes.Name, identity.UserId), new(ClaimTypes.Role, AccessTokens.NameOf(identity.Role))];
        return GraphQLAdmission.Accept(
            new ClaimsPrincipal(new ClaimsIdentity(claims, "token")), until: identity.ExpiresAt);
    }

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
