using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Recordings;

namespace Events.Application.Recordings;

/// <summary>One row per recording, as the list and the timeline show it.</summary>
/// <param name="Name">File name without extension.</param>
/// <param name="RequestedMs">The duration asked for; null for a recording that runs until it is stopped.</param>
/// <param name="StartedAt">First frame, UTC. Null until there is one.</param>
/// <param name="EndedAt">Null while it runs.</param>
/// <param name="FootageMs">Length of what is safe on disk.</param>
/// <param name="FileBytes">Size of the recording as one file: the first segment whole, the others without headers.</param>
/// <param name="Trouble">Why it failed or is interrupted; null otherwise.</param>
/// <param name="StoppedFor">Null unless <paramref name="Status"/> is Stopped or Deleted.</param>
/// <param name="HeldFor">The reason of its legal hold; null when there is none.</param>
/// <param name="Format">As what it is handed out.</param>
/// <param name="EncryptedCount">How many of its segments are encrypted on disk.</param>
/// <param name="ShreddedAt">When its key was destroyed, UTC; null when it was not.</param>
public sealed record RecordingView(
    RecordingId Id,
    CameraId CameraId,
    CameraNumber CameraNumber,
    string Name,
    RecordingStatus Status,
    long? RequestedMs,
    DateTimeOffset RequestedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    long FootageMs,
    long FileBytes,
    long FrameCount,
    int SegmentCount,
    string? Trouble,
    StopReason? StoppedFor,
    long Version,
    string? HeldFor = null,
    RecordingFormat Format = RecordingFormat.Fmp4,
    int EncryptedCount = 0,
    DateTimeOffset? ShreddedAt = null)
{
    /// <summary>When its time is up, UTC. Null when it is not timed or has not started.</summary>
    public DateTimeOffset? EndsAt => RequestedMs is { } ms ? StartedAt?.AddMilliseconds(ms) : null;

    public bool IsOpen => Status is RecordingStatus.Requested or RecordingStatus.Running or RecordingStatus.Interrupted;

    /// <summary>Whether all that there is of it is encrypted on disk.</summary>
    public bool IsEncrypted => SegmentCount > 0 && EncryptedCount == SegmentCount;

    /// <summary>Recordings that have not come to an end.</summary>
    public static ViewQuery Open { get; } = ViewQuery.Where("is_open", true);
}

/// <summary>How far a recording has come.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum RecordingStatus
{
    Requested = 1,
    Running = 2,
    Interrupted = 3,
    Stopped = 4,
    Failed = 5,
    Deleted = 6,
}

/// <summary>Folds a recording's facts into <see cref="RecordingView"/>.</summary>
public static class RecordingViewProjection
{
    public static View<RecordingView> View { get; } = new(
        "RecordingView",
        3,
        StoredJson.Default.RecordingView,
        [
            new("name", ViewColumnType.Text, IsIndexed: true, row => row.Name),
            new("camera_id", ViewColumnType.Text, IsIndexed: true, row => row.CameraId.ToString()),
            new("status", ViewColumnType.Text, IsIndexed: false, row => row.Status.ToString()),
            new("is_open", ViewColumnType.Flag, IsIndexed: true, row => row.IsOpen),
            new("has_footage", ViewColumnType.Flag, IsIndexed: false, HasFootage),
            new("is_held", ViewColumnType.Flag, IsIndexed: false, row => row.HeldFor is not null),
            new("requested_at", ViewColumnType.Instant, IsIndexed: true, row => row.RequestedAt),
        ],
        new ViewFold<RecordingView, RecordingEvent>(fact => fact.RecordingId.ToString(), Project));

    public static RecordingView? Project(RecordingView? row, Recorded<RecordingEvent> recorded) =>
        (row, recorded.Fact) switch
        {
            (null, RecordingRequested e) => new(
                e.RecordingId, e.CameraId, e.CameraNumber, e.Name, RecordingStatus.Requested, e.DurationMs, e.At,
                null, null, 0, 0, 0, 0, null, null, recorded.Version, null, e.Format ?? RecordingFormat.Fmp4),
            (null, _) => null,
            ({ Version: var seen }, _) when recorded.Version <= seen => row,
            ({ }, var fact) => Change(row, fact) with { Version = recorded.Version },
        };

    private static RecordingView Change(RecordingView row, RecordingEvent fact) =>
        fact switch
        {
            RecordingStarted e => row with { Status = RecordingStatus.Running, StartedAt = e.FirstFrameAt },
            RecordingSegmentCommitted e => row with
            {
                FootageMs = row.FootageMs + e.DurationMs,
                FileBytes = row.FileBytes + (row.SegmentCount == 0 ? e.SizeBytes : e.SizeBytes - e.HeaderBytes),
                FrameCount = row.FrameCount + e.FrameCount,
                SegmentCount = row.SegmentCount + 1,
                EncryptedCount = row.EncryptedCount + (e.StoredSha256 is null ? 0 : 1),
            },
            RecordingInterrupted e => row with { Status = RecordingStatus.Interrupted, Trouble = e.Why },
            RecordingRecovered => row with { Status = RecordingStatus.Running, Trouble = null },
            RecordingStopped e => row with
            {
                Status = RecordingStatus.Stopped,
                EndedAt = e.EndedAt ?? e.At,
                StoppedFor = e.Reason,
                Trouble = null,
            },
            RecordingFailed e => row with { Status = RecordingStatus.Failed, EndedAt = e.At, Trouble = e.Why },
            RecordingDeleted => row with { Status = RecordingStatus.Deleted },
            RecordingShredded e => row with { ShreddedAt = e.At },
            LegalHoldPlaced e => row with { HeldFor = e.Reason },
            LegalHoldReleased => row with { HeldFor = null },
            _ => row,
        };

    private static object HasFootage(RecordingView row) =>
        row.Status is not RecordingStatus.Deleted && (row.SegmentCount > 0 || row.IsOpen);
}
