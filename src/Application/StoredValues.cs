using System.Text.Json;
using System.Text.Json.Serialization;
using Events.Domain.Kernel;

namespace Events.Application;

// How the domain's values stand in the log: identities as text, numbers as numbers, addresses as text.
internal sealed class CameraIdJson : JsonConverter<CameraId>
{
    public override CameraId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetGuid());

    public override void Write(Utf8JsonWriter writer, CameraId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

internal sealed class RecordingIdJson : JsonConverter<RecordingId>
{
    public override RecordingId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetGuid());

    public override void Write(Utf8JsonWriter writer, RecordingId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

internal sealed class SnapshotIdJson : JsonConverter<SnapshotId>
{
    public override SnapshotId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetGuid());

    public override void Write(Utf8JsonWriter writer, SnapshotId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

internal sealed class CleanupIdJson : JsonConverter<CleanupId>
{
    public override CleanupId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetGuid());

    public override void Write(Utf8JsonWriter writer, CleanupId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

internal sealed class CameraNumberJson : JsonConverter<CameraNumber>
{
    public override CameraNumber Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetInt32());

    public override void Write(Utf8JsonWriter writer, CameraNumber value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Value);
}

internal sealed class SourceUrlJson : JsonConverter<SourceUrl>
{
    public override SourceUrl Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SourceUrl.TryParse(reader.GetString() ?? string.Empty)
        ?? throw new JsonException("A source address in the log is not one that this program knows.");

    public override void Write(Utf8JsonWriter writer, SourceUrl value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

internal sealed class CameraModesJson : JsonConverter<CameraModes>
{
    public override CameraModes Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        CameraModes.TryParse(reader.GetString() ?? string.Empty)
        ?? throw new JsonException("A camera's modes in the log are not in the form that this program knows.");

    public override void Write(Utf8JsonWriter writer, CameraModes value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Text);
}

internal sealed class ApiKeyIdJson : JsonConverter<ApiKeyId>
{
    public override ApiKeyId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetGuid());

    public override void Write(Utf8JsonWriter writer, ApiKeyId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

internal sealed class CameraListJson : JsonConverter<CameraList>
{
    public override CameraList Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        CameraList.TryParse(reader.GetString() ?? string.Empty)
        ?? throw new JsonException("A list of cameras in the log is not in the form that this program knows.");

    public override void Write(Utf8JsonWriter writer, CameraList value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Text);
}

internal sealed class ScopeListJson : JsonConverter<ScopeList>
{
    public override ScopeList Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ScopeList.TryParse(reader.GetString() ?? string.Empty)
        ?? throw new JsonException("A list of scopes in the log is not in the form that this program knows.");

    public override void Write(Utf8JsonWriter writer, ScopeList value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Text);
}

internal sealed class UserNameJson : JsonConverter<UserName>
{
    public override UserName Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? string.Empty);

    public override void Write(Utf8JsonWriter writer, UserName value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

internal sealed class SessionIdJson : JsonConverter<SessionId>
{
    public override SessionId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetGuid());

    public override void Write(Utf8JsonWriter writer, SessionId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

internal sealed class UserIdJson : JsonConverter<UserId>
{
    public override UserId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetGuid());

    public override void Write(Utf8JsonWriter writer, UserId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
