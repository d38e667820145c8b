using System.Text.Json;

namespace Events.JsonRpc;

/// <summary>One call, or one notification from a client, on its way to a handler.</summary>
public sealed class JsonRpcCall
{
    internal JsonRpcCall(JsonRpcConnection connection, JsonRpcMethod method, CancellationToken cancellation)
    {
        Connection = connection;
        Method = method;
        Cancellation = cancellation;
    }

    public JsonRpcConnection Connection { get; }

    public JsonRpcMethod Method { get; }

    /// <summary>
    /// The object <c>params</c>; <see cref="JsonValueKind.Undefined"/> when absent or null, and while the gate is asked.
    /// Valid until the handler's task ends. Of a name given twice, the last counts.
    /// </summary>
    public JsonElement Params { get; internal set; }

    /// <summary>True when the client wants no answer.</summary>
    public bool IsNotification { get; internal init; }

    /// <summary>Ends with the connection, with the time limit, or when the server stops and its grace is over.</summary>
    public CancellationToken Cancellation { get; }
}
