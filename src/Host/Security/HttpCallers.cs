using Events.Application.Contracts;

namespace Events.Host.Security;

/// <summary>Who is behind a plain HTTP request.</summary>
internal sealed class HttpCallers(AccessTokens tokens)
{
    private const string Scheme = "Bearer ";

    /// <returns>Null without a good token in the header <c>Authorization</c> (RFC 6750, section 2.1).</returns>
    public async Task<AccessIdentity?> FindAsync(HttpRequest request) =>
        request.Headers.Authorization.ToString() is { } header && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? await tokens.ReadAsync(header[Scheme.Length..].Trim())
            : null;

    /// <summary>Whether a bearer token of at least this role came along. When none did, 401; when it is too low, 403.</summary>
    public async Task<int> StatusForAsync(HttpRequest request, Role role) =>
        await FindAsync(request) switch
        {
            null => StatusCodes.Status401Unauthorized,
            { } identity when identity.Role < role => StatusCodes.Status403Forbidden,
            _ => StatusCodes.Status200OK,
        };
}
