using Events.Application.Contracts;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;

namespace Events.Application.ApiKeys;

/// <summary>One row per key that was ever issued.</summary>
/// <param name="Cameras">Null for all.</param>
/// <param name="Addresses">With spaces between; null for any.</param>
/// <param name="ExpiresAt">Null for never.</param>
/// <param name="SecretHash">SHA-256, hexadecimal. Shown to nobody.</param>
/// <param name="OldSecretHash">Of the secret before, good until <paramref name="OldUntil"/>; null before a rotation.</param>
/// <param name="EndedFor">Why it was suspended or revoked; null otherwise.</param>
/// <param name="UseCount">Requests and logins that were reported so far.</param>
/// <param name="LastUsedAt">Null before the first report.</param>
/// <param name="CallsPerSecondMax">Null for what every account may.</param>
/// <param name="Scopes">Null for all rights of the role.</param>
public sealed record ApiKeyView(
    ApiKeyId Id,
    string Name,
    Role Role,
    ApiKeyStatus Status,
    CameraList? Cameras,
    string? Addresses,
    DateTimeOffset IssuedAt,
    DateTimeOffset? ExpiresAt,
    string SecretHash,
    string? OldSecretHash,
    DateTimeOffset? OldUntil,
    string? EndedFor,
    long UseCount,
    DateTimeOffset? LastUsedAt,
    long Version,
    int? CallsPerSecondMax = null,
    ScopeList? Scopes = null)
{
    public ApiKeyLimits Limits => new(Role, Cameras, Addresses, ExpiresAt, CallsPerSecondMax, Scopes);

    /// <summary>How it is at a moment: time runs out before the log says so.</summary>
    public ApiKeyStatus StatusAt(DateTimeOffset now) =>
        Status is ApiKeyStatus.Active or ApiKeyStatus.Suspended && ExpiresAt <= now ? ApiKeyStatus.Expired : Status;
}

/// <summary>What has become of a key.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum ApiKeyStatus
{
    Active = 1,
    Suspended = 2,
    Revoked = 3,
    Expired = 4,
}

/// <summary>Folds a key's facts into <see cref="ApiKeyView"/>.</summary>
public static class ApiKeyViewProjection
{
    public static View<ApiKeyView> View { get; } = new(
        "ApiKeyView",
        1,
        StoredJson.Default.ApiKeyView,
        [
            new("name", ViewColumnType.Text, IsIndexed: false, row => row.Name),
            new("role", ViewColumnType.Text, IsIndexed: false, row => row.Role.ToString()),
            new("status", ViewColumnType.Text, IsIndexed: true, row => row.Status.ToString()),
            new("issued_at", ViewColumnType.Instant, IsIndexed: false, row => row.IssuedAt),
        ],
        new ViewFold<ApiKeyView, ApiKeyEvent>(fact => fact.KeyId.ToString(), Project));

    public static ApiKeyView? Project(ApiKeyView? row, Recorded<ApiKeyEvent> recorded) =>
        (row, recorded.Fact) switch
        {
            (null, ApiKeyIssued e) => new(
                e.KeyId, e.Name, e.Role, ApiKeyStatus.Active, e.Cameras, e.Addresses, e.At, e.ExpiresAt, e.SecretHash,
                null, null, null, 0, null, recorded.Version, e.CallsPerSecondMax, e.Scopes),
            (null, _) => null,
            ({ Version: var seen }, _) when recorded.Version <= seen => row,
            ({ }, { } fact) => Changed(row, fact) with { Version = recorded.Version },
        };

    private static ApiKeyView Changed(ApiKeyView row, ApiKeyEvent fact) =>
        fact switch
        {
            ApiKeyRotated e => row with { SecretHash = e.SecretHash, OldSecretHash = row.SecretHash, OldUntil = e.OldUntil },
            ApiKeyNarrowed e => row with
            {
                Role = e.Role,
                Cameras = e.Cameras,
                Addresses = e.Addresses,
                ExpiresAt = e.ExpiresAt,
                CallsPerSecondMax = e.CallsPerSecondMax,
                Scopes = e.Scopes,
            },
            ApiKeySuspended e => row with { Status = ApiKeyStatus.Suspended, EndedFor = e.Reason },
            ApiKeyResumed => row with { Status = ApiKeyStatus.Active, EndedFor = null },
            ApiKeyRevoked e => row with { Status = ApiKeyStatus.Revoked, EndedFor = e.Reason },
            ApiKeyExpired => row with { Status = ApiKeyStatus.Expired },
            ApiKeyUsed e => row with
            {
                UseCount = row.UseCount + e.Count,
                LastUsedAt = row.LastUsedAt > e.LastAt ? row.LastUsedAt : e.LastAt,
            },
            _ => row,
        };
}
