using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;
using Events.Host.Cameras;
using Events.Host.JsonRpc;
using Events.Host.Live;
using Events.Host.Security;

namespace Events.Host.Notifications;

/// <param name="Duration">Of the footage so far, in seconds.</param>
/// <param name="Timestamp">Only in the dotted dialect; null, and left out, in the other.</param>
internal sealed record RecordingUpdate(string Device, string Status, string Filename, long Duration, string? Timestamp);

internal sealed record CameraTopic(
    string Device, string Status, string Name, string Resolution, int Fps, LegacyStreams Streams, string Timestamp);

internal sealed record SnapshotTopic(string Device, string Filename, string Status, string FilePath, string Timestamp);

internal sealed record StreamTopic(
    string Name, string Source, bool Ready, int Readers, long BytesSent, string Timestamp);

/// <summary>
/// Tells subscribed sockets what became a fact, in the dialect each asked for: a topic named like a method is delivered under
/// that method with the web client's words, a dotted one under its own name with the document's words and a time.
/// </summary>
internal sealed partial class Notifier(
    IChanges changes,
    ILog log,
    IReadModels views,
    LegacyCameras cameras,
    LegacyStreamList streams,
    Notices notices,
    TimeProvider time,
    ILogger<Notifier> logger)
    : BackgroundService
{
    private const string Changed = "camera.status_change";

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
                    if (notices.HasSockets)
                    {
                        await TellAsync(stored.Fact, stoppingToken);
                    }

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

    private Task TellAsync(object? fact, CancellationToken cancellationToken) =>
        fact switch
        {
            CameraEvent e => TellCameraAsync(e, cancellationToken),
            RecordingEvent e => TellRecordingAsync(e, cancellationToken),
            BroadcastEvent e => TellBroadcastAsync(e, cancellationToken),
            SnapshotTaken e => TellSnapshot(e.CameraId, e.CameraNumber, e.FileName, "SUCCESS", "snapshot.taken", e.At),
            SnapshotFailed e => TellSnapshot(e.CameraId, e.CameraNumber, e.FileName, "FAILED", "snapshot.error", e.At),
            _ => Task.CompletedTask,
        };

    private async Task TellCameraAsync(CameraEvent fact, CancellationToken cancellationToken)
    {
        CameraView? view = await views.FindAsync(CameraViewProjection.View, fact.CameraId.ToString(), cancellationToken);
        if (view is null)
        {
            return;
        }

        // The view may be ahead of this fact; what is told is how the camera is now, except for what this fact itself says.
        LegacyCamera Shown(LinkOwner owner) => cameras.Show(view, owner) with
        {
            Status = fact switch
            {
                CameraConnected => "CONNECTED",
                CameraDisconnected or CameraRetired => "DISCONNECTED",
                _ => LegacyCameras.StatusOf(view),
            },
        };
        string device = view.Number.ToString();
        notices.Send(Notices.CameraMethod, device, view.Id, fact.At, Shown, LegacyJson.Default.LegacyCamera);
        foreach (string topic in TopicsOf(fact))
        {
            notices.Send(
                topic,
                device,
                view.Id,
                fact.At,
                owner =>
                {
                    LegacyCamera c = Shown(owner);
                    return new CameraTopic(
                        c.Device, c.Status, c.Name, c.Resolution, c.Fps, c.Streams, LegacyText.Instant(fact.At));
                },
                LegacyJson.Default.CameraTopic);
        }

        if (fact is CameraConnected or CameraDisconnected)
        {
            string[] topics = ["mediamtx.stream", "mediamtx.path"];
            TellStream(view, fact.At, fact is CameraConnected, fact is CameraConnected ? topics : [.. topics, "mediamtx.error"]);
        }
    }

    private static string[] TopicsOf(CameraEvent fact) =>
        fact switch
        {
            CameraConnected => [Changed, "camera.connected"],
            CameraDisconnected => [Changed, "camera.disconnected"],
            CameraRegistered or CameraRetired => [Changed],
            CameraCapabilitiesProbed or CameraModesProbed => ["camera.capability_detected"],
            _ => [],
        };

    private async Task TellRecordingAsync(RecordingEvent fact, CancellationToken cancellationToken)
    {
        // The web client's status, the document's, and the dotted topics; segments are told in the dotted dialect alone, or a
        // client that counts starts would count each of them.
        (string? Client, string Topic, string[] Topics) told = fact switch
        {
            RecordingStarted or RecordingRecovered =>
                ("RECORDING", "STARTED", ["recording.start", "recording.started", "mediamtx.recording_started"]),
            RecordingStopped => ("STOPPED", "STOPPED", ["recording.stop", "recording.stopped", "mediamtx.recording_stopped"]),
            RecordingInterrupted or RecordingFailed =>
                ("ERROR", "ERROR", ["recording.error", "mediamtx.recording_failed"]),
            RecordingSegmentCommitted => (null, "STARTED", ["recording.progress"]),
            _ => (null, string.Empty, []),
        };
        if (told.Topics.Length == 0
            || await views.FindAsync(RecordingViewProjection.View, fact.RecordingId.ToString(), cancellationToken)
                is not { } view)
        {
            return;
        }

        string device = view.CameraNumber.ToString();
        long duration = LegacyText.Seconds(TimeSpan.FromMilliseconds(view.FootageMs));
        if (told.Client is { } status)
        {
            var update = new RecordingUpdate(device, status, view.Name, duration, null);
            notices.Send(
                Notices.RecordingMethod, device, view.CameraId, fact.At, _ => update, LegacyJson.Default.RecordingUpdate);
        }

        var dotted = new RecordingUpdate(device, told.Topic, view.Name, duration, LegacyText.Instant(fact.At));
        foreach (string topic in told.Topics)
        {
            notices.Send(topic, device, view.CameraId, fact.At, _ => dotted, LegacyJson.Default.RecordingUpdate);
        }
    }

    private async Task TellBroadcastAsync(BroadcastEvent fact, CancellationToken cancellationToken)
    {
        CameraView? view = await views.FindAsync(CameraViewProjection.View, fact.CameraId.ToString(), cancellationToken);
        if (view is not null)
        {
            string topic = fact is BroadcastStarted ? "mediamtx.stream_started" : "mediamtx.stream_stopped";
            TellStream(view, fact.At, isReady: null, ["mediamtx.stream", topic]);
        }
    }

    /// <param name="isReady">What the fact says of it; null for how it is now.</param>
    private void TellStream(CameraView view, DateTimeOffset at, bool? isReady, string[] topics)
    {
        LegacyStream now = streams.Show(view);
        var told = new StreamTopic(
            now.Name, now.Source, isReady ?? now.Ready, now.Readers, now.BytesSent, LegacyText.Instant(at));
        foreach (string topic in topics)
        {
            notices.Send(topic, now.Name, view.Id, at, _ => told, LegacyJson.Default.StreamTopic);
        }
    }

    private Task TellSnapshot(
        CameraId camera, CameraNumber number, string fileName, string status, string topic, DateTimeOffset at)
    {
        var update = new SnapshotTopic(
            number.ToString(), fileName, status, $"/snapshots/{fileName}", LegacyText.Instant(at));
        notices.Send(topic, number.ToString(), camera, at, _ => update, LegacyJson.Default.SnapshotTopic);
        return Task.CompletedTask;
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Warning, Message = "Notifications: trying again in a second")]
    private partial void LogRetry(Exception exception);
}
