using Events.Application.Contracts;

namespace Events.Media;

/// <summary>Settings of the embedded media engine.</summary>
public sealed record MediaOptions
{
    /// <summary>Where <c>recordings/</c> and <c>snapshots/</c> lie. Made when it is not there.</summary>
    public required string StorageFolder { get; init; }

    /// <summary>
    /// Names this installation. It is written into the storage folder's <c>.events-storage</c>; a folder that carries another
    /// one is refused at start.
    /// </summary>
    public required string InstallationId { get; init; }

    /// <summary>How long a file of a recording becomes before the next key frame begins another. Default 60 s.</summary>
    public TimeSpan SegmentDuration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A camera that shows no new picture for so long is given up and connected anew. Default 5 s.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a camera may take to its first picture. Default 20 s, for those with a key frame every 10 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the start of a recording waits for a key frame. Default 10 s.</summary>
    public TimeSpan FirstFrameTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause before the second attempt to connect; it doubles with each. Default 1 s.</summary>
    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between attempts to connect. Default 60 s.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Segments in an HLS play list. Default 6.</summary>
    public int HlsSegmentCount { get; init; } = 6;

    /// <summary>Shortest HLS segment; it is cut at the next key frame. Default 1 s.</summary>
    public TimeSpan HlsSegmentMin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What one camera's HLS segments may hold in memory, in bytes; the oldest go first. Default 16 MiB.</summary>
    public int HlsBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>Where sources may be. Asked before each connecting. Default: not at link-local addresses.</summary>
    public SourceGuard Sources { get; init; } = SourceGuard.Usual;

    /// <summary>Where the machine's video devices are, watched for what is plugged in. Default <c>/dev</c>.</summary>
    public string DeviceFolder { get; init; } = "/dev";

    /// <summary>A path, or a name that is looked up in <c>PATH</c>. Default <c>ffmpeg</c>.</summary>
    public string Ffmpeg { get; init; } = "ffmpeg";
}
