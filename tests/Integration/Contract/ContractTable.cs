using System.Text.Json;

namespace Events.Tests.Integration.Contract;

/// <summary>
/// One method as the contract has it, and one good call of it.
/// </summary>
/// <param name="Role">The least role; empty for a method that is open before login.</param>
/// <param name="Shape">Of its result, written from the contract.</param>
/// <param name="Params">Of a good call; a function of the stage, since some name a file that must be there.</param>
internal sealed record ContractRow(string Method, string Role, string Shape, Func<Stage, Task<object>> Params);

/// <summary>All 34 methods.</summary>
internal static class ContractTable
{
    public const string Unknown = "camera999";

    public static readonly string[] Roles = ["", "viewer", "operator", "admin"];

    private const string List = "{files: [File], total: count, limit: count, offset: count}";
    private const string Recording = "\"STARTING\"|\"STOPPING\"|\"PAUSED\"|\"ERROR\"|\"FAILED\"";
    private const string Format = "\"fmp4\"|\"mp4\"|\"mkv\"";

    public static IReadOnlyDictionary<string, string> Named { get; } = new Dictionary<string, string>
    {
        ["Camera"] =
            "{device: camera, status: \"CONNECTED\"|\"DISCONNECTED\"|\"ERROR\", name: text, resolution: size, fps: count, "
            + "streams: {rtsp: url, hls: url}}",
        ["File"] = "{filename: text, file_size: count, modified_time: instant, download_url: text}",
        ["External"] =
            "{url: url, type: \"skydio_stanag4609\"|\"generic_rtsp\", name: text, status: \"DISCOVERED\", "
            + "discovered_at: instant, last_seen: instant, capabilities: object}",
        ["State"] = "\"RUNNING\"|\"STOPPED\"|\"ERROR\"|\"STARTING\"|\"STOPPING\"",
    };

    public static IReadOnlyList<ContractRow> Rows { get; } =
    [
        new("ping", "", "\"pong\"", Nothing),
        new("authenticate", "",
            "{authenticated: true, role: \"viewer\"|\"operator\"|\"admin\"|\"auditor\", "
            + "permissions: [\"view\"|\"control\"|\"admin\"|\"audit\"], expires_at: instant, session_id: text}",
            async stage => new { auth_token = await stage.TokenAsync("viewer") }),
        new("get_camera_list", "viewer", "{cameras: [Camera], total: count, connected: count}", Nothing),
        new("get_camera_status", "viewer",
            "Camera + {metrics?: {bytes_sent: count, readers: count, uptime: count}, "
            + "capabilities?: {formats: [text], resolutions: [size]}}",
            Camera),
        new("get_camera_capabilities", "viewer",
            "{device: camera, formats: [text], resolutions: [size], fps_options: [positive], frame_rates: [text], "
            + "validation_status: \"NONE\"|\"DISCONNECTED\"|\"CONFIRMED\"}",
            Camera),
        new("take_snapshot", "operator",
            "{device: camera, filename: text, status: \"SUCCESS\"|\"FAILED\", timestamp: instant, file_size: count, "
            + "file_path: text}",
            Camera),
        new("start_recording", "operator",
            $"{{device: camera, filename: text, status: \"RECORDING\"|{Recording}, start_time: instant, format: {Format}}}",
            async stage =>
            {
                await stage.NotRecordingAsync();
                return new { device = Stage.Device, duration = 600, format = "fmp4" };
            }),
        new("stop_recording", "operator",
            $"{{device: camera, filename: text, status: \"STOPPED\"|{Recording}, start_time: instant, end_time: instant, "
            + $"duration: count, file_size: count, format: {Format}}}",
            async stage =>
            {
                await stage.RecordingAsync();
                return new { device = Stage.Device };
            }),
        new("list_recordings", "viewer", List, _ => Task.FromResult<object>(new { limit = 20, offset = 0 })),
        new("list_snapshots", "viewer", List, Nothing),
        new("get_recording_info", "viewer",
            "{filename: text, file_size: count, duration: count, created_time: instant, download_url: text}",
            async stage => new { filename = await stage.RecordedAsync() }),
        new("get_snapshot_info", "viewer", "{filename: text, file_size: count, created_time: instant, download_url: text}",
            async stage => new { filename = await stage.SnapshotAsync() }),
        new("delete_recording", "admin", "{filename: text, deleted: bool, message: text}",
            async stage => new { filename = await stage.RecordedAsync(isToGo: true) }),
        new("delete_snapshot", "admin", "{filename: text, deleted: bool, message: text}",
            async stage => new { filename = await stage.SnapshotAsync() }),
        new("start_streaming", "operator",
            "{device: camera, stream_name: text, stream_url: url, status: \"STARTED\"|\"FAILED\", start_time: instant, "
            + "auto_close_after: span, ffmpeg_command: text}",
            Camera),
        new("stop_streaming", "operator",
            "{device: camera, stream_name: text, status: \"STOPPED\"|\"FAILED\", start_time: instant, end_time: instant, "
            + "duration: count, stream_continues: bool, message?: text}",
            Streaming),
        new("get_stream_url", "viewer",
            "{device: camera, stream_name: text, stream_url: url, available: bool, active_consumers: count, "
            + "stream_status: \"READY\"|\"NOT_READY\"|\"ERROR\"}",
            Camera),
        new("get_stream_status", "viewer",
            "{device: camera, stream_name: text, status: \"ACTIVE\"|\"INACTIVE\"|\"ERROR\"|\"STARTING\"|\"STOPPING\", "
            + "ready: bool, ffmpeg_process: {running: bool, pid: count, uptime: count}, "
            + "mediamtx_path: {exists: bool, ready: bool, readers: count}, "
            + "metrics: {bytes_sent: count, frames_sent: count, bitrate: count, fps: count}, start_time: instant}",
            Streaming),
        new("get_streams", "viewer",
            "[{name: camera, source: text, ready: bool, readers: count, bytes_sent: count}]", Nothing),
        new("get_metrics", "admin",
            "{timestamp: instant, system_metrics: {cpu_usage: percent, memory_usage: percent, disk_usage: percent, "
            + "goroutines: count}, camera_metrics: {connected_cameras: count, cameras: {*: object}}, recording_metrics: object, "
            + "stream_metrics: {active_streams: count, total_streams: count, total_viewers: count}}",
            Nothing),
        new("get_status", "admin",
            "{status: \"HEALTHY\"|\"DEGRADED\"|\"UNHEALTHY\", uptime: number, version: text, components: "
            + "{websocket_server: State, camera_monitor: State, mediamtx: State}}",
            Nothing),
        new("get_system_status", "viewer",
            "{status: \"starting\"|\"partial\"|\"ready\", message: text, available_cameras: [camera], discovery_active: bool}",
            Nothing),
        new("get_server_info", "viewer",
            "{name: text, version: text, build_date: text, go_version: text, architecture: text, capabilities: [text], "
            + "supported_formats: [text], max_cameras: positive}",
            Nothing),
        new("get_storage_info", "admin",
            "{total_space: count, used_space: count, available_space: count, usage_percentage: percent, "
            + "recordings_size: count, snapshots_size: count, low_space_warning: bool}",
            Nothing),
        new("set_retention_policy", "admin",
            "{policy_type: \"age\"|\"size\"|\"manual\", max_age_days?: number, max_size_gb?: number, enabled: bool, message: text}",
            _ => Task.FromResult<object>(new { policy_type = "age", enabled = false, max_age_days = 30, max_size_gb = 100 })),
        new("cleanup_old_files", "admin",
            "{cleanup_executed: bool, files_deleted: count, space_freed: count, message: text}", Nothing),
        new("subscribe_events", "viewer", "{subscribed: true, topics: [text], filters?: object}",
            _ => Task.FromResult<object>(new { topics = new[] { "camera.connected" }, filters = new { device = "camera7" } })),
        new("unsubscribe_events", "viewer", "{unsubscribed: true, topics: [text]}", Nothing),
        new("get_subscription_stats", "viewer",
            "{global_stats: {total_subscriptions: count, active_clients: count, topic_counts: {*: count}}, "
            + "client_topics: [text], client_id: text}",
            Nothing),
        new("discover_external_streams", "operator",
            "{discovered_streams: [External], skydio_streams: [External], generic_streams: [External], "
            + "scan_timestamp: instant, total_found: count, discovery_options: {skydio_enabled: bool, generic_enabled: bool, "
            + "force_rescan: bool, include_offline: bool}, scan_duration: span, errors: [text]}",
            _ => Task.FromResult<object>(new { generic_enabled = true, force_rescan = true })),
        new("add_external_stream", "operator",
            "{stream_url: url, stream_name: text, stream_type: text, status: \"ADDED\"|\"ERROR\", timestamp: instant}",
            stage => Task.FromResult<object>(new { stream_url = stage.NewAddress(), stream_name = "Drone" })),
        new("remove_external_stream", "operator",
            "{stream_url: url, status: \"REMOVED\"|\"ERROR\", timestamp: instant}",
            async stage => new { stream_url = await stage.ExternalAsync() }),
        new("get_external_streams", "viewer",
            "{external_streams: [External], skydio_streams: [External], generic_streams: [External], total_count: count, "
            + "timestamp: instant}",
            Nothing),
        new("set_discovery_interval", "admin",
            "{scan_interval: count, status: \"UPDATED\"|\"ERROR\", message: text, timestamp: instant}",
            _ => Task.FromResult<object>(new { scan_interval = 0 })),
    ];

    public static ContractRow Of(string method) => Rows.Single(row => row.Method == method);

    public static IReadOnlyList<string> FaultsOf(string method, JsonElement result) =>
        Contract.Shape.Parse(Of(method).Shape, Named).FaultsOf(result);

    private static Task<object> Nothing(Stage stage) => Task.FromResult(new object());

    private static Task<object> Camera(Stage stage) => Task.FromResult<object>(new { device = Stage.Device });

    private static async Task<object> Streaming(Stage stage)
    {
        await stage.Admin.CallAsync("start_streaming", new { device = Stage.Device });
        return new { device = Stage.Device };
    }
}
