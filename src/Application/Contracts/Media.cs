using Events.Domain.Kernel;

namespace Events.Application.Contracts;

/// <summary>
/// The media layer's door: cameras in, recordings and pictures out. Everything is by our ids and safe to repeat.
/// </summary>
public interface IMediaControl
{
    /// <summary>
    /// From now on take this camera in, connect again whenever it is lost, and report to <see cref="IMediaListener"/>. Asking
    /// again with the same target changes nothing; with another source it connects anew.
    /// </summary>
    Task WatchAsync(CameraTarget target, CancellationToken cancellationToken);

    /// <summary>Stops taking the camera in. Its running recording, if any, is closed as by <see cref="StopAsync"/>.</summary>
    Task ForgetAsync(CameraId cameraId, CancellationToken cancellationToken);

    /// <returns>Null for a camera that is not watched.</returns>
    CameraSignal? SignalOf(CameraId cameraId);

    /// <summary>
    /// Starts writing segments from the last key frame, or waits up to 10 s for the first one. Asking again for a running
    /// recording returns its first frame again.
    /// </summary>
    Task<MediaStart> StartAsync(RecordingTarget target, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a recording: closes its segment and returns once the listener has taken every segment. Harmless when it does not run.
    /// </summary>
    /// <returns>When the last frame on disk ends, UTC; null when it did not run here.</returns>
    Task<DateTimeOffset?> StopAsync(RecordingId recordingId, CancellationToken cancellationToken);

    /// <summary>Writes a JPEG of the camera's newest key frame under <c>snapshots/</c>.</summary>
    /// <param name="key">Null to write it as it is.</param>
    Task<MediaSnapshot> TakeSnapshotAsync(
        CameraId cameraId, string fileName, FootageKey? key, CancellationToken cancellationToken);

    /// <summary>Closes every segment and tells the listener; then stops every camera. For an orderly end.</summary>
    Task DrainAsync(CancellationToken cancellationToken);
}

/// <param name="Credentials">Null when the source needs none. Never logged.</param>
public sealed record CameraTarget(CameraId CameraId, CameraNumber Number, SourceUrl Source, SourceCredentials? Credentials);

/// <summary>What a camera asks before it shows pictures. Prints as dots.</summary>
/// <param name="UserName">Empty, as <paramref name="Password"/>, when the camera takes them in its address alone.</param>
/// <param name="Address">
/// What to connect to instead of the source, which shows it masked: an address whose parameters are credentials. Null when there
/// are none among them.
/// </param>
public sealed record SourceCredentials(string UserName, string Password, string? Address = null)
{
    /// <summary>Whether a user name or a password belongs before the address's host.</summary>
    public bool HasUserInfo => UserName.Length > 0 || Password.Length > 0;

    public override string ToString() => "•••";
}

/// <param name="Name">Folder below <c>recordings/</c>; the recording's file name without extension.</param>
/// <param name="NextSegment">Number of the first segment to write: 1, or one after the last committed one.</param>
/// <param name="Offset">Where the next segment stands on the recording's own time line: what has been committed so far.</param>
/// <param name="Key">With which its files are encrypted; null to write them as they are.</param>
public sealed record RecordingTarget(
    RecordingId RecordingId,
    CameraId CameraId,
    string Name,
    int NextSegment,
    TimeSpan Offset,
    FootageKey? Key = null);

/// <summary>How an attempt to start ended.</summary>
public abstract record MediaStart
{
    private MediaStart()
    {
    }

    /// <param name="FirstFrameAt">Arrival of the first key frame written, UTC, by this machine's clock.</param>
    public sealed record Running(DateTimeOffset FirstFrameAt) : MediaStart;

    /// <param name="Why">For people; carries no credentials.</param>
    public sealed record Unreachable(string Why) : MediaStart;
}

public abstract record MediaSnapshot
{
    private MediaSnapshot()
    {
    }

    /// <param name="Sha256">Lower-case hex of the picture's bytes.</param>
    /// <param name="CapturedAt">Arrival of the frame shown, UTC.</param>
    /// <param name="StoredSha256">Of the file as it lies on disk, encrypted; null when it is not.</param>
    public sealed record Taken(
        long SizeBytes, string Sha256, int Width, int Height, DateTimeOffset CapturedAt, string? StoredSha256 = null)
        : MediaSnapshot;

    /// <param name="Why">For people; carries no credentials and no path of this machine.</param>
    /// <param name="Dependency">What did not do its part: <c>camera</c>, <c>storage</c>, <c>ffmpeg</c>.</param>
    public sealed record Failed(string Why, string Dependency = "camera") : MediaSnapshot;
}

/// <summary>What is known of a camera's pictures at this moment.</summary>
/// <param name="LastFrameAt">UTC. Null before the first.</param>
/// <param name="Format">Null before the first frame.</param>
/// <param name="BitsPerSecond">Of the last few seconds; 0 while nothing comes.</param>
/// <param name="Process">What takes it in at this moment; null between two attempts.</param>
public sealed record CameraSignal(
    bool IsConnected,
    VideoFormat? Format,
    DateTimeOffset? LastFrameAt,
    long FramesIn,
    long BytesIn,
    RecordingId? Recording,
    long BitsPerSecond = 0,
    IngestProcess? Process = null);

/// <summary>The program that takes a camera in.</summary>
public sealed record IngestProcess(int Id, DateTimeOffset StartedAt);

/// <param name="Codec"><c>h264</c> or <c>h265</c>.</param>
/// <param name="FramesPerSecond">As announced or measured; 0 when unknown.</param>
/// <param name="Modes">What the source could send, too; null when nobody can say.</param>
public sealed record VideoFormat(string Codec, int Width, int Height, double FramesPerSecond, CameraModes? Modes = null);

/// <summary>
/// A finished file of a recording: an MP4 header and whole fragments, cut at key frames, synced to disk with its folder.
/// </summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="SizeBytes">Of the file, before it is encrypted, as all that follows but the last.</param>
/// <param name="HeaderBytes">Of the MP4 header at the file's start; what follows can be put behind the segment before.</param>
/// <param name="Sha256">Lower-case hex of the file's bytes.</param>
/// <param name="StartedAt">Arrival of the first frame, UTC.</param>
/// <param name="DurationMs">Of the pictures, by their own time stamps.</param>
/// <param name="StoredSha256">Of the file as it lies on disk, encrypted; null when it is not.</param>
public sealed record SegmentFile(
    int Number,
    long SizeBytes,
    long HeaderBytes,
    string Sha256,
    DateTimeOffset StartedAt,
    long DurationMs,
    int FrameCount,
    string? StoredSha256 = null);

/// <summary>
/// What the media layer has to tell. Calls come one at a time per camera and in order; each is repeated, with growing pauses,
/// until it returns, so a listener may throw while the log is away.
/// </summary>
public interface IMediaListener
{
    Task CameraConnectedAsync(CameraId cameraId, VideoFormat format, DateTimeOffset at, CancellationToken cancellationToken);

    /// <param name="why">For people; carries no credentials.</param>
    Task CameraDisconnectedAsync(CameraId cameraId, string why, DateTimeOffset at, CancellationToken cancellationToken);

    Task SegmentClosedAsync(RecordingId recordingId, SegmentFile segment, CancellationToken cancellationToken);

    /// <param name="why">
    /// A stable code: <c>camera_lost</c>, <c>storage_full</c>, <c>storage_failed</c>, <c>host_stopped</c>.
    /// </param>
    Task RecordingInterruptedAsync(RecordingId recordingId, string why, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Frames are being written again into a recording that was interrupted.</summary>
    Task RecordingResumedAsync(RecordingId recordingId, DateTimeOffset firstFrameAt, CancellationToken cancellationToken);
}

/// <summary>The files of recordings and snapshots, below one storage folder.</summary>
public interface IFootage
{
    /// <summary>
    /// Looks for files of a recording that the log does not know: cuts each at its last whole fragment, syncs it, and describes
    /// it. A file without one whole fragment is removed; one that is encrypted and does not open is left alone.
    /// </summary>
    /// <param name="committed">Numbers of the segments that the log knows.</param>
    /// <param name="missing">Receives the numbers of known segments whose file is not there or is too short.</param>
    /// <param name="key">Null when the recording has none.</param>
    Task<IReadOnlyList<SegmentFile>> RecoverAsync(
        string name,
        IReadOnlyCollection<int> committed,
        ICollection<int> missing,
        FootageKey? key,
        CancellationToken cancellationToken);

    /// <returns>Names of all recordings' folders on disk.</returns>
    IReadOnlyList<string> ListRecordings();

    /// <returns>Names of all snapshot files on disk.</returns>
    IReadOnlyList<string> ListSnapshots();

    /// <summary>
    /// A recording as one file. MP4 is the first segment whole, then the others without their headers; Matroska, and MP4 of a
    /// camera whose format changed, are made of them while they are read.
    /// </summary>
    /// <param name="key">Needed when one of the segments is encrypted.</param>
    /// <returns>A seekable stream of clear bytes; null when a file is not there.</returns>
    /// <exception cref="FootageUnreadableException">
    /// A file is there and is not what it should be; also from the stream, at the first bytes that are not.
    /// </exception>
    Stream? OpenRecording(
        string name, IReadOnlyList<SegmentSpan> segments, Container container, FootageKey? key = null);

    /// <param name="key">Null for one that is not encrypted.</param>
    /// <returns>A seekable stream of clear bytes; null when the file is not there.</returns>
    /// <exception cref="FootageUnreadableException">
    /// It is there and is not what it should be; also from the stream, at the first bytes that are not.
    /// </exception>
    Stream? OpenSnapshot(string fileName, FootageKey? key = null);

    /// <summary>Removes a recording's folder and syncs its parent. Harmless when it is gone.</summary>
    /// <exception cref="IOException">The disk refuses, or the storage folder is not there.</exception>
    Task DeleteRecordingAsync(string name, CancellationToken cancellationToken);

    /// <summary>Removes a snapshot and syncs its folder. Harmless when it is gone.</summary>
    /// <exception cref="IOException">The disk refuses, or the storage folder is not there.</exception>
    Task DeleteSnapshotAsync(string fileName, CancellationToken cancellationToken);

    /// <exception cref="DependencyUnavailableException">The storage folder is not there.</exception>
    StorageUsage Usage();
}

/// <summary>A kind of media file.</summary>
public enum Container
{
    /// <summary>Fragmented MP4, as recordings lie on disk.</summary>
    Mp4,
    Matroska,
}

/// <summary>Where one segment's bytes are.</summary>
/// <param name="SizeBytes">In clear bytes, as <paramref name="HeaderBytes"/>.</param>
/// <param name="IsEncrypted">By the log, so that no clear file is taken in its place.</param>
public sealed record SegmentSpan(int Number, long SizeBytes, long HeaderBytes, bool IsEncrypted = false);

/// <summary>Of the file system that holds the storage folder, in bytes.</summary>
/// <param name="TotalBytes">Used and available together; what is reserved for others is in neither.</param>
public sealed record StorageUsage(long TotalBytes, long AvailableBytes)
{
    public double UsedPercent => TotalBytes == 0 ? 100 : 100.0 * (TotalBytes - AvailableBytes) / TotalBytes;
}

/// <summary>Who watches a camera's live pictures at this moment.</summary>
public interface ILiveAudience
{
    int CountOf(CameraNumber number);
}

/// <summary>
/// Live pictures for viewers: fragmented MP4 as it comes, HTTP Live Streaming (RFC 8216) from memory, and the newest key frame as
/// a JPEG.
/// </summary>
public interface ILiveOutput
{
    /// <returns>
    /// A viewer that begins with the last key frame, or with the next one; null when the camera is not watched.
    /// </returns>
    ILiveViewer? Watch(CameraId cameraId);

    /// <returns>Whether a list of segments could be had without waiting.</returns>
    bool HasHls(CameraId cameraId);

    /// <summary>
    /// The list of segments. Waits for the first segment of a camera that is there: players give up on an error. Who asks counts
    /// as a viewer for a minute.
    /// </summary>
    /// <param name="folder">Put before each address in the list, e.g. <c>camera0/</c>; may be empty.</param>
    /// <param name="query">Appended to each address in the list, e.g. <c>?sig=…</c>; may be empty.</param>
    /// <returns>
    /// An m3u8 text, with headers named <c>header-{generation}.mp4</c> and segments <c>segment-{sequence}.m4s</c>; null when the
    /// camera shows nothing, or no segment came within the time that a first frame may take.
    /// </returns>
    Task<string?> HlsPlaylistAsync(CameraId cameraId, string folder, string query, CancellationToken cancellationToken);

    /// <returns>The header for segments of that <paramref name="generation"/>; null when it is gone.</returns>
    ReadOnlyMemory<byte>? HlsHeaderOf(CameraId cameraId, int generation);

    /// <returns>Null when it is gone or not there yet.</returns>
    ReadOnlyMemory<byte>? HlsSegmentOf(CameraId cameraId, long sequence);

    /// <returns>A JPEG, at most one group of pictures old; null while there is nothing to show.</returns>
    Task<ReadOnlyMemory<byte>?> JpegOfAsync(CameraId cameraId, CancellationToken cancellationToken);
}
