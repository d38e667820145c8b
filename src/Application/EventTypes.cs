using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Events.Application.Contracts;
using Events.Domain.Access;
using Events.Domain.ApiKeys;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Logs;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Events.Domain.Users;

namespace Events.Application;

/// <summary>The facts of this program by their stored names. An alias is for ever; a new shape gets a new one.</summary>
public static class EventTypes
{
    public static EventCatalogue Catalogue { get; } = new(
    [
        Of("camera_registered", StoredJson.Default.CameraRegistered),
        Of("camera_renamed", StoredJson.Default.CameraRenamed),
        Of("camera_source_changed", StoredJson.Default.CameraSourceChanged),
        Of("camera_connected", StoredJson.Default.CameraConnected),
        Of("camera_disconnected", StoredJson.Default.CameraDisconnected),
        Of("camera_capabilities_probed", StoredJson.Default.CameraCapabilitiesProbed),
        Of("camera_retired", StoredJson.Default.CameraRetired),
        Of("camera_number_assigned", StoredJson.Default.CameraNumberAssigned),
        Of("recorder_claimed", StoredJson.Default.RecorderClaimed),
        Of("recorder_released", StoredJson.Default.RecorderReleased),
        Of("recording_requested", StoredJson.Default.RecordingRequested),
        Of("recording_started", StoredJson.Default.RecordingStarted),
        Of("recording_segment_committed", StoredJson.Default.RecordingSegmentCommitted),
        Of("recording_interrupted", StoredJson.Default.RecordingInterrupted),
        Of("recording_recovered", StoredJson.Default.RecordingRecovered),
        Of("recording_stopped", StoredJson.Default.RecordingStopped),
        Of("recording_failed", StoredJson.Default.RecordingFailed),
        Of("recording_deleted", StoredJson.Default.RecordingDeleted),
        Of("legal_hold_placed", StoredJson.Default.LegalHoldPlaced),
        Of("legal_hold_released", StoredJson.Default.LegalHoldReleased),
        Of("snapshot_taken", StoredJson.Default.SnapshotTaken),
        Of("snapshot_failed", StoredJson.Default.SnapshotFailed),
        Of("snapshot_deleted", StoredJson.Default.SnapshotDeleted),
        Of("retention_policy_set", StoredJson.Default.RetentionPolicySet),
        Of("cleanup_finished", StoredJson.Default.CleanupFinished),
        Of("storage_level_changed", StoredJson.Default.StorageLevelChanged),
        Of("camera_modes_probed", StoredJson.Default.CameraModesProbed),
        Of("broadcast_started", StoredJson.Default.BroadcastStarted),
        Of("broadcast_stopped", StoredJson.Default.BroadcastStopped),
        Of("discovery_interval_set", StoredJson.Default.DiscoveryIntervalSet),
        Of("api_key_issued", StoredJson.Default.ApiKeyIssued),
        Of("api_key_rotated", StoredJson.Default.ApiKeyRotated),
        Of("api_key_narrowed", StoredJson.Default.ApiKeyNarrowed),
        Of("api_key_suspended", StoredJson.Default.ApiKeySuspended),
        Of("api_key_resumed", StoredJson.Default.ApiKeyResumed),
        Of("api_key_revoked", StoredJson.Default.ApiKeyRevoked),
        Of("api_key_expired", StoredJson.Default.ApiKeyExpired),
        Of("api_key_used", StoredJson.Default.ApiKeyUsed),
        OfUser("user_created", StoredJson.Default.UserCreated),
        OfUser("user_password_changed", StoredJson.Default.UserPasswordChanged),
        OfUser("user_locked", StoredJson.Default.UserLocked),
        OfUser("user_unlocked", StoredJson.Default.UserUnlocked),
        OfUser("user_disabled", StoredJson.Default.UserDisabled, "reason"),
        OfUser("user_enabled", StoredJson.Default.UserEnabled),
        OfUser("user_role_changed", StoredJson.Default.UserRoleChanged),
        OfUser("user_sessions_ended", StoredJson.Default.UserSessionsEnded),
        OfUser("user_second_factor_enrolled", StoredJson.Default.UserSecondFactorEnrolled),
        OfUser("user_second_factor_confirmed", StoredJson.Default.UserSecondFactorConfirmed),
        OfUser("user_second_factor_used", StoredJson.Default.UserSecondFactorUsed),
        OfUser("user_second_factor_removed", StoredJson.Default.UserSecondFactorRemoved),
        OfUser("user_erased", StoredJson.Default.UserErased),
        Of("session_started", StoredJson.Default.SessionStarted),
        Of("session_refreshed", StoredJson.Default.SessionRefreshed),
        Of("session_ended", StoredJson.Default.SessionEnded),
        Of("log_exported", StoredJson.Default.LogExported),
        Of("log_forked", StoredJson.Default.LogForked),
        Of("log_key_rotated", StoredJson.Default.LogKeyRotated),
        Of("fact_parked", StoredJson.Default.FactParked),
        Of("fact_unparked", StoredJson.Default.FactUnparked),
        OfAccess("access_granted", StoredJson.Default.AccessGranted),
        OfAccess("access_refused", StoredJson.Default.AccessRefused),
        OfAccess("pictures_seen", StoredJson.Default.PicturesSeen),
        Of("recording_shredded", StoredJson.Default.RecordingShredded),
        Of("secrets_rotation_requested", StoredJson.Default.SecretsRotationRequested),
        Of("fact_adopted", StoredJson.Default.FactAdopted),
        Of("snapshot_shredded", StoredJson.Default.SnapshotShredded),
        OfUser("user_cameras_changed", StoredJson.Default.UserCamerasChanged),
    ]);

    /// <summary>
    /// Lets other programs' options write and read facts as this one does, e.g. those of Marten on the same database: identities
    /// and addresses as text, camelCase, enums as text, no nulls.
    /// </summary>
    public static void Configure(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        JsonSerializerOptions ours = StoredJson.Default.Options;
        options.PropertyNamingPolicy = ours.PropertyNamingPolicy;
        options.DefaultIgnoreCondition = ours.DefaultIgnoreCondition;
        foreach (JsonConverter converter in ours.Converters)
        {
            options.Converters.Add(converter);
        }
    }

    private static EventType Of<TFact>(string alias, JsonTypeInfo<TFact> json) => new(alias, typeof(TFact), json);

    /// <param name="texts">Members in which people write about the user.</param>
    private static EventType OfUser<TFact>(string alias, JsonTypeInfo<TFact> json, params string[] texts)
        where TFact : UserEvent =>
        Of(alias, json) with
        {
            Personal =
            [
                PersonalMember.OfUser("name", PersonalKind.Name),
                .. texts.Select(text => PersonalMember.OfUser(text, PersonalKind.Text)),
            ],
        };

    private static EventType OfAccess<TFact>(string alias, JsonTypeInfo<TFact> json)
        where TFact : AccessEvent =>
        Of(alias, json) with
        {
            Personal =
            [
                PersonalMember.OfAccess("who", PersonalKind.Account),
                PersonalMember.OfAccess("from", PersonalKind.Address),
            ],
        };
}

/// <summary>How facts and view rows are written: camelCase, enums as text, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters =
    [
        typeof(CameraIdJson), typeof(RecordingIdJson), typeof(SnapshotIdJson), typeof(CameraNumberJson), typeof(SourceUrlJson),
        typeof(CameraModesJson),
        typeof(CleanupIdJson), typeof(ApiKeyIdJson), typeof(CameraListJson), typeof(ScopeListJson),
        typeof(UserNameJson), typeof(UserIdJson), typeof(SessionIdJson),
    ])]
[JsonSerializable(typeof(CameraRegistered))]
[JsonSerializable(typeof(CameraRenamed))]
[JsonSerializable(typeof(CameraSourceChanged))]
[JsonSerializable(typeof(CameraConnected))]
[JsonSerializable(typeof(CameraDisconnected))]
[JsonSerializable(typeof(CameraCapabilitiesProbed))]
[JsonSerializable(typeof(CameraRetired))]
[JsonSerializable(typeof(CameraNumberAssigned))]
[JsonSerializable(typeof(RecorderClaimed))]
[JsonSerializable(typeof(RecorderReleased))]
[JsonSerializable(typeof(RecordingRequested))]
[JsonSerializable(typeof(RecordingStarted))]
[JsonSerializable(typeof(RecordingSegmentCommitted))]
[JsonSerializable(typeof(RecordingInterrupted))]
[JsonSerializable(typeof(RecordingRecovered))]
[JsonSerializable(typeof(RecordingStopped))]
[JsonSerializable(typeof(RecordingFailed))]
[JsonSerializable(typeof(RecordingDeleted))]
[JsonSerializable(typeof(RecordingShredded))]
[JsonSerializable(typeof(LegalHoldPlaced))]
[JsonSerializable(typeof(LegalHoldReleased))]
[JsonSerializable(typeof(SnapshotTaken))]
[JsonSerializable(typeof(SnapshotFailed))]
[JsonSerializable(typeof(SnapshotDeleted))]
[JsonSerializable(typeof(SnapshotShredded))]
[JsonSerializable(typeof(CameraModesProbed))]
[JsonSerializable(typeof(BroadcastStarted))]
[JsonSerializable(typeof(BroadcastStopped))]
[JsonSerializable(typeof(DiscoveryIntervalSet))]
[JsonSerializable(typeof(LogExported))]
[JsonSerializable(typeof(LogForked))]
[JsonSerializable(typeof(LogKeyRotated))]
[JsonSerializable(typeof(SecretsRotationRequested))]
[JsonSerializable(typeof(FactParked))]
[JsonSerializable(typeof(FactUnparked))]
[JsonSerializable(typeof(FactAdopted))]
[JsonSerializable(typeof(RetentionPolicySet))]
[JsonSerializable(typeof(CleanupFinished))]
[JsonSerializable(typeof(StorageLevelChanged))]
[JsonSerializable(typeof(ApiKeyIssued))]
[JsonSerializable(typeof(ApiKeyRotated))]
[JsonSerializable(typeof(ApiKeyNarrowed))]
[JsonSerializable(typeof(ApiKeySuspended))]
[JsonSerializable(typeof(ApiKeyResumed))]
[JsonSerializable(typeof(ApiKeyRevoked))]
[JsonSerializable(typeof(ApiKeyExpired))]
[JsonSerializable(typeof(ApiKeyUsed))]
[JsonSerializable(typeof(UserCreated))]
[JsonSerializable(typeof(UserPasswordChanged))]
[JsonSerializable(typeof(UserLocked))]
[JsonSerializable(typeof(UserUnlocked))]
[JsonSerializable(typeof(UserDisabled))]
[JsonSerializable(typeof(UserEnabled))]
[JsonSerializable(typeof(UserRoleChanged))]
[JsonSerializable(typeof(UserCamerasChanged))]
[JsonSerializable(typeof(UserSessionsEnded))]
[JsonSerializable(typeof(UserSecondFactorEnrolled))]
[JsonSerializable(typeof(UserSecondFactorConfirmed))]
[JsonSerializable(typeof(UserSecondFactorUsed))]
[JsonSerializable(typeof(UserSecondFactorRemoved))]
[JsonSerializable(typeof(UserErased))]
[JsonSerializable(typeof(SessionStarted))]
[JsonSerializable(typeof(SessionRefreshed))]
[JsonSerializable(typeof(SessionEnded))]
[JsonSerializable(typeof(AccessGranted))]
[JsonSerializable(typeof(AccessRefused))]
[JsonSerializable(typeof(PicturesSeen))]
[JsonSerializable(typeof(ApiKeys.ApiKeyView))]
[JsonSerializable(typeof(Users.UserView))]
[JsonSerializable(typeof(Users.SessionView))]
[JsonSerializable(typeof(Cameras.CameraView))]
[JsonSerializable(typeof(Recordings.RecordingView))]
[JsonSerializable(typeof(Recordings.SegmentView))]
[JsonSerializable(typeof(Snapshots.SnapshotView))]
[JsonSerializable(typeof(Broadcasts.BroadcastView))]
[JsonSerializable(typeof(Retention.FootageView))]
[JsonSerializable(typeof(Retention.CleanupView))]
[JsonSerializable(typeof(Retention.StorageView))]
internal sealed partial class StoredJson : JsonSerializerContext;
