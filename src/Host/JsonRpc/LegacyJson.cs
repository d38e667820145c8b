using System.Text.Json.Serialization;
using Events.Host.Cameras;
using Events.Host.ExternalStreams;
using Events.Host.Identity;
using Events.Host.Live;
using Events.Host.Notifications;
using Events.Host.Recordings;
using Events.Host.Retention;
using Events.Host.Snapshots;
using Events.Host.Status;

namespace Events.Host.JsonRpc;

/// <summary>Shapes of the legacy contract: snake_case, and no nulls anywhere.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(Authenticated))]
[JsonSerializable(typeof(LegacyCamera))]
[JsonSerializable(typeof(LegacyCameraList))]
[JsonSerializable(typeof(LegacyCameraCapabilities))]
[JsonSerializable(typeof(LegacyStreamUrl))]
[JsonSerializable(typeof(LegacyStreamStarted))]
[JsonSerializable(typeof(LegacyStreamStopped))]
[JsonSerializable(typeof(LegacyStreamStatus))]
[JsonSerializable(typeof(LegacyStream[]))]
[JsonSerializable(typeof(LegacyRecordingStarted))]
[JsonSerializable(typeof(LegacyRecordingStopped))]
[JsonSerializable(typeof(LegacyFileList))]
[JsonSerializable(typeof(LegacyFileInfo))]
[JsonSerializable(typeof(LegacyDeletion))]
[JsonSerializable(typeof(LegacySnapshot))]
[JsonSerializable(typeof(LegacyStorage))]
[JsonSerializable(typeof(LegacyRetention))]
[JsonSerializable(typeof(LegacyCleanup))]
[JsonSerializable(typeof(Subscribed))]
[JsonSerializable(typeof(Unsubscribed))]
[JsonSerializable(typeof(RecordingUpdate))]
[JsonSerializable(typeof(CameraTopic))]
[JsonSerializable(typeof(SnapshotTopic))]
[JsonSerializable(typeof(StreamTopic))]
[JsonSerializable(typeof(SystemTopic))]
[JsonSerializable(typeof(SubscriptionStats))]
[JsonSerializable(typeof(LegacySystem))]
[JsonSerializable(typeof(LegacyReadiness))]
[JsonSerializable(typeof(LegacyServer))]
[JsonSerializable(typeof(LegacyMetrics))]
[JsonSerializable(typeof(LegacyDiscovered))]
[JsonSerializable(typeof(LegacyExternalAdded))]
[JsonSerializable(typeof(LegacyExternalRemoved))]
[JsonSerializable(typeof(LegacyExternalList))]
[JsonSerializable(typeof(LegacyInterval))]
internal sealed partial class LegacyJson : JsonSerializerContext;
