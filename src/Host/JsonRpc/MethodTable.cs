using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;
using Events.Domain.Retention;
using Events.Host.Retention;
using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.JsonRpc;

/// <summary>What a parameter takes.</summary>
internal enum ParamKind
{
    /// <summary><c>camera0</c>, <c>camera1</c>, ...</summary>
    Camera,
    Text,
    FileName,
    StreamUrl,
    Integer,
    Number,
    Flag,
    Choice,
    Topics,
    Object,

    /// <summary>A UUID.</summary>
    Id,

    /// <summary>RFC 3339, with its offset.</summary>
    Instant,

    /// <summary>A list of cameras, by their names.</summary>
    Cameras,

    /// <summary>A list of addresses and networks.</summary>
    Addresses,

    /// <summary>A list of rights, by their names.</summary>
    Scopes,
}

/// <summary>One parameter of a method.</summary>
/// <param name="Default">What counts when an optional one is left out; empty for nothing.</param>
/// <param name="Max">Of a number; of a text, in characters; of a list, how many.</param>
internal sealed record ParamRow(
    string Name,
    ParamKind Kind,
    bool IsRequired = false,
    string Default = "",
    long Min = 0,
    long Max = 0,
    IReadOnlyList<string>? Choices = null);

/// <summary>One method, as its document tells it.</summary>
/// <param name="Right">What it needs; null for a method that is open before login.</param>
/// <param name="Result">A shape in the words that the page explains.</param>
/// <param name="Errors">Beside those that any method may answer with.</param>
internal sealed record MethodRow(
    string Name, Right? Right, string Meaning, IReadOnlyList<ParamRow> Params, string Result, IReadOnlyList<int> Errors);

/// <summary>
/// The legacy contract's methods, all of them. <c>docs/api/json-rpc.md</c> is made from this, and the host does not start with a
/// method that differs from its row.
/// </summary>
internal static class MethodTable
{
    private const int NotFound = -32010;
    private const int InvalidState = -32020;
    private const int Unsupported = -32030;
    private const int DependencyFailed = -32050;

    private static readonly ParamRow _device = new("device", ParamKind.Camera, IsRequired: true);
    private static readonly ParamRow _filename = new("filename", ParamKind.FileName, IsRequired: true, Max: 255);
    private static readonly ParamRow[] _page =
    [
        new("limit", ParamKind.Integer, Default: "50", Min: 1, Max: 1_000),
        new("offset", ParamKind.Integer, Default: "0", Max: int.MaxValue),
    ];

    private static readonly string _list = "{files: [File], total: count, limit: count, offset: count}";

    /// <summary>Shapes that several results share.</summary>
    public static IReadOnlyDictionary<string, string> Shapes { get; } = new Dictionary<string, string>
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

    public static IReadOnlyList<MethodRow> Rows { get; } =
    [
        new("ping", null, "Says that the server is there.", [], "\"pong\"", []),
        new("authenticate", null,
            "Logs this socket in, by an access token or the secret of a key (`csk_...`). Later calls carry none.",
            [new("auth_token", ParamKind.Text, IsRequired: true, Max: ExternalTokens.TokenLengthMax)],
            "{authenticated: true, role: \"viewer\"|\"operator\"|\"admin\"|\"auditor\", "
            + "permissions: [\"view\"|\"control\"|\"admin\"|\"audit\"], expires_at: instant, session_id: text}",
            []),
        new("get_camera_list", Right.SeePictures, "All cameras.", [], "{cameras: [Camera], total: count, connected: count}",
            [DependencyFailed]),
        new("get_camera_status", Right.SeePictures, "One camera, with what is measured and known of it.", [_device],
            "Camera + {metrics?: {bytes_sent: count, readers: count, uptime: count}, "
            + "capabilities?: {formats: [text], resolutions: [size]}}",
            [NotFound, DependencyFailed]),
        new("get_camera_capabilities", Right.SeePictures,
            "What a camera could send: by its driver for one on this machine, by what it sends for any other.", [_device],
            "{device: camera, formats: [text], resolutions: [size], fps_options: [positive], frame_rates: [text], "
            + "validation_status: \"NONE\"|\"DISCONNECTED\"|\"CONFIRMED\"}",
            [NotFound, DependencyFailed]),
        new("take_snapshot", Right.Control, "Keeps a picture of what the camera shows now.",
            [_device, new("filename", ParamKind.FileName, Max: 255)],
            "{device: camera, filename: text, status: \"SUCCESS\"|\"FAILED\", timestamp: instant, file_size: count, "
            + "file_path: text}",
            [NotFound, DependencyFailed]),
        new("start_recording", Right.Control,
            "Records until it is stopped, or for so many seconds. One per camera. The format is that of the "
            + "download; file_size counts what is on disk.",
            [
                _device,
                new("duration", ParamKind.Integer, Min: 1, Max: 86_400),
                new("format", ParamKind.Choice, Default: "fmp4", Choices: ["fmp4", "mp4", "mkv"]),
            ],
            "{device: camera, filename: text, status: \"RECORDING\"|\"STARTING\"|\"STOPPING\"|\"PAUSED\"|\"ERROR\"|\"FAILED\", "
            + "start_time: instant, format: \"fmp4\"|\"mp4\"|\"mkv\"}",
            [NotFound, InvalidState, DependencyFailed]),
        new("stop_recording", Right.Control, "Ends the camera's recording.", [_device],
            "{device: camera, filename: text, status: \"STOPPED\"|\"STARTING\"|\"STOPPING\"|\"PAUSED\"|\"ERROR\"|\"FAILED\", "
            + "start_time: instant, end_time: instant, duration: count, file_size: count, format: \"fmp4\"|\"mp4\"|\"mkv\"}",
            [NotFound, InvalidState, DependencyFailed]),
        new("list_recordings", Right.SeePictures, "Recordings, newest first.", _page, _list, [DependencyFailed]),
        new("list_snapshots", Right.SeePictures, "Snapshots, newest first.", _page, _list, [DependencyFailed]),
        new("get_recording_info", Right.SeePictures, "One recording; its name with or without an extension.", [_filename],
            "{filename: text, file_size: count, duration: count, created_time: instant, download_url: text}",
            [NotFound, DependencyFailed]),
        new("get_snapshot_info", Right.SeePictures, "One snapshot.", [_filename],
            "{filename: text, file_size: count, created_time: instant, download_url: text}", [NotFound, DependencyFailed]),
        new("delete_recording", Right.Administer, "Deletes a recording that has ended.", [_filename],
            "{filename: text, deleted: bool, message: text}", [NotFound, InvalidState, DependencyFailed]),
        new("delete_snapshot", Right.Administer, "Deletes a snapshot.", [_filename],
            "{filename: text, deleted: bool, message: text}", [NotFound, InvalidState, DependencyFailed]),
        new("start_streaming", Right.Control, "Starts the camera's live stream, or joins the one that runs.", [_device],
            "{device: camera, stream_name: text, stream_url: url, status: \"STARTED\"|\"FAILED\", start_time: instant, "
            + "auto_close_after: span, ffmpeg_command: text}",
            [NotFound, DependencyFailed]),
        new("stop_streaming", Right.Control, "Stops the live stream. Pictures go on for others who watch or record.", [_device],
            "{device: camera, stream_name: text, status: \"STOPPED\"|\"FAILED\", start_time: instant, end_time: instant, "
            + "duration: count, stream_continues: bool, message?: text}",
            [NotFound, InvalidState, DependencyFailed]),
        new("get_stream_url", Right.SeePictures, "Where the camera's live pictures are, started or not.", [_device],
            "{device: camera, stream_name: text, stream_url: url, available: bool, active_consumers: count, "
            + "stream_status: \"READY\"|\"NOT_READY\"|\"ERROR\"}",
            [NotFound, DependencyFailed]),
        new("get_stream_status", Right.SeePictures, "The live stream that was started; -32010 when none was.", [_device],
            "{device: camera, stream_name: text, status: \"ACTIVE\"|\"INACTIVE\"|\"ERROR\"|\"STARTING\"|\"STOPPING\", "
            + "ready: bool, ffmpeg_process: {running: bool, pid: count, uptime: count}, "
            + "mediamtx_path: {exists: bool, ready: bool, readers: count}, "
            + "metrics: {bytes_sent: count, frames_sent: count, bitrate: count, fps: count}, start_time: instant}",
            [NotFound, DependencyFailed]),
        new("get_streams", Right.SeePictures, "One stream per camera, named like it.", [],
            "[{name: camera, source: text, ready: bool, readers: count, bytes_sent: count}]", [DependencyFailed]),
        new("get_metrics", Right.ReadStatus, "How much of the machine is in use, and what for.", [],
            "{timestamp: instant, system_metrics: {cpu_usage: percent, memory_usage: percent, disk_usage: percent, "
            + "goroutines: count}, camera_metrics: {connected_cameras: count, cameras: {*: object}}, recording_metrics: object, "
            + "stream_metrics: {active_streams: count, total_streams: count, total_viewers: count}}",
            [DependencyFailed]),
        new("get_status", Right.ReadStatus, "How the system and its parts are.", [],
            "{status: \"HEALTHY\"|\"DEGRADED\"|\"UNHEALTHY\", uptime: number, version: text, components: "
            + "{websocket_server: State, camera_monitor: State, mediamtx: State}}",
            []),
        new("get_system_status", Right.ReadCatalogue, "How far a start has come. Answers at any time.", [],
            "{status: \"starting\"|\"partial\"|\"ready\", message: text, available_cameras: [camera], discovery_active: bool}",
            []),
        new("get_server_info", Right.ReadCatalogue, "What this server is.", [],
            "{name: text, version: text, build_date: text, go_version: text, architecture: text, capabilities: [text], "
            + "supported_formats: [text], max_cameras: positive}",
            []),
        new("get_storage_info", Right.ReadStatus, "How full the disk is.", [],
            "{total_space: count, used_space: count, available_space: count, usage_percentage: percent, "
            + "recordings_size: count, snapshots_size: count, low_space_warning: bool}",
            [DependencyFailed]),
        new("set_retention_policy", Right.Administer, "Sets what is deleted by itself, and when.",
            [
                new("policy_type", ParamKind.Choice, IsRequired: true, Choices: ["age", "size", "manual"]),
                new("enabled", ParamKind.Flag, IsRequired: true),
                new("max_age_days", ParamKind.Integer, Min: 1, Max: RetentionPolicy.MaxAgeDaysMax),
                new("max_size_gb", ParamKind.Number, Max: (long)RetentionWords.GigabytesMax),
            ],
            "{policy_type: \"age\"|\"size\"|\"manual\", max_age_days?: number, max_size_gb?: number, enabled: bool, "
            + "message: text}",
            [DependencyFailed]),
        new("cleanup_old_files", Right.Administer, "Deletes now what the policy would delete.", [],
            "{cleanup_executed: bool, files_deleted: count, space_freed: count, message: text}", [DependencyFailed]),
        new("subscribe_events", Right.SeePictures, "From now on tells this socket of these topics. Another call adds.",
            [new("topics", ParamKind.Topics, IsRequired: true), new("filters", ParamKind.Object)],
            "{subscribed: true, topics: [text], filters?: object}", []),
        new("unsubscribe_events", Right.SeePictures, "Stops telling of these topics, or of all.",
            [new("topics", ParamKind.Topics)], "{unsubscribed: true, topics: [text]}", []),
        new("get_subscription_stats", Right.SeePictures, "Who has asked for what.", [],
            "{global_stats: {total_subscriptions: count, active_clients: count, topic_counts: {*: count}}, "
            + "client_topics: [text], client_id: text}",
            []),
        new("discover_external_streams", Right.Control, "Looks for streams in the configured address ranges.",
            [
                new("skydio_enabled", ParamKind.Flag, Default: "true"),
                new("generic_enabled", ParamKind.Flag, Default: "false"),
                new("force_rescan", ParamKind.Flag, Default: "false"),
                new("include_offline", ParamKind.Flag, Default: "false"),
            ],
            "{discovered_streams: [External], skydio_streams: [External], generic_streams: [External], "
            + "scan_timestamp: instant, total_found: count, discovery_options: {skydio_enabled: bool, generic_enabled: bool, "
            + "force_rescan: bool, include_offline: bool}, scan_duration: span, errors: [text]}",
            [Unsupported]),
        new("add_external_stream", Right.Control, "Makes a stream on the network a camera.",
            [
                new("stream_url", ParamKind.StreamUrl, IsRequired: true, Max: SourceUrl.LengthMax),
                new("stream_name", ParamKind.Text, IsRequired: true, Max: Camera.NameLengthMax),
                new("stream_type", ParamKind.Choice, Default: "generic_rtsp", Choices: ["generic_rtsp", "skydio_stanag4609"]),
            ],
            "{stream_url: url, stream_name: text, stream_type: text, status: \"ADDED\"|\"ERROR\", timestamp: instant}",
            [InvalidState, Unsupported, DependencyFailed]),
        new("remove_external_stream", Right.Control, "Retires the camera that a stream was made.",
            [new("stream_url", ParamKind.StreamUrl, IsRequired: true, Max: SourceUrl.LengthMax)],
            "{stream_url: url, status: \"REMOVED\"|\"ERROR\", timestamp: instant}",
            [NotFound, Unsupported, DependencyFailed]),
        new("get_external_streams", Right.SeePictures, "Streams that were added, and those that were seen.", [],
            "{external_streams: [External], skydio_streams: [External], generic_streams: [External], total_count: count, "
            + "timestamp: instant}",
            [Unsupported, DependencyFailed]),
        new("set_discovery_interval", Right.Administer, "How often to look for streams; 0 when somebody asks.",
            [new("scan_interval", ParamKind.Integer, IsRequired: true, Max: Discovery.IntervalSecondsMax)],
            "{scan_interval: count, status: \"UPDATED\"|\"ERROR\", message: text, timestamp: instant}",
            [Unsupported, DependencyFailed]),
    ];

    /// <summary>Lets the host not start with a method that the table does not know, or knows with another right.</summary>
    /// <exception cref="InvalidOperationException">There is one.</exception>
    public static JsonRpcMethod Require(JsonRpcMethod method)
    {
        RowOf(method, Rows, nameof(MethodTable));
        return method;
    }

    /// <param name="table">What to name where there is no such row.</param>
    /// <exception cref="InvalidOperationException">There is none, or it has another right than the method.</exception>
    public static MethodRow RowOf(JsonRpcMethod method, IEnumerable<MethodRow> rows, string table)
    {
        MethodRow row = rows.FirstOrDefault(one => one.Name == method.Name)
            ?? throw new InvalidOperationException($"The method {method.Name} has no row in {table}.");
        return method.Metadata is MethodRule rule && rule.Right == row.Right
            ? row
            : throw new InvalidOperationException($"The method {method.Name} needs another right than in {table}.");
    }
}
