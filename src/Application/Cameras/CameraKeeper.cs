using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Application.Cameras;

/// <summary>
/// Makes the media layer take in exactly the cameras that the log says are active: all of them at start, then as facts come.
/// Recordings wait for <see cref="Ready"/>, since a recording needs its camera watched.
/// </summary>
public sealed partial class CameraKeeper(
    IChanges changes,
    ILog log,
    IReadModels views,
    IMediaControl media,
    ISourceSecrets secrets,
    CommandBus bus,
    ILogger<CameraKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes once every active camera of the log is watched.</summary>
    public Task Ready => _ready.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? position = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                position ??= await WatchAllAsync(stoppingToken);
                _ready.TrySetResult();
                await foreach (StoredFact stored in changes.FollowAsync(position.Value, stoppingToken))
                {
                    await FollowAsync(stored, stoppingToken);
                    position = stored.Position;
                }
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                Note(e);
                await Task.Delay(RetryPause, stoppingToken);
            }
        }
    }

    /// <summary>
    /// A view that stands still must not keep cameras out, unless it is theirs: then what it shows may be out of date.
    /// </summary>
    private async Task WaitForCamerasAsync(long head, CancellationToken cancellationToken)
    {
        bool isTold = false;
        while (!await views.WaitForAsync(head, TimeSpan.FromSeconds(30), cancellationToken))
        {
            if ((await views.StatusAsync(cancellationToken))
                .Any(view => view.Name == CameraViewProjection.View.Name && view.Position >= head))
            {
                return;
            }

            if (!isTold)
            {
                LogWaiting(head);
                isTold = true;
            }

            // Of views that stand still the answer comes at once.
            await Task.Delay(RetryPause, cancellationToken);
        }
    }

    private async Task<long> WatchAllAsync(CancellationToken cancellationToken)
    {
        long head = await log.HeadAsync(cancellationToken);
        await WaitForCamerasAsync(head, cancellationToken);

        for (int offset = 0; ; offset += ViewQuery.LimitMax)
        {
            var page = await views.ListAsync(
                CameraViewProjection.View, ViewQuery.All with { OrderBy = "number", Offset = offset }, cancellationToken);
            foreach (CameraView camera in page.Rows)
            {
                if (camera.Status is CameraStatus.Retired)
                {
                    // A crash may have come between its retirement and this.
                    await secrets.SetAsync(camera.Id, null, cancellationToken);
                    continue;
                }

                // Whatever the log says of a connection was true of the program that ran before this one.
                await bus.SendAsync(
                    new ReportCameraDisconnected(camera.Id, "The host was started again."),
                    Caller.System("keeper", camera.Id.ToString()),
                    cancellationToken);
                await WatchAsync(camera.Id, cancellationToken);
            }

            if (offset + page.Rows.Count >= page.Total)
            {
                return head;
            }
        }
    }

    private async Task FollowAsync(StoredFact stored, CancellationToken cancellationToken)
    {
        switch (stored.Fact)
        {
            case CameraRegistered or CameraSourceChanged:
                await WatchAsync(((CameraEvent)stored.Fact).CameraId, cancellationToken);
                break;
            case CameraRetired e:
                await StopRecordingsAsync(e.CameraId, stored, cancellationToken);
                await media.ForgetAsync(e.CameraId, cancellationToken);
                await secrets.SetAsync(e.CameraId, null, cancellationToken);
                break;
            default:
                break;
        }
    }

    private async Task WatchAsync(CameraId id, CancellationToken cancellationToken)
    {
        CameraView? camera = await views.FindAsync(CameraViewProjection.View, id.ToString(), cancellationToken);
        if (camera is { Status: not CameraStatus.Retired })
        {
            SourceCredentials? credentials = await secrets.FindAsync(id, cancellationToken);
            await media.WatchAsync(new CameraTarget(id, camera.Number, camera.Source, credentials), cancellationToken);
        }
    }

    private async Task StopRecordingsAsync(CameraId id, StoredFact retirement, CancellationToken cancellationToken)
    {
        var open = await views.ListAsync(
            RecordingViewProjection.View,
            new ViewQuery(
            [
                new ViewFilter("is_open", ViewOperator.Equal, true),
                new ViewFilter("camera_id", ViewOperator.Equal, id.ToString()),
            ]),
            cancellationToken);
        foreach (RecordingView recording in open.Rows)
        {
            await bus.SendAsync(
                new StopRecording(recording.Id, StopReason.CameraRetired),
                Caller.After(retirement, "keeper"),
                cancellationToken);
        }
    }

    private void Note(Exception failed)
    {
        // Where the program was when PostgreSQL was away, or the log took no facts, helps nobody, once a second.
        if (failed is DependencyUnavailableException)
        {
            LogUnavailable(failed.Message);
            return;
        }

        LogRetry(failed);
    }

    [LoggerMessage(EventId = 2103, Level = LogLevel.Warning, Message = "Cameras: trying again in a second. {Why}")]
    private partial void LogUnavailable(string why);

    [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "Cameras: trying again in a second")]
    private partial void LogRetry(Exception exception);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Information, Message = "Waiting for the views to reach position {Position}")]
    private partial void LogWaiting(long position);
}
