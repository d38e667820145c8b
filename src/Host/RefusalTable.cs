using Events.Application;
using Events.Application.Users;
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
using Events.Host.Users;

namespace Events.Host;

/// <summary>What kind of "no" a refusal is. Each way in has one form of answer for each.</summary>
internal enum RefusalFamily
{
    NotFound,
    InvalidInput,
    WrongState,
    Conflict,
    Denied,
}

/// <param name="Subject">What was not found, or which input is wrong; empty for the other families.</param>
internal sealed record RefusalRow(Refusal Refusal, RefusalFamily Family, string Subject);

/// <summary>The one table of refusals, for every way in. Codes are stable; clients match on them.</summary>
internal static class RefusalTable
{
    private static readonly Dictionary<string, RefusalRow> _rows = new RefusalRow[]
    {
        new(CameraRefusals.NotRegistered, RefusalFamily.NotFound, "camera"),
        new(CameraRefusals.Retired, RefusalFamily.NotFound, "camera"),
        new(CameraRefusals.AlreadyRegistered, RefusalFamily.WrongState, string.Empty),
        new(CameraRefusals.BadName, RefusalFamily.InvalidInput, "name"),
        new(CameraRefusals.BadSource, RefusalFamily.InvalidInput, "source"),
        new(CameraRefusals.SourceNotAllowed, RefusalFamily.InvalidInput, "source"),
        new(CameraNumbers.NoneLeft, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.NotFound, RefusalFamily.NotFound, "recording"),
        new(RecordingRefusals.CameraNotActive, RefusalFamily.NotFound, "camera"),
        new(RecordingRefusals.AlreadyRunning, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.NotRunning, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.StillRunning, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.BadDuration, RefusalFamily.InvalidInput, "duration"),
        new(RecordingRefusals.StorageCritical, RefusalFamily.WrongState, string.Empty),
        new(SnapshotRefusals.NotFound, RefusalFamily.NotFound, "snapshot"),
        new(SnapshotRefusals.BadFileName, RefusalFamily.InvalidInput, "fileName"),
        new(SnapshotRefusals.CameraNotActive, RefusalFamily.NotFound, "camera"),
        new(SnapshotRefusals.NotEncrypted, RefusalFamily.WrongState, string.Empty),
        new(SnapshotRefusals.BadShredReason, RefusalFamily.InvalidInput, "reason"),
        new(BroadcastRefusals.CameraNotActive, RefusalFamily.NotFound, "camera"),
        new(BroadcastRefusals.CameraNotConnected, RefusalFamily.WrongState, string.Empty),
        new(BroadcastRefusals.NotRunning, RefusalFamily.WrongState, string.Empty),
        new(Discovery.BadInterval, RefusalFamily.InvalidInput, "intervalSeconds"),
        new(ExternalStreamRefusals.NotFound, RefusalFamily.NotFound, "stream"),
        new(ExternalStreamRefusals.AlreadyAdded, RefusalFamily.WrongState, string.Empty),
        new(ExternalStreamRefusals.NotOnNetwork, RefusalFamily.InvalidInput, "source"),
        new(ExternalStreamRefusals.SwitchedOff, RefusalFamily.WrongState, string.Empty),
        new(LogbookRefusals.BadReason, RefusalFamily.InvalidInput, "reason"),
        new(LogbookRefusals.BadPosition, RefusalFamily.InvalidInput, "position"),
        new(LogbookRefusals.PositionAhead, RefusalFamily.InvalidInput, "position"),
        new(LogbookRefusals.AdoptedOtherwise, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.LegalHold, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.AlreadyHeld, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.Deleted, RefusalFamily.NotFound, "recording"),
        new(RecordingRefusals.BadHoldReason, RefusalFamily.InvalidInput, "reason"),
        new(RecordingRefusals.NotEncrypted, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.BadShredReason, RefusalFamily.InvalidInput, "reason"),
        new(RetentionRefusals.BadMaxAge, RefusalFamily.InvalidInput, "maxAgeDays"),
        new(RetentionRefusals.BadMaxSize, RefusalFamily.InvalidInput, "maxSizeBytes"),
        new(RetentionRefusals.NoMaxAge, RefusalFamily.InvalidInput, "maxAgeDays"),
        new(RetentionRefusals.NoMaxSize, RefusalFamily.InvalidInput, "maxSizeBytes"),
        new(ApiKeyRefusals.NotFound, RefusalFamily.NotFound, "apiKey"),
        new(ApiKeyRefusals.AlreadyIssued, RefusalFamily.WrongState, string.Empty),
        new(ApiKeyRefusals.Ended, RefusalFamily.WrongState, string.Empty),
        new(ApiKeyRefusals.BadName, RefusalFamily.InvalidInput, "name"),
        new(ApiKeyRefusals.BadReason, RefusalFamily.InvalidInput, "reason"),
        new(ApiKeyRefusals.BadExpiry, RefusalFamily.InvalidInput, "expiresAt"),
        new(ApiKeyRefusals.BadRate, RefusalFamily.InvalidInput, "callsPerSecond"),
        new(ApiKeyRefusals.BadScopes, RefusalFamily.InvalidInput, "scopes"),
        new(ApiKeyRefusals.BadOverlap, RefusalFamily.InvalidInput, "overlap"),
        new(ApiKeyRefusals.BadAddresses, RefusalFamily.InvalidInput, "addresses"),
        new(ApiKeyRefusals.BadCameras, RefusalFamily.InvalidInput, "cameras"),
        new(ApiKeyRefusals.CamerasOfWholeRole, RefusalFamily.InvalidInput, "cameras"),
        new(ApiKeyRefusals.Wider, RefusalFamily.WrongState, string.Empty),
        new(ApiKeyRefusals.TooMany, RefusalFamily.WrongState, string.Empty),
        new(UserRefusals.NotFound, RefusalFamily.NotFound, "user"),
        new(UserRefusals.AlreadyCreated, RefusalFamily.WrongState, string.Empty),
        new(UserRefusals.SecondFactorActive, RefusalFamily.WrongState, string.Empty),
        new(UserRefusals.NoSecondFactor, RefusalFamily.WrongState, string.Empty),
        new(UserRefusals.NotDisabled, RefusalFamily.WrongState, string.Empty),
        new(UserRefusals.InClear, RefusalFamily.WrongState, string.Empty),
        new(UserRefusals.CodeUsed, RefusalFamily.WrongState, string.Empty),
        new(UserRefusals.BadName, RefusalFamily.InvalidInput, "name"),
        new(UserRefusals.BadReason, RefusalFamily.InvalidInput, "reason"),
        new(UserRefusals.BadCameras, RefusalFamily.InvalidInput, "cameras"),
        new(UserRefusals.CamerasOfWholeRole, RefusalFamily.InvalidInput, "cameras"),
        new(UserRefusals.WeakPassword, RefusalFamily.InvalidInput, "password"),
        new(OwnAccounts.NotSignedIn, RefusalFamily.WrongState, string.Empty),
        new(OwnAccounts.Denied, RefusalFamily.InvalidInput, "password"),
        new(OwnAccounts.CodeNeeded, RefusalFamily.InvalidInput, "code"),
        new(OwnAccounts.PasswordMustChange, RefusalFamily.WrongState, string.Empty),
        new(UserAccounts.TooBusy, RefusalFamily.Conflict, string.Empty),
        new(UserAccounts.TooMany, RefusalFamily.WrongState, string.Empty),
        new(SessionRefusals.Ended, RefusalFamily.WrongState, string.Empty),
        new(CommandBus.TooMuchTraffic, RefusalFamily.Conflict, string.Empty),
        new(CommandBus.VersionChanged, RefusalFamily.Conflict, string.Empty),
        new(CommandBus.NotAllowed, RefusalFamily.Denied, string.Empty),
    }.ToDictionary(row => row.Refusal.Code);

    public static IReadOnlyCollection<RefusalRow> Rows => _rows.Values;

    /// <returns>A refusal that is not in the table counts as a matter of state; a test keeps the table whole.</returns>
    public static RefusalRow Of(Refusal refusal) =>
        _rows.GetValueOrDefault(refusal.Code) ?? new RefusalRow(refusal, RefusalFamily.WrongState, string.Empty);
}
