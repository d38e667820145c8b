using Events.Domain.Kernel;

namespace Events.Domain.ApiKeys;

public abstract record ApiKeyCommand(ApiKeyId KeyId);

/// <param name="SecretHash">SHA-256 of the secret, 64 hexadecimal digits. The secret itself goes to its owner alone.</param>
/// <param name="Limits">What the key is good for.</param>
public sealed record IssueApiKey(ApiKeyId KeyId, string Name, ApiKeyLimits Limits, string SecretHash) : ApiKeyCommand(KeyId);

/// <param name="OverlapS">In seconds: how long the secret that is replaced stays good.</param>
public sealed record RotateApiKey(ApiKeyId KeyId, string SecretHash, int OverlapS) : ApiKeyCommand(KeyId);

/// <param name="Limits">All of them anew, none wider than before.</param>
public sealed record NarrowApiKey(ApiKeyId KeyId, ApiKeyLimits Limits) : ApiKeyCommand(KeyId);

public sealed record SuspendApiKey(ApiKeyId KeyId, string Reason) : ApiKeyCommand(KeyId);

public sealed record ResumeApiKey(ApiKeyId KeyId) : ApiKeyCommand(KeyId);

public sealed record RevokeApiKey(ApiKeyId KeyId, string Reason) : ApiKeyCommand(KeyId);

/// <summary>Its time is over. Asked before that, nothing comes of it.</summary>
public sealed record ExpireApiKey(ApiKeyId KeyId) : ApiKeyCommand(KeyId);

/// <param name="Count">Logins and requests by one node in the period.</param>
public sealed record ReportApiKeyUse(ApiKeyId KeyId, string Node, long Count, DateTimeOffset From, DateTimeOffset To)
    : ApiKeyCommand(KeyId);

/// <summary>What can happen to a key. These shapes are stored for ever.</summary>
public abstract record ApiKeyEvent(ApiKeyId KeyId, DateTimeOffset At);

/// <param name="Cameras">Null for all.</param>
/// <param name="Addresses">Addresses and networks it may be used from, with spaces between; null for any.</param>
/// <param name="ExpiresAt">Null for never.</param>
/// <param name="CallsPerSecondMax">Of its own, below what every account may; null for none.</param>
/// <param name="Scopes">Rights of the role that it has; null for all.</param>
public sealed record ApiKeyIssued(
    ApiKeyId KeyId,
    string Name,
    Role Role,
    CameraList? Cameras,
    string? Addresses,
    DateTimeOffset? ExpiresAt,
    string SecretHash,
    DateTimeOffset At,
    int? CallsPerSecondMax = null,
    ScopeList? Scopes = null)
    : ApiKeyEvent(KeyId, At);

/// <param name="OldUntil">The secret that was replaced is good until then.</param>
public sealed record ApiKeyRotated(ApiKeyId KeyId, string SecretHash, DateTimeOffset OldUntil, DateTimeOffset At)
    : ApiKeyEvent(KeyId, At);

/// <inheritdoc cref="ApiKeyIssued"/>
public sealed record ApiKeyNarrowed(
    ApiKeyId KeyId,
    Role Role,
    CameraList? Cameras,
    string? Addresses,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset At,
    int? CallsPerSecondMax = null,
    ScopeList? Scopes = null)
    : ApiKeyEvent(KeyId, At);

public sealed record ApiKeySuspended(ApiKeyId KeyId, string Reason, DateTimeOffset At) : ApiKeyEvent(KeyId, At);

public sealed record ApiKeyResumed(ApiKeyId KeyId, DateTimeOffset At) : ApiKeyEvent(KeyId, At);

public sealed record ApiKeyRevoked(ApiKeyId KeyId, string Reason, DateTimeOffset At) : ApiKeyEvent(KeyId, At);

public sealed record ApiKeyExpired(ApiKeyId KeyId, DateTimeOffset At) : ApiKeyEvent(KeyId, At);

/// <param name="Node">Which host counted.</param>
/// <param name="FirstAt">Of the first use counted here.</param>
/// <param name="LastAt">Of the last one.</param>
public sealed record ApiKeyUsed(
    ApiKeyId KeyId, string Node, long Count, DateTimeOffset FirstAt, DateTimeOffset LastAt, DateTimeOffset At)
    : ApiKeyEvent(KeyId, At);

/// <summary>
/// A secret with which a program comes in: what it may, at which cameras, from where and until when. It can be made to do less,
/// never more; it is revoked for good.
/// </summary>
public abstract record ApiKey
{
    public static readonly Decider<ApiKey, ApiKeyCommand, ApiKeyEvent> Decider = new("api_key", new NotIssued(), Decide, Evolve);

    private static readonly IReadOnlyDictionary<string, DateTimeOffset> _noUses = new Dictionary<string, DateTimeOffset>();

    private ApiKey()
    {
    }

    public static Decision<ApiKeyEvent> Decide(ApiKey key, ApiKeyCommand command, DateTimeOffset now) =>
        (key, command) switch
        {
            (NotIssued, IssueApiKey c) => Issue(c, now),
            (Issued k, IssueApiKey c) when k.Is(c) => Decision<ApiKeyEvent>.Nothing,
            (_, IssueApiKey) => ApiKeyRefusals.AlreadyIssued,
            (NotIssued, _) => ApiKeyRefusals.NotFound,

            (_, ReportApiKeyUse c) => c.Count < 1 || c.To <= UsesOf(key).GetValueOrDefault(c.Node)
                ? Decision<ApiKeyEvent>.Nothing
                : new ApiKeyUsed(c.KeyId, c.Node, c.Count, c.From, c.To, now),

            (Ended, RevokeApiKey or ExpireApiKey) => Decision<ApiKeyEvent>.Nothing,
            (Ended, _) => ApiKeyRefusals.Ended,

            (Issued, RevokeApiKey { Reason: var reason }) when !OneLine.Is(reason, ApiKeyRefusals.ReasonLengthMax) =>
                ApiKeyRefusals.BadReason,
            (Issued, RevokeApiKey c) => new ApiKeyRevoked(c.KeyId, c.Reason, now),
            (Issued k, ExpireApiKey c) => k.Limits.ExpiresAt <= now
                ? new ApiKeyExpired(c.KeyId, now)
                : Decision<ApiKeyEvent>.Nothing,
            (Issued { Limits.ExpiresAt: { } end }, _) when end <= now => ApiKeyRefusals.Ended,

            (Issued { IsSuspended: true }, SuspendApiKey) => Decision<ApiKeyEvent>.Nothing,
            (Issued, SuspendApiKey { Reason: var reason }) when !OneLine.Is(reason, ApiKeyRefusals.ReasonLengthMax) =>
                ApiKeyRefusals.BadReason,
            (Issued, SuspendApiKey c) => new ApiKeySuspended(c.KeyId, c.Reason, now),
            (Issued { IsSuspended: false }, ResumeApiKey) => Decision<ApiKeyEvent>.Nothing,
            (Issued, ResumeApiKey c) => new ApiKeyResumed(c.KeyId, now),

            (Issued k, RotateApiKey c) when k.SecretHash == c.SecretHash => Decision<ApiKeyEvent>.Nothing,
            (Issued, RotateApiKey { OverlapS: < 0 or > ApiKeyRefusals.OverlapSMax }) => ApiKeyRefusals.BadOverlap,
            (Issued, RotateApiKey c) => new ApiKeyRotated(c.KeyId, c.SecretHash, now.AddSeconds(c.OverlapS), now),

            (Issued k, NarrowApiKey c) when k.Limits == c.Limits => Decision<ApiKeyEvent>.Nothing,
            (Issued, NarrowApiKey { Limits.HasRate: false }) => ApiKeyRefusals.BadRate,
            (Issued, NarrowApiKey { Limits.AreScopesOfRole: false }) => ApiKeyRefusals.BadScopes,
            (Issued k, NarrowApiKey c) => c.Limits.IsWithin(k.Limits)
                ? new ApiKeyNarrowed(
                    c.KeyId, c.Limits.Role, c.Limits.Cameras, c.Limits.Addresses, c.Limits.ExpiresAt, now,
                    c.Limits.CallsPerSecondMax, c.Limits.Scopes)
                : ApiKeyRefusals.Wider,

            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    public static ApiKey Evolve(ApiKey key, ApiKeyEvent fact) =>
        (key, fact) switch
        {
            (NotIssued, ApiKeyIssued e) => new Issued(
                e.Name,
                new ApiKeyLimits(e.Role, e.Cameras, e.Addresses, e.ExpiresAt, e.CallsPerSecondMax, e.Scopes),
                e.SecretHash,
                false,
                _noUses),
            (Issued k, ApiKeyRotated e) => k with { SecretHash = e.SecretHash },
            (Issued k, ApiKeyNarrowed e) => k with
            {
                Limits = new ApiKeyLimits(e.Role, e.Cameras, e.Addresses, e.ExpiresAt, e.CallsPerSecondMax, e.Scopes),
            },
            (Issued k, ApiKeySuspended) => k with { IsSuspended = true },
            (Issued k, ApiKeyResumed) => k with { IsSuspended = false },
            (Issued k, ApiKeyUsed e) => k with { UsedUntil = With(k.UsedUntil, e) },
            (Ended k, ApiKeyUsed e) => new Ended(With(k.UsedUntil, e)),
            (Issued k, ApiKeyRevoked or ApiKeyExpired) => new Ended(k.UsedUntil),
            _ => key,
        };

    private static Decision<ApiKeyEvent> Issue(IssueApiKey command, DateTimeOffset now) =>
        !OneLine.Is(command.Name, ApiKeyRefusals.NameLengthMax) ? ApiKeyRefusals.BadName
        : command.Limits.ExpiresAt <= now ? ApiKeyRefusals.BadExpiry
        : !command.Limits.HasRate ? ApiKeyRefusals.BadRate
        : !command.Limits.AreScopesOfRole ? ApiKeyRefusals.BadScopes
        : command.Limits is { Cameras: not null, Role: not (Role.Viewer or Role.Operator) } ? ApiKeyRefusals.CamerasOfWholeRole
        : new ApiKeyIssued(
            command.KeyId, command.Name, command.Limits.Role, command.Limits.Cameras, command.Limits.Addresses,
            command.Limits.ExpiresAt, command.SecretHash, now, command.Limits.CallsPerSecondMax, command.Limits.Scopes);

    private static IReadOnlyDictionary<string, DateTimeOffset> UsesOf(ApiKey key) =>
        key switch
        {
            Issued k => k.UsedUntil,
            Ended k => k.UsedUntil,
            _ => _noUses,
        };

    private static Dictionary<string, DateTimeOffset> With(IReadOnlyDictionary<string, DateTimeOffset> uses, ApiKeyUsed fact) =>
        new(uses, StringComparer.Ordinal) { [fact.Node] = fact.LastAt };

    public sealed record NotIssued : ApiKey;

    /// <param name="UsedUntil">By node, up to when its use was reported.</param>
    public sealed record Issued(
        string Name,
        ApiKeyLimits Limits,
        string SecretHash,
        bool IsSuspended,
        IReadOnlyDictionary<string, DateTimeOffset> UsedUntil)
        : ApiKey
    {
        internal bool Is(IssueApiKey command) =>
            (Name, Limits, SecretHash) == (command.Name, command.Limits, command.SecretHash);
    }

    /// <summary>Revoked or expired.</summary>
    public sealed record Ended(IReadOnlyDictionary<string, DateTimeOffset> UsedUntil) : ApiKey;
}

/// <summary>What a key is good for.</summary>
/// <param name="Cameras">Null for all.</param>
/// <param name="Addresses">Addresses and networks it may be used from, with spaces between; null for any.</param>
/// <param name="ExpiresAt">Null for never.</param>
/// <param name="CallsPerSecondMax">Calls and requests over all it has open, on each host; null for what any account may.</param>
/// <param name="Scopes">Rights of the role that it has; null for all.</param>
public sealed record ApiKeyLimits(
    Role Role,
    CameraList? Cameras,
    string? Addresses,
    DateTimeOffset? ExpiresAt,
    int? CallsPerSecondMax = null,
    ScopeList? Scopes = null)
{
    /// <summary>Whether it names only rights that the role has.</summary>
    public bool AreScopesOfRole => Scopes is null || Scopes.All.All(right => Policy.Allows(Role, right));

    /// <summary>Whether what is said of its calls is a rate.</summary>
    public bool HasRate => CallsPerSecondMax is null or (>= 1 and <= ApiKeyRefusals.CallsPerSecondMax);

    /// <summary>Whether nothing becomes possible that was not. Of addresses, only whole entries can be left out.</summary>
    public bool IsWithin(ApiKeyLimits other) =>
        Policy.Covers(other.Role, Role)
        && Enum.GetValues<Right>().All(right =>
            !Policy.Allows(Role, Scopes, right) || Policy.Allows(other.Role, other.Scopes, right))
        && (Cameras is null ? other.Cameras is null : Cameras.IsWithin(other.Cameras))
        && (Cameras is null || Role is Role.Viewer or Role.Operator)
        && (other.Addresses is null
            || (Addresses is not null && Addresses.Split(' ').All(other.Addresses.Split(' ').Contains)))
        && (other.ExpiresAt is null || ExpiresAt <= other.ExpiresAt)
        && (other.CallsPerSecondMax is null || CallsPerSecondMax <= other.CallsPerSecondMax);
}

public static class ApiKeyRefusals
{
    /// <summary>In characters.</summary>
    public const int NameLengthMax = 80;

    /// <summary>In characters. A sentence or two.</summary>
    public const int ReasonLengthMax = 500;

    /// <summary>In seconds: 30 days. Two secrets for longer is no change of secrets.</summary>
    public const int OverlapSMax = 30 * 86_400;

    /// <summary>More is no limit of its own: what one account may is the same.</summary>
    public const int CallsPerSecondMax = 100_000;

    public static readonly Refusal NotFound = new("api_key.not_found", "There is no such key.");

    public static readonly Refusal AlreadyIssued = new("api_key.already_issued", "A key with this id was issued already.");

    public static readonly Refusal Ended =
        new("api_key.ended", "The key was revoked or has expired. That cannot be undone; issue another one.");

    public static readonly Refusal BadName =
        new("api_key.bad_name", $"A name is one line of 1 to {NameLengthMax} characters.");

    public static readonly Refusal BadReason =
        new("api_key.bad_reason", $"A reason is one line of 1 to {ReasonLengthMax} characters.");

    public static readonly Refusal BadExpiry = new("api_key.bad_expiry", "A key expires in the future, or never.");

    public static readonly Refusal BadRate = new(
        "api_key.bad_rate", $"A key makes 1 to {CallsPerSecondMax} calls a second, or as many as any account.");

    public static readonly Refusal BadScopes = new(
        "api_key.bad_scopes",
        "Scopes are one or more rights that the role has, other than manage_access, which goes with a whole role.");

    public static readonly Refusal BadOverlap = new(
        "api_key.bad_overlap", $"The old secret stays good for 0 to {OverlapSMax} seconds.");

    public static readonly Refusal BadAddresses = new(
        "api_key.bad_addresses", "Addresses are like 10.0.0.5, 10.0.0.0/8 or fd00::/8, at most 32 of them.");

    public static readonly Refusal BadCameras = new(
        "api_key.bad_cameras", $"A list of cameras has 1 to {CameraList.CountMax} that are registered.");

    public static readonly Refusal CamerasOfWholeRole = new(
        "api_key.cameras_of_whole_role",
        "Only keys of viewers and operators can be for some cameras; admin and auditor are for the whole installation.");

    public static readonly Refusal Wider =
        new("api_key.wider", "A key can only be made to do less. Issue another one for more.");

    public static readonly Refusal TooMany =
        new("api_key.too_many", "There are as many keys as an installation can have. Use one that there is.");
}
