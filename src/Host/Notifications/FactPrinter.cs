using System.Globalization;
using Events.Application.Contracts;
using Events.Domain.ApiKeys;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Events.Domain.Users;

namespace Events.Host.Notifications;

/// <summary>
/// Prints one line for each fact as it comes, for whoever watches the terminal: what happened, in words. It holds nothing back
/// and nothing up; the log has it all.
/// </summary>
internal sealed class FactPrinter(IChanges changes, ILog log, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                long head = await log.HeadAsync(stoppingToken);
                await foreach (StoredFact stored in changes.FollowAsync(head, stoppingToken))
                {
                    if (TextOf(stored.Fact) is { } text)
                    {
                        string line = string.Create(
                            CultureInfo.InvariantCulture, $"{stored.RecordedAt.UtcDateTime:HH:mm:ss} #{stored.Position} {text}");
                        await Console.Out.WriteLineAsync(line.AsMemory(), stoppingToken);
                    }
                }
            }
            catch (DependencyUnavailableException)
            {
                // The log is away; what it misses here is in it all the same.
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
        }
    }

    /// <returns>Null for facts that say nothing to a person, e.g. who holds a recorder.</returns>
    private static string? TextOf(object? fact) =>
        fact switch
        {
            ApiKeyEvent e => TextOfKey(e),
            UserEvent e => TextOfUser(e),
            SessionStarted e => $"user {e.Name} has signed in",
            SessionEnded e => $"session {e.SessionId} is over: {e.Reason}",
            CameraRegistered e => $"{e.Number} \"{e.Name}\" was registered: {e.Source}",
            CameraRenamed e => $"camera {e.CameraId} is called \"{e.Name}\" now",
            CameraSourceChanged e => $"camera {e.CameraId} is taken from {e.Source} now",
            CameraConnected e => $"camera {e.CameraId} is connected",
            CameraDisconnected e => $"camera {e.CameraId} is disconnected: {e.Why}",
            CameraCapabilitiesProbed e => string.Create(
                CultureInfo.InvariantCulture,
                $"camera {e.CameraId} sends {e.Codec} {e.Width}x{e.Height} at {e.FramesPerSecond:0.##}/s"),
            CameraRetired e => $"camera {e.CameraId} was retired: {e.Reason}",
            RecordingRequested e => $"recording {e.Name} was asked for",
            RecordingStarted e => $"recording {e.RecordingId} runs",
            RecordingSegmentCommitted e =>
                $"recording {e.RecordingId}: file {e.Number} is safe, {e.FrameCount} frames, {e.SizeBytes} bytes",
            RecordingInterrupted e => $"recording {e.RecordingId} is interrupted: {e.Why}",
            RecordingRecovered e => $"recording {e.RecordingId} goes on",
            RecordingStopped e => $"recording {e.RecordingId} has stopped: {e.Reason}",
            RecordingFailed e => $"recording {e.RecordingId} failed: {e.Why}",
            RecordingDeleted e => $"recording {e.RecordingId} was deleted: {e.Reason}",
            RecordingShredded e => $"recording {e.RecordingId} was shredded, with all copies of its files: {e.Reason}",
            LegalHoldPlaced e => $"recording {e.RecordingId} is under legal hold: {e.Reason}",
            LegalHoldReleased e => $"recording {e.RecordingId} is no longer held: {e.Reason}",
            SnapshotTaken e => $"snapshot {e.FileName} was taken",
            SnapshotFailed e => $"snapshot {e.FileName} failed: {e.Why}",
            CameraModesProbed e => $"camera {e.CameraId} could send {e.Modes}",
            BroadcastStarted e => $"camera {e.CameraId} is broadcast",
            BroadcastStopped e => $"camera {e.CameraId} is no longer broadcast: {e.Reason}",
            DiscoveryIntervalSet e => $"streams are looked for every {e.Seconds} s",
            SnapshotDeleted e => $"snapshot {e.SnapshotId} was deleted: {e.Reason}",
            SnapshotShredded e => $"snapshot {e.SnapshotId} was shredded, with all copies of its file: {e.Reason}",
            RetentionPolicySet e => $"the retention policy is {e.Type} now{(e.IsEnabled ? "" : ", not enabled")}",
            CleanupFinished e =>
                $"cleaned up: {e.RecordingsDeleted} recordings, {e.SnapshotsDeleted} snapshots, {e.BytesFreed} bytes",
            StorageLevelChanged e => $"storage is {e.Level} now: {e.AvailableBytes} bytes of {e.TotalBytes} are free",
            _ => null,
        };

    // Lines of a log live where no key can be deleted: no names, and nothing that was written about somebody.
    private static string? TextOfUser(UserEvent fact) =>
        fact switch
        {
            UserCreated e => $"{e.Account()} was created: {e.Role}",
            UserPasswordChanged e => $"{e.Account()} has another password",
            UserLocked e => $"{e.Account()} is locked until {e.Until.UtcDateTime:HH:mm:ss}",
            UserUnlocked e => $"{e.Account()} is no longer locked",
            UserDisabled e => $"{e.Account()} is disabled",
            UserEnabled e => $"{e.Account()} is enabled",
            UserRoleChanged e => $"{e.Account()} is {e.Role} now",
            UserCamerasChanged { Cameras: null } e => $"{e.Account()} is for all cameras now",
            UserCamerasChanged e => $"{e.Account()} is for {e.Cameras!.All.Count} cameras now",
            UserSecondFactorEnrolled e => $"{e.Account()} sets up a second factor",
            UserSecondFactorConfirmed e => $"{e.Account()} has a second factor",
            UserSecondFactorUsed e => $"{e.Account()} showed a second factor",
            UserSecondFactorRemoved e => $"{e.Account()} has no second factor any more",
            UserSessionsEnded e => $"the sessions of {e.Account()} are over",
            UserErased e => $"{e.Account()} is erased",
            _ => null,
        };

    private static string? TextOfKey(ApiKeyEvent fact) =>
        fact switch
        {
            ApiKeyIssued e => $"key {e.KeyId} \"{e.Name}\" was issued: {e.Role}",
            ApiKeyRotated e => $"key {e.KeyId} has another secret",
            ApiKeyNarrowed e => $"key {e.KeyId} may do less",
            ApiKeySuspended e => $"key {e.KeyId} is suspended: {e.Reason}",
            ApiKeyResumed e => $"key {e.KeyId} is good again",
            ApiKeyRevoked e => $"key {e.KeyId} was revoked: {e.Reason}",
            ApiKeyExpired e => $"key {e.KeyId} has expired",
            _ => null,
        };
}
