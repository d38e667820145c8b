using System.Text.Json.Serialization;
using Events.Host.Security;

namespace Events.Host.Control;

/// <summary>What the command line asks of a running host, and what it is told.</summary>
internal sealed record CameraDraft(string Name, string Source);

internal sealed record NewName(string Name);

internal sealed record NewSource(string Source);

internal sealed record Reason(string Text);

/// <param name="TtlSeconds">Null for the configured life.</param>
internal sealed record TokenWish(string Role, string User, long? TtlSeconds = null);

internal sealed record IssuedToken(string Token, DateTimeOffset ExpiresAt);

internal sealed record DatabaseUrl(string Url);

/// <param name="Source">Without credentials; asterisks stand where there are some.</param>
internal sealed record CameraRow(
    string Camera, string Id, string Name, string Source, string Status, string? Resolution = null, double? Fps = null,
    string? Trouble = null);

internal sealed record RecordingRow(
    string Name,
    string Id,
    string Camera,
    string Status,
    double Seconds,
    long Bytes,
    long Frames,
    int Segments,
    DateTimeOffset? StartedAt = null,
    DateTimeOffset? EndedAt = null,
    string? Trouble = null,
    string? HeldFor = null,
    bool IsEncrypted = false,
    DateTimeOffset? ShreddedAt = null);

/// <param name="At">When the picture was taken, or failed.</param>
internal sealed record SnapshotRow(
    string Name,
    string Id,
    string Camera,
    string Status,
    long Bytes,
    DateTimeOffset At,
    bool IsEncrypted = false,
    DateTimeOffset? ShreddedAt = null);

/// <param name="MaxAgeDays">Null for no limit.</param>
/// <param name="MaxSizeGb">In GB of 2^30 bytes; null for no limit.</param>
internal sealed record PolicyWish(string Type, bool IsEnabled, int? MaxAgeDays = null, double? MaxSizeGb = null);

/// <param name="Policy">Its type, or <c>none</c> until one was set.</param>
/// <param name="Cleanups">The newest first.</param>
internal sealed record RetentionRow(
    string Policy,
    bool IsEnabled,
    string Storage,
    double UsedPercent,
    long TotalBytes,
    long AvailableBytes,
    long RecordingsBytes,
    long SnapshotsBytes,
    long HeldBytes,
    IReadOnlyList<CleanupRow> Cleanups,
    int? MaxAgeDays = null,
    double? MaxSizeGb = null,
    DateTimeOffset? PolicySetAt = null,
    DateTimeOffset? StorageSince = null);

internal sealed record CleanupRow(
    string Id, string Trigger, int Recordings, int Snapshots, long BytesFreed, bool IsComplete, DateTimeOffset At);

/// <param name="Cameras">As people name them; null for all.</param>
/// <param name="ExpiresAt">Null for never.</param>
internal sealed record KeyWish(
    string Role,
    string Name,
    IReadOnlyList<string>? Cameras = null,
    IReadOnlyList<string>? Addresses = null,
    DateTimeOffset? ExpiresAt = null,
    int? CallsPerSecond = null,
    IReadOnlyList<string>? Scopes = null);

/// <param name="OverlapSeconds">How long the secret that is replaced stays good.</param>
internal sealed record KeyRotation(int OverlapSeconds);

/// <param name="LastUsedAt">Of any key; null before the first time.</param>
internal sealed record KeyStats(
    int Total,
    IReadOnlyDictionary<string, int> ByStatus,
    IReadOnlyDictionary<string, int> ByRole,
    long UseCount,
    DateTimeOffset? LastUsedAt);

/// <param name="IsDryRun">Whether nothing is to be done.</param>
internal sealed record KeyCleanup(bool IsDryRun);

/// <param name="Role">Null to leave it as it is; so for all of them.</param>
internal sealed record KeyNarrowing(
    string? Role = null,
    IReadOnlyList<string>? Cameras = null,
    IReadOnlyList<string>? Addresses = null,
    DateTimeOffset? ExpiresAt = null,
    int? CallsPerSecond = null,
    IReadOnlyList<string>? Scopes = null);

/// <param name="Secret">Shown this once.</param>
internal sealed record IssuedKey(string Id, string Secret);

/// <param name="Status">active, suspended, revoked or expired.</param>
/// <param name="Cameras">Wire names; null for all.</param>
/// <param name="Addresses">Null for any.</param>
/// <param name="CallsPerSecond">Null for what every account may.</param>
/// <param name="Scopes">Null for all rights of the role.</param>
internal sealed record KeyRow(
    string Id,
    string Name,
    string Role,
    string Status,
    DateTimeOffset IssuedAt,
    long UseCount,
    IReadOnlyList<string>? Cameras = null,
    IReadOnlyList<string>? Addresses = null,
    DateTimeOffset? ExpiresAt = null,
    DateTimeOffset? LastUsedAt = null,
    string? Reason = null,
    int? CallsPerSecond = null,
    IReadOnlyList<string>? Scopes = null);

/// <param name="Password">Null for one that is made up, and is to be changed.</param>
/// <param name="Cameras">As people name them; null for all.</param>
internal sealed record UserDraft(
    string Name, string Role, string? Password = null, IReadOnlyList<string>? Cameras = null);

/// <param name="Password">Null for one that is made up, and is to be changed.</param>
internal sealed record NewPassword(string? Password = null);

internal sealed record NewRole(string Role);

/// <param name="Cameras">As people name them; null for all.</param>
internal sealed record NewCameras(IReadOnlyList<string>? Cameras = null);

/// <param name="Password">Of one that was made up; null when it was given.</param>
internal sealed record UserMade(UserRow User, string? Password = null);

/// <param name="Account">Under which the user's acts stay in the log.</param>
/// <param name="Position">Of the fact that says so.</param>
internal sealed record UserGone(string Account, long Position);

/// <param name="Status">active, locked or disabled.</param>
/// <param name="Cameras">Wire names; null for all.</param>
internal sealed record UserRow(
    string Name,
    string Role,
    string Status,
    bool MustChangePassword,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LockedUntil = null,
    string? Reason = null,
    bool HasSecondFactor = false,
    IReadOnlyList<string>? Cameras = null);

/// <summary>For what is asked by its address alone.</summary>
internal sealed record NothingMore;

internal sealed record StatusReport(
    string Status,
    string Version,
    string Uptime,
    string Installation,
    string WebSocket,
    string Health,
    string Data,
    long LogPosition,
    IReadOnlyList<StatusLine> Components);

internal sealed record StatusLine(string Name, string Status, string Message);

/// <param name="Code">Stable and dotted.</param>
internal sealed record ControlProblem(string Code, string Message);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(CameraDraft))]
[JsonSerializable(typeof(NewName))]
[JsonSerializable(typeof(NewSource))]
[JsonSerializable(typeof(Reason))]
[JsonSerializable(typeof(TokenWish))]
[JsonSerializable(typeof(IssuedToken))]
[JsonSerializable(typeof(DatabaseUrl))]
[JsonSerializable(typeof(CameraRow))]
[JsonSerializable(typeof(IReadOnlyList<CameraRow>))]
[JsonSerializable(typeof(IReadOnlyList<RecordingRow>))]
[JsonSerializable(typeof(RecordingRow))]
[JsonSerializable(typeof(SnapshotRow))]
[JsonSerializable(typeof(PolicyWish))]
[JsonSerializable(typeof(RetentionRow))]
[JsonSerializable(typeof(CleanupRow))]
[JsonSerializable(typeof(NothingMore))]
[JsonSerializable(typeof(SecretsRotated))]
[JsonSerializable(typeof(UserDraft))]
[JsonSerializable(typeof(NewPassword))]
[JsonSerializable(typeof(NewRole))]
[JsonSerializable(typeof(NewCameras))]
[JsonSerializable(typeof(UserMade))]
[JsonSerializable(typeof(UserGone))]
[JsonSerializable(typeof(UserRow))]
[JsonSerializable(typeof(IReadOnlyList<UserRow>))]
[JsonSerializable(typeof(KeyWish))]
[JsonSerializable(typeof(KeyRotation))]
[JsonSerializable(typeof(KeyCleanup))]
[JsonSerializable(typeof(KeyStats))]
[JsonSerializable(typeof(KeyNarrowing))]
[JsonSerializable(typeof(IssuedKey))]
[JsonSerializable(typeof(KeyRow))]
[JsonSerializable(typeof(IReadOnlyList<KeyRow>))]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(ControlProblem))]
[JsonSerializable(typeof(RunningHost))]
internal sealed partial class ControlJson : JsonSerializerContext;

/// <summary>How the command line reaches a running host; a file in the data folder that only its owner can read.</summary>
/// <param name="Token">Made anew at every start.</param>
internal sealed record RunningHost(string Url, string Token, int ProcessId);
