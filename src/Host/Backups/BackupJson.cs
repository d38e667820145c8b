using System.Text.Json.Serialization;

namespace Events.Host.Backups;

/// <summary>A file of the storage folder, as a fact describes it.</summary>
internal sealed record CatalogueLine(string Path, long SizeBytes, string Sha256);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(BackupRow))]
[JsonSerializable(typeof(RestoreRow))]
internal sealed partial class BackupJson : JsonSerializerContext;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CatalogueLine))]
[JsonSerializable(typeof(Dictionary<string, byte[]>))]
internal sealed partial class BackupLines : JsonSerializerContext;
