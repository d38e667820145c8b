using Events.Application.Users;
using Events.Domain.Kernel;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Security;

/// <summary>
/// Access tokens of people who signed in: JSON Web Tokens (RFC 7519, typ <c>at+jwt</c> of RFC 9068) signed with ES256, for a few
/// minutes, for one session. What their bearer may do is looked up, not read from them.
/// </summary>
internal sealed class SessionTokens
{
    /// <summary>How long an access token is good. A session outlives it by its refresh token.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private const string Type = "at+jwt";
    private const string Audience = "events";
    private const int TokenLengthMax = 4_096;

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly SigningKeys _keys;
    private readonly UserRing _users;
    private readonly TimeProvider _time;
    private readonly string _issuer;

    /// <param name="installation">Its tokens are of no use to another installation.</param>
    public SessionTokens(SigningKeys keys, UserRing users, Guid installation, TimeProvider time) =>
        (_keys, _users, _time, _issuer) = (keys, users, time, $"urn:events:{installation:d}");

    /// <summary>Whether a text says that it is one of these. It may be good or not.</summary>
    public static bool IsMeant(string text) =>
        text.Length <= TokenLengthMax
        && text.IndexOf('.', StringComparison.Ordinal) is > 0 and var end
        && HeaderOf(text[..end]) is { } header
        && header.Contains("\"ES256\"", StringComparison.Ordinal);

    /// <param name="account">As facts name the user.</param>
    public string Issue(SessionId session, string account, Role role)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = Type,
            Claims = new Dictionary<string, object>
            {
                ["iss"] = _issuer,
                ["aud"] = Audience,
                ["sub"] = account,
                ["sid"] = session.ToString(),
                ["role"] = AccessTokens.NameOf(role),
                ["jti"] = Guid.CreateVersion7().ToString("d"),
                ["iat"] = now.ToUnixTimeSeconds(),
                ["nbf"] = now.ToUnixTimeSeconds(),
                ["exp"] = now.Add(Lifetime).ToUnixTimeSeconds(),
            },
            SigningCredentials = _keys.Signing,
        });
    }

    /// <returns>Null for a token that is malformed, not ours, not of now, or of a session that is over.</returns>
    public async Task<AccessIdentity?> ReadAsync(string text)
    {
        TokenValidationResult result = await ValidateAsync(text, _keys.All);
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException)
        {
            // Another node may have made a key since this one looked.
            result = await ValidateAsync(text, _keys.ReadAgain());
        }

        return result is { IsValid: true, SecurityToken: JsonWebToken token }
            && token.TryGetPayloadValue("sid", out string? sid)
            && Guid.TryParseExact(sid, "d", out Guid id)
            && token.TryGetPayloadValue("exp", out long expiresAt)
            && _users.Find(new SessionId(id)) is { } grant
            && grant.Account == token.Subject
                ? new AccessIdentity(
                    grant.Account,
                    grant.Role,
                    DateTimeOffset.FromUnixTimeSeconds(expiresAt),
                    grant.Cameras,
                    Ended: grant.Ended,
                    SessionId: new SessionId(id))
                : null;
    }

    private Task<TokenValidationResult> ValidateAsync(string text, IReadOnlyList<ECDsaSecurityKey> keys) =>
        _handler.ValidateTokenAsync(text, new TokenValidationParameters
        {
            IssuerSigningKeys = keys,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidTypes = [Type],
            ValidIssuer = _issuer,
            ValidAudience = Audience,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            TryAllIssuerSigningKeys = false,
            ClockSkew = TimeSpan.Zero,
            LifetimeValidator = (notBefore, expires, _, _) =>
                expires > _time.GetUtcNow().UtcDateTime
                && notBefore <= (_time.GetUtcNow() + ExternalTokens.ClockDifferenceMax).UtcDateTime,
        });

    private static string? HeaderOf(string part)
    {
        try
        {
            return Base64UrlEncoder.Decode(part);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return null;
        }
    }
}
