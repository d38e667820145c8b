using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Events.JsonRpc;

/// <summary>What a handler gives back: a result or an error (JSON-RPC 2.0, section 5). Instances may be reused.</summary>
public abstract class JsonRpcAnswer
{
    private protected JsonRpcAnswer()
    {
    }

    /// <summary>A result that is serialised when it is sent. A value that cannot be serialised becomes -32603.</summary>
    public static JsonRpcAnswer Result<T>(T value, JsonTypeInfo<T> type)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(type);
        return new Typed<T>(value, type);
    }

    /// <summary>A result that is JSON text already, UTF-8.</summary>
    /// <exception cref="ArgumentException">It is not one JSON value.</exception>
    public static JsonRpcAnswer Raw(ReadOnlyMemory<byte> utf8)
    {
        JsonText.RequireOneValue(utf8.Span, nameof(utf8));
        return new Text(utf8);
    }

    /// <summary>An error.</summary>
    public static JsonRpcAnswer Fail(JsonRpcError error) => new Failure(error);

    public static implicit operator JsonRpcAnswer(JsonRpcError error) => new Failure(error);

    /// <summary>Writes the member <c>result</c> or <c>error</c> with its value.</summary>
    internal abstract void Write(Utf8JsonWriter writer);

    private sealed class Typed<T>(T value, JsonTypeInfo<T> type) : JsonRpcAnswer
    {
        internal override void Write(Utf8JsonWriter writer)
        {
            writer.WritePropertyName("result"u8);
            JsonSerializer.Serialize(writer, value, type);
        }
    }

    private sealed class Text(ReadOnlyMemory<byte> utf8) : JsonRpcAnswer
    {
        internal override void Write(Utf8JsonWriter writer)
        {
            writer.WritePropertyName("result"u8);
            writer.WriteRawValue(utf8.Span, skipInputValidation: true);
        }
    }

    private sealed class Failure(JsonRpcError error) : JsonRpcAnswer
    {
        internal override void Write(Utf8JsonWriter writer) => error.Write(writer);
    }
}
