using System.Text.Json.Serialization;

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
    string? Trouble = null);

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
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(ControlProblem))]
[JsonSerializable(typeof(RunningHost))]
internal sealed partial class ControlJson : JsonSerializerContext;

/// <summary>How the command line reaches a running host; a file in the data folder that only its owner can read.</summary>
/// <param name="Token">Made anew at every start.</param>
internal sealed record RunningHost(string Url, string Token, int ProcessId);
