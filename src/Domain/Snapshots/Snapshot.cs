using Events.Domain.Kernel;

namespace Events.Domain.Snapshots;

public abstract record SnapshotCommand(SnapshotId SnapshotId);

public sealed record RecordSnapshot(SnapshotId SnapshotId, CameraId CameraId, CameraNumber CameraNumber, Picture Picture)
    : SnapshotCommand(SnapshotId);

public sealed record ReportSnapshotFailure(
    SnapshotId SnapshotId, CameraId CameraId, CameraNumber CameraNumber, string FileName, string Why)
    : SnapshotCommand(SnapshotId);

public sealed record DeleteSnapshot(SnapshotId SnapshotId, string Reason) : SnapshotCommand(SnapshotId);

/// <summary>Destroys the key of an encrypted snapshot, so that no copy of its file can be read again, and deletes it.</summary>
/// <param name="Reason">For people; one line.</param>
public sealed record ShredSnapshot(SnapshotId SnapshotId, string Reason) : SnapshotCommand(SnapshotId);

/// <summary>A JPEG, safe on disk.</summary>
/// <param name="Sha256">Lower-case hex of the picture's bytes, and <paramref name="SizeBytes"/> their number.</param>
/// <param name="CapturedAt">Arrival of the frame shown, UTC.</param>
/// <param name="StoredSha256">Of the encrypted file, as it lies on disk; null when it is not encrypted.</param>
public sealed record Picture(
    string FileName,
    long SizeBytes,
    string Sha256,
    int Width,
    int Height,
    DateTimeOffset CapturedAt,
    string? StoredSha256 = null);

public abstract record SnapshotEvent(SnapshotId SnapshotId, DateTimeOffset At);

/// <param name="Sha256">Of the clear bytes, as is the size.</param>
/// <param name="StoredSha256">Of the file on disk when it is encrypted, for who has no key; null when it is not.</param>
public sealed record SnapshotTaken(
    SnapshotId SnapshotId,
    CameraId CameraId,
    CameraNumber CameraNumber,
    string FileName,
    long SizeBytes,
    string Sha256,
    int Width,
    int Height,
    DateTimeOffset CapturedAt,
    DateTimeOffset At,
    string? StoredSha256 = null)
    : SnapshotEvent(SnapshotId, At);

/// <param name="Why">For people; carries no credentials.</param>
public sealed record SnapshotFailed(
    SnapshotId SnapshotId, CameraId CameraId, CameraNumber CameraNumber, string FileName, string Why, DateTimeOffset At)
    : SnapshotEvent(SnapshotId, At);

/// <summary>The picture is to be removed; the file goes after this fact, and a start finishes what was left.</summary>
public sealed record SnapshotDeleted(SnapshotId SnapshotId, string Reason, DateTimeOffset At) : SnapshotEvent(SnapshotId, At);

/// <summary>Its key is destroyed, and with it every copy of its file; a start finishes what a crash left of that.</summary>
public sealed record SnapshotShredded(SnapshotId SnapshotId, string Reason, DateTimeOffset At) : SnapshotEvent(SnapshotId, At);

/// <summary>A snapshot as its rules see it: not yet, then taken or failed; a taken one may be deleted or shredded.</summary>
public abstract record Snapshot
{
    /// <summary>In characters.</summary>
    public const int ShredReasonLengthMax = 200;

    public static readonly Decider<Snapshot, SnapshotCommand, SnapshotEvent> Decider =
        new("snapshot", new Unknown(), Decide, Evolve);

    private Snapshot()
    {
    }

    public static Decision<SnapshotEvent> Decide(Snapshot snapshot, SnapshotCommand command, DateTimeOffset now) =>
        (snapshot, command) switch
        {
            (_, ShredSnapshot { Reason: var reason }) when !OneLine.Is(reason, ShredReasonLengthMax) =>
                SnapshotRefusals.BadShredReason,

            (Unknown, RecordSnapshot { Picture: var p } c) => new SnapshotTaken(
                c.SnapshotId, c.CameraId, c.CameraNumber,
                p.FileName, p.SizeBytes, p.Sha256, p.Width, p.Height, p.CapturedAt, now, p.StoredSha256),
            (Unknown, ReportSnapshotFailure c) =>
                new SnapshotFailed(c.SnapshotId, c.CameraId, c.CameraNumber, c.FileName, c.Why, now),
            (Unknown or Failed, DeleteSnapshot or ShredSnapshot) => SnapshotRefusals.NotFound,

            (Taken, DeleteSnapshot c) => new SnapshotDeleted(c.SnapshotId, c.Reason, now),

            (Captured { IsShredded: true }, ShredSnapshot) => Decision<SnapshotEvent>.Nothing,
            (Captured { IsEncrypted: false }, ShredSnapshot) => SnapshotRefusals.NotEncrypted,
            (Taken, ShredSnapshot c) => new Decision<SnapshotEvent>.Accepted(
                [new SnapshotShredded(c.SnapshotId, c.Reason, now), new SnapshotDeleted(c.SnapshotId, c.Reason, now)]),
            (Deleted, ShredSnapshot c) => new SnapshotShredded(c.SnapshotId, c.Reason, now),

            // Late or repeated news changes nothing.
            (Taken or Failed or Deleted, _) => Decision<SnapshotEvent>.Nothing,

            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    public static Snapshot Evolve(Snapshot snapshot, SnapshotEvent fact) =>
        (snapshot, fact) switch
        {
            (_, SnapshotTaken e) => new Taken(e.FileName, e.StoredSha256 is not null, IsShredded: false),
            (_, SnapshotFailed) => new Failed(),
            (Captured c, SnapshotShredded) => c with { IsShredded = true },
            (Taken t, SnapshotDeleted) => new Deleted(t.FileName, t.IsEncrypted, t.IsShredded),
            _ => snapshot,
        };

    public sealed record Unknown : Snapshot;

    /// <summary>A snapshot of which there was a picture, whatever became of that.</summary>
    /// <param name="IsEncrypted">How its file lies on disk, and its copies.</param>
    /// <param name="IsShredded">Whether its key was destroyed.</param>
    public abstract record Captured(string FileName, bool IsEncrypted, bool IsShredded) : Snapshot;

    public sealed record Taken(string FileName, bool IsEncrypted, bool IsShredded)
        : Captured(FileName, IsEncrypted, IsShredded);

    public sealed record Failed : Snapshot;

    public sealed record Deleted(string FileName, bool IsEncrypted, bool IsShredded)
        : Captured(FileName, IsEncrypted, IsShredded);
}

public static class SnapshotRefusals
{
    public static readonly Refusal NotFound = new("snapshot.not_found", "There is no such snapshot.");

    public static readonly Refusal BadFileName = new(
        "snapshot.bad_file_name",
        "A file name starts with a letter or digit, has at most 255 of letters, digits, dot, hyphen and underscore, "
        + "and no \"..\".");

    public static readonly Refusal CameraNotActive =
        new("snapshot.camera_not_active", "Only a registered camera that is not retired can be photographed.");

    public static readonly Refusal NotEncrypted = new(
        "snapshot.not_encrypted",
        "This snapshot is not encrypted: there is no key whose end would end its copies. Delete it instead.");

    public static readonly Refusal BadShredReason = new(
        "snapshot.bad_shred_reason",
        $"A reason has 1 to {Snapshot.ShredReasonLengthMax} characters, no space at either end and no control characters.");
}
