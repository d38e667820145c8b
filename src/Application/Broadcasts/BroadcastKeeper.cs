using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Application.Broadcasts;

/// <param name="Unwatched">How long a broadcast runs on without a viewer; zero for ever.</param>
public sealed record BroadcastRule(TimeSpan Unwatched);

/// <summary>
/// Ends broadcasts that nobody watches, and those of retired cameras. How long nobody watched is counted on the steady clock and
/// begins anew at a start: a restart is no reason to end a broadcast early.
/// </summary>
public sealed partial class BroadcastKeeper(
    IChanges changes,
    ILog log,
    IReadModels views,
    ILiveAudience audience,
    BroadcastRule rule,
    CommandBus bus,
    CameraKeeper cameras,
    TimeProvider time,
    ILogger<BroadcastKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>Between two looks at the audience, while anything is broadcast at all.</summary>
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();

    /// <summary>Running broadcasts, each with when it was last seen watched.</summary>
    private readonly Dictionary<CameraId, long> _watchedAt = [];

    private TaskCompletionSource _any = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await cameras.Ready.WaitAsync(stoppingToken);
        await Task.WhenAll(FollowAsync(stoppingToken), LookAsync(stoppingToken));
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        long? position = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                position ??= await FindRunningAsync(cancellationToken);
                await foreach (StoredFact stored in changes.FollowAsync(position.Value, cancellationToken))
                {
                    await TakeAsync(stored, cancellationToken);
                    position = stored.Position;
                }
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                LogRetry(e);
                await Task.Delay(RetryPause, time, cancellationToken);
            }
        }
    }

    private async Task<long> FindRunningAsync(CancellationToken cancellationToken)
    {
        long head = await log.HeadAsync(cancellationToken);
        for (int offset = 0; ; offset += ViewQuery.LimitMax)
        {
            var page = await views.ListAsync(
                BroadcastViewProjection.View, BroadcastView.Running with { Offset = offset }, cancellationToken);
            foreach (BroadcastView row in page.Rows)
            {
                Add(row.CameraId);
                if (await CameraOfAsync(row.CameraId, cancellationToken) is { Status: CameraStatus.Retired })
                {
                    // A crash came between the camera's retirement and the end of its broadcast.
                    await StopAsync(row.CameraId, BroadcastEnd.CameraRetired, null, cancellationToken);
                }
            }

            if (offset + page.Rows.Count >= page.Total)
            {
                return head;
            }
        }
    }

    private async Task TakeAsync(StoredFact stored, CancellationToken cancellationToken)
    {
        switch (stored.Fact)
        {
            case BroadcastStarted e:
                Add(e.CameraId);
                break;
            case BroadcastStopped e:
                lock (_gate)
                {
                    _watchedAt.Remove(e.CameraId);
                }

                break;
            case CameraRetired e:
                await StopAsync(e.CameraId, BroadcastEnd.CameraRetired, stored, cancellationToken);
                break;
            default:
                break;
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task any;
            CameraId[] running;
            lock (_gate)
            {
                running = [.. _watchedAt.Keys];
                any = _any.Task;
            }

            if (running.Length == 0 || rule.Unwatched == TimeSpan.Zero)
            {
                await any.WaitAsync(cancellationToken);
                continue;
            }

            try
            {
                foreach (CameraId id in running)
                {
                    await LookAtAsync(id, cancellationToken);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                LogRetry(e);
            }

            await Task.Delay(LookPause, time, cancellationToken);
        }
    }

    private async Task LookAtAsync(CameraId id, CancellationToken cancellationToken)
    {
        CameraView? camera = await CameraOfAsync(id, cancellationToken);
        bool isWatched = camera is not null && audience.CountOf(camera.Number) > 0;
        bool isOver;
        lock (_gate)
        {
            if (!_watchedAt.TryGetValue(id, out long since))
            {
                return;
            }

            _watchedAt[id] = isWatched ? time.GetTimestamp() : since;
            isOver = !isWatched && time.GetElapsedTime(since) >= rule.Unwatched;
        }

        if (isOver)
        {
            await StopAsync(id, BroadcastEnd.Unwatched, null, cancellationToken);
        }
    }

    private void Add(CameraId id)
    {
        lock (_gate)
        {
            _watchedAt[id] = time.GetTimestamp();
            _any.TrySetResult();
            _any = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private Task<CameraView?> CameraOfAsync(CameraId id, CancellationToken cancellationToken) =>
        views.FindAsync(CameraViewProjection.View, id.ToString(), cancellationToken);

    /// <param name="cause">Null when it is no fact.</param>
    private Task<CommandResult> StopAsync(
        CameraId id, BroadcastEnd reason, StoredFact? cause, CancellationToken cancellationToken) =>
        bus.SendAsync(
            new StopBroadcast(id, reason),
            cause is null ? Caller.System("keeper", id.ToString()) : Caller.After(cause, "keeper"),
            cancellationToken);

    [LoggerMessage(EventId = 2601, Level = LogLevel.Warning, Message = "Broadcasts: trying again shortly")]
    private partial void LogRetry(Exception exception);
}
