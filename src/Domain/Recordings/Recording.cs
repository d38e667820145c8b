using Events.Domain.Kernel;

namespace Events.Domain.Recordings;

public abstract record RecordingCommand(RecordingId RecordingId);

/// <param name="Name">File name without extension, as the camera's <see cref="Recorder"/> gave it.</param>
/// <param name="DurationMs">Null to record until it is stopped.</param>
public sealed record RequestRecording(
    RecordingId RecordingId,
    CameraId CameraId,
    CameraNumber CameraNumber,
    string Name,
    long? DurationMs,
    RecordingFormat Format = RecordingFormat.Fmp4)
    : RecordingCommand(RecordingId);

public sealed record ConfirmRecordingStarted(RecordingId RecordingId, DateTimeOffset FirstFrameAt)
    : RecordingCommand(RecordingId);

public sealed record ReportRecordingFailure(RecordingId RecordingId, string Why) : RecordingCommand(RecordingId);

public sealed record CommitSegment(RecordingId RecordingId, Segment Segment) : RecordingCommand(RecordingId);

/// <param name="Why">A stable code, e.g. <c>camera_lost</c>.</param>
public sealed record ReportRecordingInterrupted(RecordingId RecordingId, string Why) : RecordingCommand(RecordingId);

public sealed record ReportRecordingRecovered(RecordingId RecordingId, DateTimeOffset FirstFrameAt)
    : RecordingCommand(RecordingId);

/// <param name="EndedAt">When the last frame on disk ends, UTC; null when that is not known.</param>
public sealed record EndRecording(RecordingId RecordingId, StopReason Reason, DateTimeOffset? EndedAt)
    : RecordingCommand(RecordingId);

/// <param name="Reason">One of <see cref="Retention.DeletionReason"/>.</param>
public sealed record DeleteRecording(RecordingId RecordingId, string Reason) : RecordingCommand(RecordingId);

/// <summary>Destroys the key of an encrypted recording, so that no copy of its files can be read again, and deletes it.</summary>
/// <param name="Reason">For people; one line.</param>
public sealed record ShredRecording(RecordingId RecordingId, string Reason) : RecordingCommand(RecordingId);

/// <param name="Reason">For people, e.g. a case number; one line.</param>
public sealed record PlaceLegalHold(RecordingId RecordingId, string Reason) : RecordingCommand(RecordingId);

/// <param name="Reason">Why the hold may end; one line.</param>
public sealed record ReleaseLegalHold(RecordingId RecordingId, string Reason) : RecordingCommand(RecordingId);

/// <summary>
/// As what its requester wants the footage handed out. It is kept as fragmented MP4 always, which needs no repair after a crash.
/// </summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum RecordingFormat
{
    Fmp4 = 1,
    Mp4 = 2,

    /// <summary>Matroska, made while it is fetched.</summary>
    Mkv = 3,
}

/// <summary>Why a recording came to its end.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum StopReason
{
    Requested = 1,
    DurationReached = 2,
    CameraRetired = 3,
}

/// <summary>A finished file of a recording, safe on disk.</summary>
/// <param name="Number">From 1, rising.</param>
/// <param name="SizeBytes">Of the file before it is encrypted.</param>
/// <param name="HeaderBytes">Of the MP4 header at the file's start.</param>
/// <param name="Sha256">Lower-case hex of the file's bytes before they are encrypted.</param>
/// <param name="StartedAt">Arrival of the first frame, UTC.</param>
/// <param name="StoredSha256">Of the encrypted file, as it lies on disk; null when it is not encrypted.</param>
public sealed record Segment(
    int Number,
    long SizeBytes,
    long HeaderBytes,
    string Sha256,
    DateTimeOffset StartedAt,
    long DurationMs,
    int FrameCount,
    string? StoredSha256 = null);

public abstract record RecordingEvent(RecordingId RecordingId, DateTimeOffset At);

/// <param name="DurationMs">Null for a recording that runs until it is stopped.</param>
/// <param name="Format">Null for <see cref="RecordingFormat.Fmp4"/>.</param>
public sealed record RecordingRequested(
    RecordingId RecordingId,
    CameraId CameraId,
    CameraNumber CameraNumber,
    string Name,
    long? DurationMs,
    DateTimeOffset At,
    RecordingFormat? Format = null)
    : RecordingEvent(RecordingId, At);

public sealed record RecordingStarted(RecordingId RecordingId, DateTimeOffset FirstFrameAt, DateTimeOffset At)
    : RecordingEvent(RecordingId, At);

/// <param name="Sha256">Of the clear bytes: who is handed the footage can hold it against the fact.</param>
/// <param name="StoredSha256">Of the file on disk when it is encrypted, for who has no key; null when it is not.</param>
public sealed record RecordingSegmentCommitted(
    RecordingId RecordingId,
    int Number,
    long SizeBytes,
    long HeaderBytes,
    string Sha256,
    DateTimeOffset StartedAt,
    long DurationMs,
    int FrameCount,
    DateTimeOffset At,
    string? StoredSha256 = null)
    : RecordingEvent(RecordingId, At);

public sealed record RecordingInterrupted(RecordingId RecordingId, string Why, DateTimeOffset At)
    : RecordingEvent(RecordingId, At);

/// <summary>Frames are written again, into the same recording, after an interruption.</summary>
public sealed record RecordingRecovered(RecordingId RecordingId, DateTimeOffset FirstFrameAt, DateTimeOffset At)
    : RecordingEvent(RecordingId, At);

public sealed record RecordingStopped(
    RecordingId RecordingId, StopReason Reason, DateTimeOffset? EndedAt, DateTimeOffset At)
    : RecordingEvent(RecordingId, At);

public sealed record RecordingFailed(RecordingId RecordingId, string Why, DateTimeOffset At)
    : RecordingEvent(RecordingId, At);

/// <summary>The footage is to be removed; the file goes after this fact, and a start finishes what was left.</summary>
public sealed record RecordingDeleted(RecordingId RecordingId, string Reason, DateTimeOffset At)
    : RecordingEvent(RecordingId, At);

/// <summary>
/// Its key is destroyed, and with it every copy of its files; a start finishes what a crash left of that.
/// </summary>
public sealed record RecordingShredded(RecordingId RecordingId, string Reason, DateTimeOffset At)
    : RecordingEvent(RecordingId, At);

/// <summary>From now on its files may not be deleted, by nobody and for no reason, until the hold is released.</summary>
public sealed record LegalHoldPlaced(RecordingId RecordingId, string Reason, DateTimeOffset At)
    : RecordingEvent(RecordingId, At);

public sealed record LegalHoldReleased(RecordingId RecordingId, string Reason, DateTimeOffset At)
    : RecordingEvent(RecordingId, At);

/// <summary>
/// A recording as its rules see it. <see cref="Requested"/> is on disk before the media layer is called, so a crash between
/// the two leaves a recording that the reconciler can see and finish. An interruption does not end it: it goes on when the
/// pictures come back, until it is stopped, its time is up or its camera is retired.
/// </summary>
public abstract record Recording
{
    /// <summary>In characters. Room for a case number and a name; short enough for a line of a list.</summary>
    public const int HoldReasonLengthMax = 200;

    /// <summary>In characters.</summary>
    public const int ShredReasonLengthMax = 200;

    public static readonly Decider<Recording, RecordingCommand, RecordingEvent> Decider =
        new("recording", new Unknown(), Decide, Evolve);

    private Recording()
    {
    }

    public static Decision<RecordingEvent> Decide(Recording recording, RecordingCommand command, DateTimeOffset now) =>
        (recording, command) switch
        {
            (_, PlaceLegalHold { Reason: var reason }) when !IsHoldReason(reason) => RecordingRefusals.BadHoldReason,
            (_, ReleaseLegalHold { Reason: var reason }) when !IsHoldReason(reason) => RecordingRefusals.BadHoldReason,
            (_, ShredRecording { Reason: var reason }) when !OneLine.Is(reason, ShredReasonLengthMax) =>
                RecordingRefusals.BadShredReason,

            (Unknown, RequestRecording c) =>
                new RecordingRequested(
                    c.RecordingId, c.CameraId, c.CameraNumber, c.Name, c.DurationMs, now,
                    c.Format is RecordingFormat.Fmp4 ? null : c.Format),
            (Unknown, _) => RecordingRefusals.NotFound,
            (_, RequestRecording) => Decision<RecordingEvent>.Nothing,

            (Known { LastSegment: var last }, CommitSegment c) when c.Segment.Number <= last => Decision<RecordingEvent>.Nothing,
            (Known, CommitSegment { Segment: var s } c) => new RecordingSegmentCommitted(
                c.RecordingId, s.Number, s.SizeBytes, s.HeaderBytes, s.Sha256, s.StartedAt, s.DurationMs, s.FrameCount, now,
                s.StoredSha256),

            (Requested, ConfirmRecordingStarted c) => new RecordingStarted(c.RecordingId, c.FirstFrameAt, now),
            (Running, ReportRecordingInterrupted c) => new RecordingInterrupted(c.RecordingId, c.Why, now),
            (Interrupted, ReportRecordingRecovered c) => new RecordingRecovered(c.RecordingId, c.FirstFrameAt, now),
            (Requested or Running or Interrupted, ReportRecordingFailure c) => new RecordingFailed(c.RecordingId, c.Why, now),
            (Requested or Running or Interrupted, EndRecording c) =>
                new RecordingStopped(c.RecordingId, c.Reason, c.EndedAt, now),

            (Requested or Running or Interrupted, DeleteRecording) => RecordingRefusals.StillRunning,
            (Ended { Take.HeldFor: not null }, DeleteRecording) => RecordingRefusals.LegalHold,
            (Ended, DeleteRecording c) => new RecordingDeleted(c.RecordingId, c.Reason, now),

            (Requested or Running or Interrupted, ShredRecording) => RecordingRefusals.StillRunning,
            (Known { Take.IsShredded: true }, ShredRecording) => Decision<RecordingEvent>.Nothing,
            (Known { Take.HeldFor: not null }, ShredRecording) => RecordingRefusals.LegalHold,
            (Known { Take.IsEncrypted: false }, ShredRecording) => RecordingRefusals.NotEncrypted,
            (Ended, ShredRecording c) => new Decision<RecordingEvent>.Accepted(
                [new RecordingShredded(c.RecordingId, c.Reason, now), new RecordingDeleted(c.RecordingId, c.Reason, now)]),
            (Deleted, ShredRecording c) => new RecordingShredded(c.RecordingId, c.Reason, now),

            (Deleted, PlaceLegalHold) => RecordingRefusals.Deleted,
            (Known { Take.HeldFor: null }, PlaceLegalHold c) => new LegalHoldPlaced(c.RecordingId, c.Reason, now),
            (Known { Take.HeldFor: var reason }, PlaceLegalHold c) when reason != c.Reason => RecordingRefusals.AlreadyHeld,
            (Known { Take.HeldFor: not null }, ReleaseLegalHold c) => new LegalHoldReleased(c.RecordingId, c.Reason, now),

            // Late or repeated news changes nothing.
            (Known, _) => Decision<RecordingEvent>.Nothing,

            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    public static Recording Evolve(Recording recording, RecordingEvent fact) =>
        (recording, fact) switch
        {
            (_, RecordingRequested e) => new Requested(new Take(e.CameraId, e.CameraNumber, e.Name, e.DurationMs), 0, 0),
            (Known k, RecordingStarted e) => new Running(k.Take with { StartedAt = e.FirstFrameAt }, k.LastSegment, k.FootageMs),
            (Known k, RecordingSegmentCommitted e) =>
                k with
                {
                    Take = k.Take.With(isEncrypted: e.StoredSha256 is not null),
                    LastSegment = e.Number,
                    FootageMs = k.FootageMs + e.DurationMs,
                },
            (Known k, RecordingInterrupted) => new Interrupted(k.Take, k.LastSegment, k.FootageMs),
            (Known k, RecordingRecovered) => new Running(k.Take, k.LastSegment, k.FootageMs),
            (Known k, RecordingStopped or RecordingFailed) => new Ended(k.Take, k.LastSegment, k.FootageMs),
            (Known k, RecordingDeleted) => new Deleted(k.Take, k.LastSegment, k.FootageMs),
            (Known k, RecordingShredded) => k with { Take = k.Take with { IsShredded = true } },
            (Known k, LegalHoldPlaced e) => k with { Take = k.Take with { HeldFor = e.Reason } },
            (Known k, LegalHoldReleased) => k with { Take = k.Take with { HeldFor = null } },
            _ => recording,
        };

    private static bool IsHoldReason(string reason) => OneLine.Is(reason, HoldReasonLengthMax);

    public sealed record Unknown : Recording;

    /// <summary>A recording that was asked for, whatever became of it.</summary>
    /// <param name="LastSegment">Number of the newest committed segment; 0 for none.</param>
    /// <param name="FootageMs">Length of all committed segments.</param>
    public abstract record Known(Take Take, int LastSegment, long FootageMs) : Recording;

    public sealed record Requested(Take Take, int LastSegment, long FootageMs) : Known(Take, LastSegment, FootageMs);

    public sealed record Running(Take Take, int LastSegment, long FootageMs) : Known(Take, LastSegment, FootageMs);

    public sealed record Interrupted(Take Take, int LastSegment, long FootageMs) : Known(Take, LastSegment, FootageMs);

    public sealed record Ended(Take Take, int LastSegment, long FootageMs) : Known(Take, LastSegment, FootageMs);

    public sealed record Deleted(Take Take, int LastSegment, long FootageMs) : Known(Take, LastSegment, FootageMs);
}

/// <summary>What was asked for, since when it runs, what it is held for, and how its files lie on disk.</summary>
/// <param name="DurationMs">Null to record until it is stopped.</param>
/// <param name="StartedAt">First frame, UTC. Null until there was one.</param>
/// <param name="HeldFor">The reason of the legal hold; null when there is none.</param>
/// <param name="ClearSegments">Committed segments that are not encrypted.</param>
/// <param name="EncryptedSegments">Those that are.</param>
/// <param name="IsShredded">Whether its key was destroyed.</param>
public sealed record Take(
    CameraId CameraId,
    CameraNumber CameraNumber,
    string Name,
    long? DurationMs,
    DateTimeOffset? StartedAt = null,
    string? HeldFor = null,
    int ClearSegments = 0,
    int EncryptedSegments = 0,
    bool IsShredded = false)
{
    /// <summary>Whether all that there is of it is encrypted.</summary>
    public bool IsEncrypted => EncryptedSegments > 0 && ClearSegments == 0;

    /// <summary>When its time is up, UTC. Null when it is not timed or has not started.</summary>
    public DateTimeOffset? EndsAt => DurationMs is { } ms ? StartedAt?.AddMilliseconds(ms) : null;

    /// <summary>The same with one committed segment more.</summary>
    public Take With(bool isEncrypted) =>
        isEncrypted ? this with { EncryptedSegments = EncryptedSegments + 1 } : this with { ClearSegments = ClearSegments + 1 };
}

public static class RecordingRefusals
{
    public static readonly Refusal NotFound = new("recording.not_found", "There is no such recording.");

    public static readonly Refusal CameraNotActive =
        new("recording.camera_not_active", "Only a registered camera that is not retired can be recorded.");

    public static readonly Refusal AlreadyRunning =
        new("recording.already_running", "This camera is being recorded already. Stop that recording first.");

    public static readonly Refusal NotRunning = new("recording.not_running", "This camera is not being recorded.");

    public static readonly Refusal StillRunning =
        new("recording.still_running", "This recording is being written. Stop it before you delete it.");

    public static readonly Refusal LegalHold =
        new("recording.legal_hold", "This recording is under legal hold and cannot be deleted. Release the hold first.");

    public static readonly Refusal AlreadyHeld =
        new("recording.already_held", "This recording is under legal hold for another reason. That hold stays as it is.");

    public static readonly Refusal Deleted =
        new("recording.deleted", "This recording was deleted; there is nothing left to hold.");

    public static readonly Refusal BadHoldReason = new(
        "recording.bad_hold_reason",
        $"A reason has 1 to {Recording.HoldReasonLengthMax} characters, no space at either end and no control characters.");

    public static readonly Refusal NotEncrypted = new(
        "recording.not_encrypted",
        "This recording, or a part of it, is not encrypted: there is no key whose end would end its copies. Delete it instead.");

    public static readonly Refusal BadShredReason = new(
        "recording.bad_shred_reason",
        $"A reason has 1 to {Recording.ShredReasonLengthMax} characters, no space at either end and no control characters.");

    public static readonly Refusal BadDuration =
        new("recording.bad_duration", "A duration is between 1 second and 24 hours.");

    public static readonly Refusal StorageCritical =
        new("recording.storage_critical", "The disk is too full for a new recording. Delete footage or add space.");
}
