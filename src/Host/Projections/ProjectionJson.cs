using System.Text.Json.Serialization;
using Events.EventStore;

namespace Events.Host.Projections;

/// <param name="Reason">One line; it is stored with the fact that says so.</param>
internal sealed record ParkWish(long Position, bool IsParked, string Reason);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(ParkWish))]
[JsonSerializable(typeof(ViewComparison))]
[JsonSerializable(typeof(IReadOnlyList<ViewComparison>))]
[JsonSerializable(typeof(IReadOnlyList<ProjectionStatus>))]
internal sealed partial class ProjectionJson : JsonSerializerContext;
