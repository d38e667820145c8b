namespace Events.JsonRpc;

/// <summary>
/// Runs one call. What it throws is logged and answered with -32603 without its text. It may use the call's parameters until
/// its task ends. It must honour the call's token; a handler that does not is left behind at the time limit.
/// </summary>
public delegate ValueTask<JsonRpcAnswer> JsonRpcHandler(JsonRpcCall call);

/// <summary>One row of the method table.</summary>
/// <param name="Name">As on the wire, compared byte for byte.</param>
/// <param name="Metadata">Whatever the gate needs to know, e.g. the role; null when nothing.</param>
public sealed record JsonRpcMethod(string Name, JsonRpcHandler Handler, object? Metadata = null);
