using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;
using Events.Host.Cameras;
using Events.Host.JsonRpc;
using Events.JsonRpc;

namespace Events.Host.Notifications;

/// <param name="Duration">Of the footage so far, in seconds.</param>
/// <param name="Timestamp">Only in the dotted dialect; null, and left out, in the other.</param>
internal sealed record RecordingUpdate(string Device, string Status, string Filename, double Duration, string? Timestamp);

internal sealed record CameraTopic(
    string Device, string Status, string Name, string Resolution, double Fps, LegacyStreams Streams, string Timestamp);

internal sealed record SnapshotTopic(string Device, string Filename, string Status, string FilePath, string Timestamp);

/// <summary>
/// Tells subscribed sockets what became a fact, in the dialect each asked for: a topic named like a method is delivered under
/// that method with the web client's words, a dotted one under its own name with the document's words and a time.
/// </summary>
internal sealed partial class Notifier(
    IChanges changes,
    ILog log,
    IReadModels views,
    LegacyCameras cameras,
    ClientSessions sessions,
    TimeProvider time,
    ILogger<Notifier> logger)
    : BackgroundService
{
    private const string CameraMethod = "camera_status_update";
    private const string RecordingMethod = "recording_status_update";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? position = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                position ??= await log.HeadAsync(stoppingToken);
                await foreach (StoredFact stored in changes.FollowAsync(position.Value, stoppingToken))
                {
                    await TellAsync(stored, stoppingToken);
                    position = stored.Position;
                }
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                LogRetry(e);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
        }
    }

    private Task TellAsync(StoredFact stored, CancellationToken cancellationToken) =>
        (sessions.Count, stored.Fact) switch
        {
            (0, _) => Task.CompletedTask,
            (_, CameraRegistered e) => TellCameraAsync(e, "camera.status_change", null, cancellationToken),
            (_, CameraConnected e) => TellCameraAsync(e, "camera.status_change", "camera.connected", cancellationToken),
            (_, CameraDisconnected e) => TellCameraAsync(e, "camera.status_change", "camera.disconnected", cancellationToken),
            (_, CameraCapabilitiesProbed e) =>
                TellCameraAsync(e, "camera.status_change", "camera.capability_detected", cancellationToken),
            (_, CameraRenamed e) => TellCameraAsync(e, "camera.status_change", null, cancellationToken),
            (_, RecordingStarted e) =>
                TellRecordingAsync(e, "RECORDING", "STARTED", ["recording.start", "recording.started"], cancellationToken),
            (_, RecordingRecovered e) =>
                TellRecordingAsync(e, "RECORDING", "STARTED", ["recording.start", "recording.started"], cancellationToken),
            (_, RecordingStopped e) =>
                TellRecordingAsync(e, "STOPPED", "STOPPED", ["recording.stop", "recording.stopped"], cancellationToken),
            (_, RecordingInterrupted e) => TellRecordingAsync(e, "ERROR", "ERROR", ["recording.error"], cancellationToken),
            (_, RecordingFailed e) => TellRecordingAsync(e, "ERROR", "ERROR", ["recording.error"], cancellationToken),
            (_, SnapshotTaken e) => TellSnapshot(e.CameraNumber, e.FileName, "SUCCESS", "snapshot.taken", e.At),
            (_, SnapshotFailed e) => TellSnapshot(e.CameraNumber, e.FileName, "FAILED", "snapshot.error", e.At),
            _ => Task.CompletedTask,
        };

    private async Task TellCameraAsync(
        CameraEvent fact, string always, string? topic, CancellationToken cancellationToken)
    {
        CameraView? view = await views.FindAsync(CameraViewProjection.View, fact.CameraId.ToString(), cancellationToken);
        if (view is null)
        {
            return;
        }

        // The view may be ahead of this fact; what is told is how the camera is now, except for what this fact itself says.
        LegacyCamera Shown(string? host) => cameras.Show(view, host) with
        {
            Status = fact switch
            {
                CameraConnected => "CONNECTED",
                CameraDisconnected => "DISCONNECTED",
                _ => LegacyCameras.StatusOf(view),
            },
        };
        string device = view.Number.ToString();
        Send(CameraMethod, device, fact.At, Shown, LegacyJson.Default.LegacyCamera);
        foreach (string name in topic is null ? [always] : new[] { always, topic })
        {
            Send(
                name,
                device,
                fact.At,
                host =>
                {
                    LegacyCamera c = Shown(host);
                    return new CameraTopic(
                        c.Device, c.Status, c.Name, c.Resolution, c.Fps, c.Streams, LegacyText.Instant(fact.At));
                },
                LegacyJson.Default.CameraTopic);
        }
    }

    private async Task TellRecordingAsync(
        RecordingEvent fact, string clientStatus, string topicStatus, string[] topics, CancellationToken cancellationToken)
    {
        RecordingView? view = await views.FindAsync(
            RecordingViewProjection.View, fact.RecordingId.ToString(), cancellationToken);
        if (view is null)
        {
            return;
        }

        string device = view.CameraNumber.ToString();
        var update = new RecordingUpdate(device, clientStatus, view.Name, view.FootageMs / 1000.0, null);
        Send(RecordingMethod, device, fact.At, _ => update, LegacyJson.Default.RecordingUpdate);
        var dotted = update with { Status = topicStatus, Timestamp = LegacyText.Instant(fact.At) };
        foreach (string topic in topics)
        {
            Send(topic, device, fact.At, _ => dotted, LegacyJson.Default.RecordingUpdate);
        }
    }

    private Task TellSnapshot(CameraNumber number, string fileName, string status, string topic, DateTimeOffset at)
    {
        var update = new SnapshotTopic(
            number.ToString(), fileName, status, $"/snapshots/{fileName}", LegacyText.Instant(at));
        Send(topic, number.ToString(), at, _ => update, LegacyJson.Default.SnapshotTopic);
        return Task.CompletedTask;
    }

    /// <summary>Encodes once for all sockets that call us by the same host, and only when one wants it.</summary>
    private void Send<T>(string topic, string device, DateTimeOffset at, Func<string?, T> valueFor, JsonTypeInfo<T> json)
    {
        Dictionary<string, JsonRpcNotification> encoded = [];
        foreach (ClientSession session in sessions.All)
        {
            if (!session.Subscriptions.Wants(topic, device, at) || session.Identity is not { } identity
                || identity.ExpiresAt <= time.GetUtcNow())
            {
                continue;
            }

            string host = session.Connection.Host ?? string.Empty;
            if (!encoded.TryGetValue(host, out JsonRpcNotification? notification))
            {
                byte[] text = JsonSerializer.SerializeToUtf8Bytes(valueFor(host), json);
                encoded[host] = notification = JsonRpcNotification.Encode(topic, text);
            }

            session.Connection.TryNotify(notification);
        }
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Warning, Message = "Notifications: trying again in a second")]
    private partial void LogRetry(Exception exception);
}
