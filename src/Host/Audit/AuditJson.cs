using System.Text.Json.Serialization;
using Events.EventStore.Seals;

namespace Events.Host.Audit;

/// <summary>What an audit came to, for programs.</summary>
/// <param name="Verdict">proven, contradicted or undecided.</param>
/// <param name="Levels">What was looked at.</param>
/// <param name="Files">Files whose hash was compared with the facts.</param>
/// <param name="Range">Which facts were asked for, in words; null for all.</param>
internal sealed record AuditOutcome(
    string Verdict,
    IReadOnlyList<string> Levels,
    string? Origin,
    long ProvedPosition,
    long FactsSince,
    long Heads,
    long Tiles,
    long Facts,
    long Anchors,
    long Files,
    double Seconds,
    IReadOnlyList<AuditFindingRow> Findings,
    IReadOnlyList<string> NotChecked,
    IReadOnlyList<string> Notices,
    string? Undecided = null,
    string? Range = null);

internal sealed record AuditFindingRow(
    string Level,
    string What,
    string Message,
    long? Index = null,
    long? Position = null,
    string? Stream = null,
    long? Version = null,
    string? Expected = null,
    string? Found = null,
    AuditHead? Nearest = null);

/// <param name="Trouble">Why no head is signed; null if all is well, or no host runs.</param>
internal sealed record AuditStatusRow(
    bool IsHostRunning,
    string? Origin,
    long ProvedFacts,
    long ProvedPosition,
    long Newest,
    long FactsSince,
    IReadOnlyList<string> Keys,
    IReadOnlyList<AnchorStatus> Anchors,
    DateTimeOffset? SignedAt = null,
    string? Trouble = null);

/// <param name="What">missing, unreadable, locked (encrypted, and no key here opens it) or changed.</param>
internal sealed record ExportGap(string Path, string What);

/// <param name="Position">Of the fact that says so.</param>
/// <param name="Gaps">Files that were asked for, and are not in the bundle or not as their facts say; null for none.</param>
/// <param name="Contradicted">Positions of facts in the bundle that are not what was sealed; null for none.</param>
/// <param name="Notices">In words: what contradicts nothing and should be known; null for nothing.</param>
internal sealed record ExportRow(
    string File,
    string Scope,
    long Facts,
    long Hidden,
    long Media,
    long TreeSize,
    string ManifestSha256,
    long Position,
    IReadOnlyList<ExportGap>? Gaps = null,
    IReadOnlyList<long>? Contradicted = null,
    IReadOnlyList<string>? Notices = null);

internal sealed record BundleRow(
    string Verdict,
    string? Origin,
    long TreeSize,
    long Proven,
    long Withheld,
    long Media,
    IReadOnlyList<string> Contradictions,
    IReadOnlyList<string> NotChecked,
    string? Undecided = null,
    string? ManifestSha256 = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(LogPlace))]
[JsonSerializable(typeof(AuditOutcome))]
[JsonSerializable(typeof(AuditStatusRow))]
[JsonSerializable(typeof(ExportNote))]
[JsonSerializable(typeof(Noted))]
[JsonSerializable(typeof(RowChange))]
[JsonSerializable(typeof(TrailFound))]
[JsonSerializable(typeof(WitnessList))]
[JsonSerializable(typeof(HeadComparison))]
[JsonSerializable(typeof(Custody.CustodyRow))]
[JsonSerializable(typeof(SealFork))]
[JsonSerializable(typeof(SealKeys))]
[JsonSerializable(typeof(AdoptionWish))]
[JsonSerializable(typeof(AdoptedRow))]
[JsonSerializable(typeof(ExportRow))]
[JsonSerializable(typeof(BundleRow))]
internal sealed partial class AuditJson : JsonSerializerContext;
