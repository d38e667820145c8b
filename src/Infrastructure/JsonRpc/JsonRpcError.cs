using System.Text.Json;
using System.Text.Json.Nodes;

namespace Events.JsonRpc;

/// <summary>An error object (JSON-RPC 2.0, section 5.1).</summary>
/// <param name="Data">Left out of the text when null. Not to be changed once given.</param>
public sealed record JsonRpcError(int Code, string Message, JsonObject? Data = null)
{
    public const int ParseErrorCode = -32700;
    public const int InvalidRequestCode = -32600;
    public const int MethodNotFoundCode = -32601;
    public const int InvalidParamsCode = -32602;
    public const int InternalErrorCode = -32603;

    /// <summary>For handlers: a parameter is missing or wrong.</summary>
    /// <param name="rule">The rule that was broken, in one word, e.g. <c>required</c>.</param>
    /// <param name="hint">What would be right, in words.</param>
    public static JsonRpcError InvalidParams(string param, string rule, string hint) => new(
        InvalidParamsCode,
        "Invalid parameters",
        new JsonObject { ["reason"] = "invalid_params", ["param"] = param, ["rule"] = rule, ["hint"] = hint });

    internal static readonly JsonRpcError Parse = new(
        ParseErrorCode, "Parse error", new JsonObject { ["reason"] = "parse_error" });

    internal static readonly JsonRpcError MethodNotFound = new(
        MethodNotFoundCode,
        "Method not found",
        new JsonObject { ["reason"] = "method_not_found", ["hint"] = "Names are exact, lower case." });

    internal static readonly JsonRpcError ParamsArray = InvalidParams(
        "params", "object", "Give the parameters by name, in an object.");

    internal static readonly JsonRpcError ParamsNotUnicode = InvalidParams(
        "params", "unicode", "A text holds half a surrogate pair. Send both halves, or none.");

    internal static JsonRpcError InvalidRequest(string hint) => new(
        InvalidRequestCode, "Invalid Request", new JsonObject { ["reason"] = "invalid_request", ["hint"] = hint });

    /// <param name="requestId">What the log line of the same failure carries.</param>
    internal static JsonRpcError Internal(string reason, string requestId) => new(
        InternalErrorCode,
        "Internal server error",
        new JsonObject { ["reason"] = reason, ["request_id"] = requestId });

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("error"u8);
        writer.WriteNumber("code"u8, Code);
        writer.WriteString("message"u8, Message);
        if (Data is not null)
        {
            writer.WritePropertyName("data"u8);
            Data.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
