using System.Text.Json;
using System.Text.Json.Nodes;
using Events.Application;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Retention;
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
    private const int RateLimitedCode = -32040;
    private const int DependencyFailed = -32050;

    /// <param name="details">For people; null for none.</param>
    public static JsonRpcError NotLoggedIn(string reason, string? details = null)
    {
        var data = new JsonObject { ["reason"] = reason, ["suggestion"] = "Call authenticate with a valid token first." };
        if (details is not null)
        {
            data["details"] = details;
        }

        return new JsonRpcError(AuthenticationFailed, "Authentication failed or token expired", data);
    }

    /// <param name="wait">Until the next call will be let through.</param>
    public static JsonRpcError RateLimited(TimeSpan wait) => new(
        RateLimitedCode,
        "Rate limited",
        new JsonObject
        {
            ["reason"] = "rate_limited",
            ["retry_after_ms"] = Math.Max(1, (long)Math.Ceiling(wait.TotalMilliseconds)),
        });

    /// <summary>For methods that the legacy contract does not know: with a stable code, and words for people.</summary>
    /// <inheritdoc cref="RateLimited(TimeSpan)"/>
    public static JsonRpcError RateLimited(TimeSpan wait, string code, string details)
    {
        JsonRpcError error = RateLimited(wait);
        error.Data!["code"] = code;
        error.Data["details"] = details;
        return error;
    }

    public static JsonRpcError NotAllowed(Right required, AccessIdentity identity)
    {
        JsonObject data = new()
        {
            ["reason"] = "permission_denied",
            ["required_role"] = AccessTokens.NameOf(Policy.LeastOf(required)),
            ["have_role"] = AccessTokens.NameOf(identity.Role),
        };
        if (Policy.Allows(identity.Role, required) && !identity.May(required))
        {
            data["required_scope"] = ScopeNames.Of(required);
        }

        return new JsonRpcError(PermissionDenied, "Permission denied", data);
    }

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
            _ when refusal == CameraRefusals.NotRegistered || refusal == CameraRefusals.Retired
                || refusal == RecordingRefusals.CameraNotActive || refusal == SnapshotRefusals.CameraNotActive
                || refusal == BroadcastRefusals.CameraNotActive =>
                NotFound("camera", id),
            _ when refusal == ExternalStreamRefusals.NotFound => NotFound("stream", id),
            _ when refusal == RecordingRefusals.NotFound || refusal == RecordingRefusals.Deleted => NotFound("recording", id),
            _ when refusal == SnapshotRefusals.NotFound => NotFound("snapshot", id),
            _ when refusal == RecordingRefusals.AlreadyRunning =>
                WrongState("recording_in_progress", "RECORDING", "IDLE"),
            _ when refusal == RecordingRefusals.NotRunning => WrongState("not_recording", "IDLE", "RECORDING"),
            _ when refusal == RecordingRefusals.StillRunning => WrongState("recording_in_progress", "RECORDING", "STOPPED"),
            _ when refusal == RecordingRefusals.LegalHold => WrongState("legal_hold", "HELD", "RELEASED"),
            _ when refusal == RecordingRefusals.StorageCritical => StorageCritical(),
            _ when refusal == BroadcastRefusals.NotRunning => WrongState("not_streaming", "INACTIVE", "ACTIVE"),
            _ when refusal == BroadcastRefusals.CameraNotConnected => Dependency("camera", refusal.Message),
            _ when refusal == ExternalStreamRefusals.AlreadyAdded => WrongState("already_added", "ADDED", "REMOVED"),
            _ when refusal == ExternalStreamRefusals.SwitchedOff =>
                NotSupported("external_stream_discovery", "feature_disabled"),
            _ when refusal == ExternalStreamRefusals.NotOnNetwork || refusal == CameraRefusals.BadSource
                || refusal == CameraRefusals.SourceNotAllowed =>
                JsonRpcError.InvalidParams("stream_url", "pattern", refusal.Message),
            _ when refusal == CameraRefusals.BadName => JsonRpcError.InvalidParams("stream_name", "pattern", refusal.Message),
            _ when refusal == Discovery.BadInterval =>
                JsonRpcError.InvalidParams("scan_interval", "range", refusal.Message),
            _ when refusal == RecordingRefusals.BadDuration =>
                JsonRpcError.InvalidParams("duration", "range", "A whole number of seconds from 1 to 86400."),
            _ when refusal == SnapshotRefusals.BadFileName =>
                JsonRpcError.InvalidParams("filename", "pattern", refusal.Message),
            _ when refusal == RetentionRefusals.BadMaxAge => JsonRpcError.InvalidParams("max_age_days", "range", refusal.Message),
            _ when refusal == RetentionRefusals.NoMaxAge =>
                JsonRpcError.InvalidParams("max_age_days", "required", refusal.Message),
            _ when refusal == RetentionRefusals.BadMaxSize => JsonRpcError.InvalidParams("max_size_gb", "range", refusal.Message),
            _ when refusal == RetentionRefusals.NoMaxSize =>
                JsonRpcError.InvalidParams("max_size_gb", "required", refusal.Message),
            _ when refusal == CommandBus.TooMuchTraffic => WrongState("conflict", "CHANGING", "STABLE"),
            _ when refusal == CommandBus.NotAllowed => Denied(),
            _ => new JsonRpcError(InvalidState, "Invalid state", new JsonObject { ["reason"] = refusal.Code }),
        };
        error.Data!["details"] = refusal.Message;
        return error;
    }

    /// <summary>
    /// For methods that the legacy contract does not know: by the refusal's family, with its stable code, as GraphQL has it.
    /// </summary>
    /// <inheritdoc cref="Of"/>
    /// <param name="subjectGiven">Which parameter is wrong, where it is another one than usual; null where it is not.</param>
    public static JsonRpcError ByFamily(Refusal refusal, string id, string? subjectGiven = null)
    {
        RefusalRow row = RefusalTable.Of(refusal);
        string subject = JsonNamingPolicy.SnakeCaseLower.ConvertName(subjectGiven ?? row.Subject);
        JsonRpcError error = row.Family switch
        {
            RefusalFamily.NotFound => NotFound(subject, id),
            RefusalFamily.InvalidInput => JsonRpcError.InvalidParams(subject, "pattern", refusal.Message),
            RefusalFamily.Denied => Denied(),
            RefusalFamily.Conflict => new JsonRpcError(InvalidState, "Invalid state", new JsonObject { ["reason"] = "conflict" }),
            _ => new JsonRpcError(InvalidState, "Invalid state", new JsonObject { ["reason"] = "wrong_state" }),
        };
        error.Data!["code"] = refusal.Code;
        error.Data["details"] = refusal.Message;
        return error;
    }

    /// <summary>For whom the role allows it, but not of all cameras: there is no role to name.</summary>
    private static JsonRpcError Denied() =>
        new(PermissionDenied, "Permission denied", new JsonObject { ["reason"] = "permission_denied" });

    private static JsonRpcError StorageCritical()
    {
        JsonRpcError error = WrongState("storage_critical", "STORAGE_CRITICAL", "STORAGE_OK", "STORAGE_LOW");
        error.Data!["legacy_code"] = -1010;
        return error;
    }
}
