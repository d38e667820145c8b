using Events.Domain.Kernel;

namespace Events.Domain.Snapshots;

public abstract record SnapshotCommand(SnapshotId SnapshotId);

public sealed record RecordSnapshot(SnapshotId SnapshotId, CameraId CameraId, CameraNumber CameraNumber, Picture Picture)
    : SnapshotCommand(SnapshotId);

public sealed record ReportSnapshotFailure(
    SnapshotId SnapshotId, CameraId CameraId, CameraNumber CameraNumber, string FileName, string Why)
    : SnapshotCommand(SnapshotId);

public sealed record DeleteSnapshot(SnapshotId SnapshotId, string Reason) : SnapshotCommand(SnapshotId);

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

/// <summary>A snapshot as its rules see it: not yet, then taken or failed; one that was taken may be deleted.</summary>
public abstract record Snapshot
{
    public static readonly Decider<Snapshot, SnapshotCommand, SnapshotEvent> Decider =
        new("snapshot", new Unknown(), Decide, Evolve);

    private Snapshot()
    {
    }

    public static Decision<SnapshotEvent> Decide(Snapshot snapshot, SnapshotCommand command, DateTimeOffset now) =>
        (snapshot, command) switch
        {
            (Unknown, RecordSnapshot { Picture: var p } c) => new SnapshotTaken(
                c.SnapshotId, c.CameraId, c.CameraNumber,
                p.FileName, p.SizeBytes, p.Sha256, p.Width, p.Height, p.CapturedAt, now, p.StoredSha256),
            (Unknown, ReportSnapshotFailure c) =>
                new SnapshotFailed(c.SnapshotId, c.CameraId, c.CameraNumber, c.FileName, c.Why, now),
            (Unknown or Failed, DeleteSnapshot) => SnapshotRefusals.NotFound,

            (Taken, DeleteSnapshot c) => new SnapshotDeleted(c.SnapshotId, c.Reason, now),

            // Late or repeated news changes nothing.
            (Taken or Failed or Deleted, _) => Decision<SnapshotEvent>.Nothing,

            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    public static Snapshot Evolve(Snapshot snapshot, SnapshotEvent fact) =>
        (snapshot, fact) switch
        {
            (_, SnapshotTaken e) => new Taken(e.FileName),
            (_, SnapshotFailed) => new Failed(),
            (Taken t, SnapshotDeleted) => new Deleted(t.FileName),
            _ => snapshot,
        };

    public sealed record Unknown : Snapshot;

    public sealed record Taken(string FileName) : Snapshot;

    public sealed record Failed : Snapshot;

    public sealed record Deleted(string FileName) : Snapshot;
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
}
