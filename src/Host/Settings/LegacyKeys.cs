using System.Globalization;
using System.Text.RegularExpressions;

namespace Events.Host.Settings;

/// <summary>One key of the older service's configuration.</summary>
/// <param name="Old">With dots; a whole section ends in <c>.*</c>.</param>
/// <param name="New">Our key that it is read as; null when there is none.</param>
/// <param name="Why">For people, when there is none: what takes its place.</param>
/// <param name="Convert">From its text to ours; null for text that cannot be. Null when the text is the same.</param>
internal sealed record LegacyKey(string Old, string? New, string Why = "", Func<string, string?>? Convert = null)
{
    public const string EnvironmentPrefix = "CAMERA_SERVICE_";

    public bool IsSection => Old.EndsWith(".*", StringComparison.Ordinal);

    public string EnvironmentName =>
        EnvironmentPrefix + Old.Replace('.', '_').ToUpperInvariant();

    /// <summary>
    /// Whether only the older service's files have it: not what is our own key but for upper and lower case, nor just any key of
    /// a section that we have, too, which may be a slip of the pen in a file of ours.
    /// </summary>
    public bool TellsLegacyFile =>
        IsSection
            ? SettingsTable.All.All(one => !one.Section.Equals(Old[..^2], StringComparison.OrdinalIgnoreCase))
            : !Old.Equals(New, StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// Keys of the MediaMTX Camera Service, whose users bring their files and variables along. Those that mean something here are
/// read as ours; the others are named, with what takes their place.
/// </summary>
internal static partial class LegacyKeys
{
    private const string Embedded = "Cameras are taken in by the host itself; there is no MediaMTX to reach or to tune.";
    private const string Registered = "Cameras are registered, not searched for: events camera add.";
    private const string Footage = "Footage lies in Data.Folder, and pages are as clients ask for them.";
    private const string Policy = "Retention.Type and its limit say how long files stay, until a command sets the policy.";
    private const string Keys = "API keys are kept in the database, hashed.";
    private const string Http = "Only the origin of a page is checked.";
    private const string Fixed = "This is not a matter of configuration here.";

    public static IReadOnlyList<LegacyKey> All { get; } =
    [
        new("server.host", "Server.Host"),
        new("server.port", "Server.Port"),
        new("server.websocket_path", "Server.WebSocketPath"),
        new("server.max_connections", "Server.MaxConnections"),
        new("server.max_message_size", "Server.MaxMessageBytes"),
        new("server.ping_interval", "Server.PingInterval", Convert: Span(1, 3600)),
        new("server.pong_wait", "Server.PongWait", Convert: Span(60, 3600)),
        new("server.auto_close_after", "Live.AutoCloseAfter", Convert: Span(0, 30 * 86_400)),
        new("server.read_timeout", null, "An idle socket is never dropped while it answers pings."),
        new("server.write_timeout", null, "A reader that does not keep up is closed by fixed bounds."),
        new("server.*", null, Fixed),
        new("server_defaults.*", null, Fixed),
        new("mediamtx.rtsp_port", "Rtsp.Port"),
        new("mediamtx.recordings_path", null, Footage),
        new("mediamtx.snapshots_path", null, Footage),
        new("mediamtx.*", null, Embedded),
        new("camera.*", null, Registered),
        new("recording.segment_duration", "Recording.SegmentDurationS", Convert: Seconds(1, 3600)),
        new("recording.default_retention_days", null, Policy),
        new("recording.*", null, Footage),
        new("snapshots.*", null, "Snapshots are JPEGs of the camera's own size and are kept until they are deleted."),
        new("storage.warn_percent", "Storage.WarnPercent", Convert: Whole),
        new("storage.block_percent", "Storage.BlockPercent", Convert: Whole),
        new("storage.*", null, Footage),
        new("retention_policy.enabled", "Retention.Enabled"),
        new("retention_policy.type", "Retention.Type"),
        new("retention_policy.max_age_days", "Retention.MaxAgeDays", Convert: WholeUp),
        new("retention_policy.max_size_gb", "Retention.MaxSizeGb"),
        new("retention_policy.auto_cleanup", "Retention.AutoCleanup"),
        new("retention_policy.*", null, "Files are held against the policy by themselves, unless its type is manual."),
        new("security.jwt_secret_key", "Security.JwtSecretKey"),
        new("security.jwt_expiry_hours", "Security.TokenTtl", Convert: text => Whole(text) is { } hours ? $"{hours}h" : null),
        new("security.rate_limit_requests", "Security.RateLimitRequests"),
        new("security.rate_limit_window", "Security.RateLimitWindow", Convert: Span(1, 3600)),
        new("security.cors_origins", "Security.AllowedOrigins"),
        new("security.*", null, Http),
        new("http_health.host", "Health.Host"),
        new("http_health.port", "Health.Port"),
        new("http_health.*", null, "Health is always served, on its own port, at fixed addresses."),
        new("health_port", null, "The older service did not use it either. Health is served on Health.Port."),
        new("api_key_management.*", null, Keys),
        new("external_discovery.enabled", "Discovery.Enabled"),
        new("external_discovery.scan_interval", "Discovery.ScanIntervalS", Convert: Seconds(0, 2_592_000)),
        new("external_discovery.scan_timeout", "Discovery.ScanTimeoutS", Convert: Seconds(1, 25)),
        new("external_discovery.max_concurrent_scans", "Discovery.MaxConcurrentScans"),
        new("external_discovery.enable_startup_scan", "Discovery.StartupScan"),
        new("external_discovery.skydio.enabled", "Discovery.SkydioEnabled"),
        new("external_discovery.skydio.network_ranges", "Discovery.SkydioRanges"),
        new("external_discovery.skydio.eo_port", "Discovery.SkydioEoPort"),
        new("external_discovery.skydio.ir_port", "Discovery.SkydioIrPort"),
        new("external_discovery.skydio.eo_stream_path", "Discovery.SkydioEoPath"),
        new("external_discovery.skydio.ir_stream_path", "Discovery.SkydioIrPath"),
        new("external_discovery.skydio.*", null, "Write single addresses into Discovery.SkydioRanges."),
        new("external_discovery.generic_uav.enabled", "Discovery.GenericEnabled"),
        new("external_discovery.generic_uav.network_ranges", "Discovery.GenericRanges"),
        new("external_discovery.generic_uav.common_ports", "Discovery.GenericPorts"),
        new("external_discovery.generic_uav.stream_paths", "Discovery.GenericPaths"),
        new("external_discovery.generic_uav.*", null, "Write single addresses into Discovery.GenericRanges."),
        new("external_discovery.*", null, Fixed),
        new("logging.*", null, "The log goes to standard output; whoever runs the host keeps it."),
        new("ffmpeg.*", null, Fixed),
        new("notifications.*", null, Fixed),
        new("performance.*", null, Fixed),
    ];

    /// <summary>Any key of a section that we have, too, is theirs only where the section is spelled as they spell it.</summary>
    /// <returns>The key itself, or the nearest section that it lies in; null for a key of none.</returns>
    public static LegacyKey? Find(string key) =>
        All.FirstOrDefault(one => one.Old.Equals(key, StringComparison.OrdinalIgnoreCase))
        ?? All.Where(one => one.IsSection && key.StartsWith(
                one.Old[..^1], one.TellsLegacyFile ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal))
            .MaxBy(one => one.Old.Length);

    /// <param name="name">Of a variable, e.g. <c>CAMERA_SERVICE_SERVER_PORT</c>.</param>
    public static LegacyKey? FindVariable(string name) =>
        All.FirstOrDefault(one => one.EnvironmentName.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? All.Where(one => one.IsSection
                && name.StartsWith(one.EnvironmentName[..^1], StringComparison.OrdinalIgnoreCase))
            .MaxBy(one => one.Old.Length);

    /// <summary>A length of time: Go's <c>1m30s</c>, or a number of seconds, brought within what ours takes.</summary>
    private static Func<string, string?> Span(int min, int max) =>
        text => SecondsIn(text) is { } seconds
            ? string.Create(CultureInfo.InvariantCulture, $"{Math.Clamp(seconds, min, max)}s")
            : null;

    private static Func<string, string?> Seconds(int min, int max) =>
        text => SecondsIn(text) is { } seconds ? Math.Clamp(seconds, min, max).ToString(CultureInfo.InvariantCulture) : null;

    private static string? Whole(string text) => Rounded(text, Math.Round);

    /// <summary>For what is deleted by: never sooner than was said.</summary>
    private static string? WholeUp(string text) => Rounded(text, Math.Ceiling);

    private static string? Rounded(string text, Func<double, double> round) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number < 1e9
            ? ((long)round(number)).ToString(CultureInfo.InvariantCulture)
            : null;

    /// <returns>Rounded up to whole seconds; null for text that is no length of time.</returns>
    private static long? SecondsIn(string text)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double plain) && plain < 1e9)
        {
            return (long)Math.Ceiling(plain);
        }

        if (!GoDuration().IsMatch(text))
        {
            return null;
        }

        double seconds = 0;
        foreach (Match part in GoPart().Matches(text))
        {
            double unit = part.Groups[2].Value switch { "h" => 3600, "m" => 60, "s" => 1, "ms" => 0.001, _ => 0.000_001 };
            seconds += double.Parse(part.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * unit;
        }

        return seconds < 1e9 ? (long)Math.Ceiling(seconds) : null;
    }

    [GeneratedRegex(@"^([0-9]{1,9}(\.[0-9]{1,9})?(h|ms|m|s|us))+\z", RegexOptions.CultureInvariant)]
    private static partial Regex GoDuration();

    [GeneratedRegex(@"([0-9.]+)(h|ms|m|s|us)", RegexOptions.CultureInvariant)]
    private static partial Regex GoPart();
}
