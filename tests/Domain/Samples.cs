using Events.Application;
using Events.Domain.Access;
using Events.Domain.ApiKeys;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;
using Events.Domain.Logs;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Events.Domain.Users;

namespace Events.Tests.Domain;

/// <summary>One fact of each stored type, with every optional field filled. The golden files hold the same facts.</summary>
public static class Samples
{
    public const string Hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    public static readonly DateTimeOffset At = Spec.Now.AddMilliseconds(250);
    public static readonly CameraId Gate = new(Guid.Parse("0199a000-0000-7000-8000-000000000001"));
    public static readonly CameraId Yard = new(Guid.Parse("0199a000-0000-7000-8000-000000000002"));
    public static readonly RecordingId Take = new(Guid.Parse("0199a000-0000-7000-8000-00000000000a"));
    public static readonly SnapshotId Shot = new(Guid.Parse("0199a000-0000-7000-8000-00000000000f"));
    public static readonly CleanupId Cleanup = new(Guid.Parse("0199a000-0000-7000-8000-0000000000c1"));
    public static readonly ApiKeyId Key = new(Guid.Parse("0199a000-0000-7000-8000-0000000000e1"));
    public static readonly UserName Ada = new("ada");
    public static readonly UserId AdasId = new(Guid.Parse("0199a000-0000-7000-8000-0000000000f3"));
    public static readonly Guid Password = Guid.Parse("0199a000-0000-7000-8000-0000000000f1");
    public static readonly SessionId Session = new(Guid.Parse("0199a000-0000-7000-8000-0000000000f2"));
    public static readonly CameraList Both = CameraList.From([Yard, Gate])!;
    public static readonly CameraNumber Number = new(3);
    public static readonly SourceUrl Main = SourceUrl.TryParse("rtsp://10.0.0.5:554/main?channel=1&profile=high")!;

    public static readonly CameraModes Modes = CameraModes.TryParse("MJPG 1280x720 30,29.97; YUYV 640x480 30; H264 1920x1080")!;

    public const string TakeName = "camera3_2026-03-01_12-00-00";

    public static IReadOnlyList<object> Facts { get; } =
    [
        new CameraRegistered(Gate, Number, "Gate, north", Main, At),
        new CameraRenamed(Gate, "Gate, süd", At),
        new CameraSourceChanged(Gate, SourceUrl.TryParse("v4l2:/dev/video0")!, At),
        new CameraConnected(Gate, At),
        new CameraDisconnected(Gate, "No frame for 5 s", At),
        new CameraCapabilitiesProbed(Gate, "h264", 1280, 720, 29.97, At),
        new CameraRetired(Gate, "Broken", At),
        new CameraNumberAssigned(Gate, Number, At),
        new RecorderClaimed(Gate, Take, TakeName, At),
        new RecorderReleased(Gate, Take, At),
        new RecordingRequested(Take, Gate, Number, TakeName, 60_000, At),
        new RecordingStarted(Take, Spec.Now, At),
        new RecordingSegmentCommitted(Take, 1, 1_048_576, 812, Hash, Spec.Now, 10_010, 300, At),
        new RecordingInterrupted(Take, "camera_lost", At),
        new RecordingRecovered(Take, Spec.Now, At),
        new RecordingStopped(Take, StopReason.DurationReached, Spec.Now, At),
        new RecordingFailed(Take, "No answer in 10 s", At),
        new RecordingDeleted(Take, "No longer needed", At),
        new LegalHoldPlaced(Take, "Case 2026-17", At),
        new LegalHoldReleased(Take, "Case 2026-17 is closed", At),
        new SnapshotTaken(Shot, Gate, Number, "gate.jpg", 20_480, Hash, 1280, 720, Spec.Now, At),
        new SnapshotFailed(Shot, Gate, Number, "gate.jpg", "No picture yet", At),
        new SnapshotDeleted(Shot, "No longer needed", At),
        new RetentionPolicySet(RetentionType.Age, true, 30, 107_374_182_400, At),
        new CleanupFinished(Cleanup, CleanupTrigger.Scheduled, 2, 1, 3_145_728, true, At),
        new StorageLevelChanged(StorageLevel.Low, 1_000_000_000_000, 190_000_000_000, At),
        new CameraModesProbed(Gate, Modes, At),
        new BroadcastStarted(Gate, At),
        new BroadcastStopped(Gate, BroadcastEnd.Unwatched, At),
        new DiscoveryIntervalSet(300, At),
        new ApiKeyIssued(Key, "Wall of screens", Role.Viewer, Both, "10.0.0.0/8 fd00::/8", Spec.Now.AddDays(30), Hash, At),
        new ApiKeyRotated(Key, Hash, Spec.Now.AddDays(1), At),
        new ApiKeyNarrowed(Key, Role.Viewer, CameraList.From([Gate]), "10.0.0.0/8", Spec.Now.AddDays(7), At),
        new ApiKeySuspended(Key, "Under inquiry", At),
        new ApiKeyResumed(Key, At),
        new ApiKeyRevoked(Key, "Lost", At),
        new ApiKeyExpired(Key, At),
        new AccessGranted("node1", "ada", "graphql", "10.0.0.7", 42, Spec.Now.AddMinutes(-5), Spec.Now, At),
        new AccessRefused("node1", "ada", "graphql", "10.0.0.7", "Control", 42, Spec.Now.AddMinutes(-5), Spec.Now, At),
        new PicturesSeen("node1", "ada", "graphql", "10.0.0.7", "camera3", 42, Spec.Now.AddMinutes(-5), Spec.Now, At),
        new UserCreated(Ada, Role.Operator, Password, true, At),
        new UserPasswordChanged(Ada, Password, false, At),
        new UserLocked(Ada, Spec.Now.AddMinutes(1), At),
        new UserUnlocked(Ada, At),
        new UserDisabled(Ada, "Has left", At),
        new UserEnabled(Ada, At),
        new UserRoleChanged(Ada, Role.Admin, At),
        new UserCamerasChanged(Ada, CameraList.From([Gate]), At),
        new UserSessionsEnded(Ada, Spec.Now, At),
        new UserSecondFactorEnrolled(Ada, Password, At),
        new UserSecondFactorConfirmed(Ada, Password, 56_000_000, At),
        new UserSecondFactorUsed(Ada, 56_000_001, At),
        new UserSecondFactorRemoved(Ada, At),
        new UserErased(Ada, "Asked for by the person", Password, Password, At),
        new SessionStarted(Session, Ada, Hash, Spec.Now.AddDays(30), At),
        new SessionRefreshed(Session, Hash, At),
        new SessionEnded(Session, SessionEnd.TokenReused, At),
        new ApiKeyUsed(Key, "node1", 42, Spec.Now.AddMinutes(-5), Spec.Now, At),
        new LogExported(Guid.Parse("0199a000-0000-7000-8000-0000000000b1"), "positions 1 to 900", 412, 912, Hash, "Case 2026-17", At),
        new LogForked("host-a/1", "host-a/2", 2_000, "bG9zdA==", 1_000, "bGVmdA==", "Restored after a disk failure", At),
        new LogKeyRotated("host-a/1+0123abcd+AjA=", "host-a/1+89abcdef+AjE=", "Once a year", At),
        new FactParked("CameraView", 17, "Written by a test", At),
        new FactUnparked("CameraView", 17, "The fold was mended", At),
        new FactAdopted(5, "camera-1", 7, Hash, "A transaction of the old importer ended late", At),
        new SecretsRotationRequested(Guid.Parse("0199a000-0000-7000-8000-0000000000b2"), "Once a year", At),
        new RecordingShredded(Take, "Asked for by who is on it", At),
        new SnapshotShredded(Shot, "Asked for by who is on it", At),
    ];

    public static TFact Of<TFact>() => Facts.OfType<TFact>().Single();

    /// <returns>The samples of one union; fails when a type of the union has none.</returns>
    public static IReadOnlyList<TEvent> Union<TEvent>()
        where TEvent : class
    {
        TEvent[] samples = [.. Facts.OfType<TEvent>()];
        string[] missing = [.. Closed.UnionOf<TEvent>().Except(samples.Select(fact => fact.GetType().Name))];
        return missing.Length == 0 ? samples : throw new InvalidOperationException($"No sample of {string.Join(", ", missing)}.");
    }

    public static object Sample(EventType type) =>
        Facts.SingleOrDefault(fact => fact.GetType() == type.FactType)
        ?? throw new InvalidOperationException($"No sample of {type.FactType.Name}.");
}
