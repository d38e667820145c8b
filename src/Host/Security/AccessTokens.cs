using System.Net;
using System.Text;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Security;

/// <summary>Who a token or key speaks for, at which cameras, and until when.</summary>
/// <param name="Cameras">Null for all.</param>
/// <param name="KeyId">Of the key that was shown; null for a token.</param>
/// <param name="Address">Where it was shown; null when that is not known.</param>
/// <param name="SessionId">Of somebody who signed in; null for who shows anything else.</param>
/// <param name="Scopes">Rights of the role that a key has; null for all.</param>
/// <param name="CallsPerSecondMax">Of a key that has a limit of its own; null for what every account may.</param>
/// <param name="Ended">Cancelled when it is over before its time.</param>
internal sealed record AccessIdentity(
    string UserId,
    Role Role,
    DateTimeOffset ExpiresAt,
    CameraList? Cameras = null,
    ApiKeyId? KeyId = null,
    IPAddress? Address = null,
    SessionId? SessionId = null,
    int? CallsPerSecondMax = null,
    ScopeList? Scopes = null,
    CancellationToken Ended = default)
{
    /// <summary>Whether it still counts.</summary>
    public bool IsGood(DateTimeOffset now) => now < ExpiresAt && !Ended.IsCancellationRequested;

    public bool May(Right right) => Policy.Allows(Role, Scopes, right);

    public bool MaySee(CameraId camera) => Cameras?.Contains(camera) != false;

    /// <summary>One correlation for everything that the request leads to.</summary>
    public Caller CallerBy(string way) =>
        new(UserId, Role, way, Guid.CreateVersion7().ToString("d"), null, Cameras, Address, Scopes);
}

/// <summary>
/// Issues and reads the access tokens of the legacy contract: JSON Web Tokens (RFC 7519) signed with HS256, with the claims
/// <c>user_id</c>, <c>role</c>, <c>iat</c> and <c>exp</c>, all required.
/// </summary>
internal sealed class AccessTokens
{
    /// <summary>In bytes. HS256 wants a key at least as long as its hash (RFC 7518, section 3.2).</summary>
    public const int SecretBytesMin = 32;

    /// <summary>In characters. A token of four claims has about 250; more is not read.</summary>
    private const int TokenLengthMax = 4_096;

    private const int UserIdLengthMax = 128;

    /// <summary>The end of the calendar, 9999-12-31T23:59:59Z. What is beyond was counted in another unit.</summary>
    private const long ExpirySecondsMax = 253_402_300_799;

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly SigningCredentials _signing;
    private readonly TokenValidationParameters _rules;
    private readonly TimeProvider _time;

    public AccessTokens(string secret, TimeProvider time)
    {
        _time = time;
        var key = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(secret));
        _signing = new SigningCredentials(key, SecurityAlgorithms.HmacSha256);
        _rules = new TokenValidationParameters
        {
            IssuerSigningKey = key,
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ValidateIssuer = false,
            ValidateAudience = false,
            ClockSkew = TimeSpan.Zero,
            LifetimeValidator = (notBefore, expires, _, _) =>
                expires > _time.GetUtcNow().UtcDateTime && (notBefore is null || notBefore <= _time.GetUtcNow().UtcDateTime),
        };
    }

    public string Issue(string userId, Role role, TimeSpan lifetime)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Claims = new Dictionary<string, object>
            {
                ["user_id"] = userId,
                ["role"] = NameOf(role),
                ["iat"] = now.ToUnixTimeSeconds(),
                ["exp"] = now.Add(lifetime).ToUnixTimeSeconds(),
            },
            SigningCredentials = _signing,
        });
    }

    /// <returns>Null for a token that is malformed, not ours, expired, or lacks a claim.</returns>
    public async Task<AccessIdentity?> ReadAsync(string text)
    {
        if (text.Length > TokenLengthMax)
        {
            return null;
        }

        TokenValidationResult result = await _handler.ValidateTokenAsync(text, _rules);
        return result is { IsValid: true, SecurityToken: JsonWebToken token }
            && token.TryGetPayloadValue("user_id", out string? userId)
            && userId is { Length: > 0 and <= UserIdLengthMax }
            && !userId.AsSpan().ContainsAnyInRange('\0', '\u001f')
            && UserId.OfAccount(userId) is null // A user signs in; a token of this kind speaks for none.
            && token.TryGetPayloadValue("role", out string? roleName)
            && RoleOf(roleName) is { } role
            && token.TryGetPayloadValue("iat", out long _)
            && token.TryGetPayloadValue("exp", out long expiresAt)
            && expiresAt <= ExpirySecondsMax
                ? new AccessIdentity(userId, role, DateTimeOffset.FromUnixTimeSeconds(expiresAt))
                : null;
    }

    public static string NameOf(Role role) =>
        role switch
        {
            Role.Viewer => "viewer",
            Role.Operator => "operator",
            Role.Admin => "admin",
            Role.Auditor => "auditor",
            _ => throw new ArgumentOutOfRangeException(nameof(role), role, "No such role."),
        };

    /// <returns>Null unless it is exactly <c>viewer</c>, <c>operator</c>, <c>admin</c> or <c>auditor</c>.</returns>
    public static Role? RoleOf(string? name) =>
        name switch
        {
            "viewer" => Role.Viewer,
            "operator" => Role.Operator,
            "admin" => Role.Admin,
            "auditor" => Role.Auditor,
            _ => null,
        };
}
