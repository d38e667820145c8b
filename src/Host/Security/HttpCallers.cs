namespace Events.Host.Security;

/// <summary>Who is behind a plain HTTP request.</summary>
internal sealed class HttpCallers(Authenticator authenticator, AccountLimits accounts)
{
    public const string KeyHeader = "X-API-Key";

    private const string Scheme = "Bearer ";

    /// <summary>Whether the request shows anything at all.</summary>
    public static bool HasCredentials(HttpRequest request) =>
        request.Headers.Authorization.Count > 0 || request.Headers.ContainsKey(KeyHeader);

    /// <param name="way">The way in, for the log.</param>
    /// <returns>
    /// Null without a good key in the header <c>X-API-Key</c>, or a good token or key as bearer in <c>Authorization</c>
    /// (RFC 6750, section 2.1). Who sends both is who the key says.
    /// </returns>
    /// <exception cref="TooManyRequestsException">The account asks too often.</exception>
    public async ValueTask<AccessIdentity?> FindAsync(HttpRequest request, string way)
    {
        string header = request.Headers.Authorization.ToString();
        string key = request.Headers[KeyHeader].ToString().Trim();
        string? shown = key.Length > 0 ? key
            : header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim()
            : null;
        AccessIdentity? identity = shown is null
            ? null
            : await authenticator.ReadAsync(shown, way, request.HttpContext.Connection.RemoteIpAddress);
        return identity is not null && accounts.Take(identity) is var wait && wait > TimeSpan.Zero
            ? throw new TooManyRequestsException(wait)
            : identity;
    }

    /// <summary>Counts a request by link, which shows nothing else.</summary>
    /// <exception cref="TooManyRequestsException">The account that the link was made for asks too often.</exception>
    public void Count(LinkRight link)
    {
        if (accounts.Take(link) is var wait && wait > TimeSpan.Zero)
        {
            throw new TooManyRequestsException(wait);
        }
    }
}
