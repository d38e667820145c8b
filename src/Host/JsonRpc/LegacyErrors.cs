using System.Text.Json.Nodes;
using Events.Application;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;
using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.JsonRpc;

/// <summary>The one table from our refusals and failures to the error codes of the legacy contract.</summary>
internal static class LegacyErrors
{
    private const int AuthenticationFailed = -32001;
    private const int PermissionDenied = -32002;
    private const int NotFoundCode = -32010;
    private const int InvalidState = -32020;
    private const int Unsupported = -32030;
    private const int DependencyFailed = -32050;

    public static JsonRpcError NotLoggedIn(string reason) => new(
        AuthenticationFailed,
        "Authentication failed or token expired",
        new JsonObject { ["reason"] = reason, ["suggestion"] = "Call authenticate with a valid token first." });

    public static JsonRpcError NotAllowed(Role required, Role have) => new(
        PermissionDenied,
        "Permission denied",
        new JsonObject
        {
            ["reason"] = "permission_denied",
            ["required_role"] = AccessTokens.NameOf(required),
            ["have_role"] = AccessTokens.NameOf(have),
        });

    public static JsonRpcError NotFound(string resource, string id) => new(
        NotFoundCode,
        "Resource not found",
        new JsonObject { ["reason"] = "not_found", ["resource"] = resource, ["id"] = id });

    /// <param name="state">What it is in now, upper case.</param>
    public static JsonRpcError WrongState(string reason, string state, params string[] allowed) => new(
        InvalidState,
        "Invalid state",
        new JsonObject
        {
            ["reason"] = reason,
            ["state"] = state,
            ["allowed_states"] = new JsonArray([.. allowed.Select(name => JsonValue.Create(name))]),
        });

    public static JsonRpcError NotSupported(string feature, string reason) => new(
        Unsupported, "Unsupported", new JsonObject { ["reason"] = reason, ["feature"] = feature });

    public static JsonRpcError Dependency(string dependency, string detail, string reason = "dependency_failed") => new(
        DependencyFailed,
        "Dependency failed",
        new JsonObject { ["reason"] = reason, ["dependency"] = dependency, ["detail"] = detail });

    /// <param name="id">What the caller named, for not-found answers.</param>
    public static JsonRpcError Of(Refusal refusal, string id)
    {
        JsonRpcError error = refusal switch
        {
            _ when RefusalTable.Of(refusal) is { Family: RefusalFamily.NotFound, Subject: var subject } => NotFound(subject, id),
            _ when refusal == RecordingRefusals.AlreadyRunning =>
                WrongState("recording_in_progress", "RECORDING", "IDLE"),
            _ when refusal == RecordingRefusals.NotRunning => WrongState("not_recording", "IDLE", "RECORDING"),
            _ when refusal == RecordingRefusals.StillRunning => WrongState("recording_in_progress", "RECORDING", "STOPPED"),
            _ when refusal == RecordingRefusals.StorageCritical => StorageCritical(),
            _ when refusal == RecordingRefusals.BadDuration =>
                JsonRpcError.InvalidParams("duration", "range", "A whole number of seconds from 1 to 86400."),
            _ when refusal == SnapshotRefusals.BadFileName =>
                JsonRpcError.InvalidParams("filename", "pattern", refusal.Message),
            _ when refusal == CommandBus.TooMuchTraffic => WrongState("conflict", "CHANGING", "STABLE"),
            _ => new JsonRpcError(InvalidState, "Invalid state", new JsonObject { ["reason"] = refusal.Code }),
        };
        error.Data!["details"] = refusal.Message;
        return error;
    }

    private static JsonRpcError StorageCritical()
    {
        JsonRpcError error = WrongState("storage_critical", "STORAGE_CRITICAL", "STORAGE_OK", "STORAGE_LOW");
        error.Data!["legacy_code"] = -1010;
        return error;
    }
}
