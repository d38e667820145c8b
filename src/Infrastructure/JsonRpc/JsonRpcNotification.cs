using System.Buffers;
using System.Text.Json;

namespace Events.JsonRpc;

/// <summary>A notification as text, encoded once and sent to any number of connections (JSON-RPC 2.0, section 4.1).</summary>
public sealed class JsonRpcNotification
{
    private JsonRpcNotification(string method, ReadOnlyMemory<byte> utf8)
    {
        Method = method;
        Utf8 = utf8;
    }

    public string Method { get; }

    /// <summary>The whole message.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; }

    /// <param name="utf8Params">A JSON object as text; empty leaves <c>params</c> out.</param>
    /// <exception cref="ArgumentException">The parameters are not one JSON value.</exception>
    public static JsonRpcNotification Encode(string method, ReadOnlySpan<byte> utf8Params)
    {
        if (!utf8Params.IsEmpty)
        {
            JsonText.RequireOneValue(utf8Params, nameof(utf8Params));
        }

        var text = new ArrayBufferWriter<byte>(utf8Params.Length + method.Length + 64);
        using (var writer = new Utf8JsonWriter(text, Workbench.Writing))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc"u8, "2.0"u8);
            writer.WriteString("method"u8, method);
            if (!utf8Params.IsEmpty)
            {
                writer.WritePropertyName("params"u8);
                writer.WriteRawValue(utf8Params, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return new JsonRpcNotification(method, text.WrittenMemory);
    }
}
