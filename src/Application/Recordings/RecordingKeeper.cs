using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Application.Recordings;

/// <summary>
/// Stops recordings whose time is up, and brings open ones back: at start those that a crash left, later any whose pictures
/// the media layer no longer writes. Every pass looks at the log's view alone, so it may run at any time and again.
/// </summary>
public sealed partial class RecordingKeeper(
    IChanges changes,
    ILog log,
    IReadModels views,
    IMediaControl media,
    IFootageKeys keys,
    IEventStore store,
    FootageCheck footage,
    StartRecordingHandler starter,
    CommandBus bus,
    CameraKeeper cameras,
    TimeProvider time,
    ILogger<RecordingKeeper> logger)
    : BackgroundService
{
    /// <summary>How often open recordings are looked at when no fact and no deadline calls earlier.</summary>
    private static readonly TimeSpan PassPause = TimeSpan.FromSeconds(5);

    private readonly Deadlines _deadlines = new(time);

    /// <summary>Since when, by the steady clock, the log says running and nobody writes. Open recordings only.</summary>
    private readonly Dictionary<RecordingId, long> _unwritten = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await cameras.Ready.WaitAsync(stoppingToken);
        long position = await UntilDoneAsync(
            async () =>
            {
                long head = await log.HeadAsync(stoppingToken);
                await footage.RunAsync(stoppingToken);
                return head;
            },
            stoppingToken);
        await Task.WhenAll(FollowAsync(position, stoppingToken), PassAsync(stoppingToken));
    }

    /// <summary>Deadlines are kept as spans from the moment a start is seen, so that setting the clock moves none.</summary>
    private async Task FollowAsync(long position, CancellationToken cancellationToken)
    {
        await foreach (StoredFact stored in changes.FollowAsync(position, cancellationToken))
        {
            switch (stored.Fact)
            {
                case RecordingStarted e:
                    await UntilDoneAsync(() => ScheduleAsync(e.RecordingId, cancellationToken), cancellationToken);
                    break;
                case RecordingStopped or RecordingFailed:
                    _deadlines.Remove(((RecordingEvent)stored.Fact).RecordingId);
                    break;
                default:
                    break;
            }
        }
    }

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await UntilDoneAsync(() => LookAtOpenAsync(cancellationToken), cancellationToken);
            await _deadlines.WaitAsync(PassPause, cancellationToken);
        }
    }

    private async Task<bool> LookAtOpenAsync(CancellationToken cancellationToken)
    {
        var open = await views.ListAsync(RecordingViewProjection.View, RecordingView.Open, cancellationToken);
        HashSet<RecordingId> openIds = [.. open.Rows.Select(recording => recording.Id)];
        _deadlines.ForgetPast(openIds);
        foreach (RecordingId gone in _unwritten.Keys.Where(id => !openIds.Contains(id)).ToArray())
        {
            _unwritten.Remove(gone);
        }

        foreach (RecordingView recording in open.Rows)
        {
            Schedule(recording);
        }

        // Ends come first: to bring a recording back may take a while. One that gives trouble must not hold up the others.
        List<Exception> troubles = [];
        foreach (RecordingView recording in open.Rows.OrderByDescending(recording => _deadlines.IsPast(recording.Id)))
        {
            try
            {
                await LookAtAsync(recording, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                troubles.Add(e);
            }
        }

        return troubles.Count == 0 ? true : throw new AggregateException(troubles);
    }

    private async Task LookAtAsync(RecordingView recording, CancellationToken cancellationToken)
    {
        Caller caller = Caller.System("keeper", recording.Id.ToString());
        CameraSignal? signal = media.SignalOf(recording.CameraId);
        if (signal is not { IsConnected: true, Recording: null })
        {
            _unwritten.Remove(recording.Id);
        }

        if (_deadlines.IsPast(recording.Id))
        {
            await bus.SendAsync(
                new StopRecording(recording.Id, StopReason.DurationReached),
                await AskedAsync(recording.Id, cancellationToken),
                cancellationToken);
            LogTimeUp(recording.Name);
        }
        else if (signal is { IsConnected: true, Recording: null })
        {
            await ContinueAsync(recording, store.For(caller.Origin), cancellationToken);
        }
        else if (signal is null && await IsRetiredAsync(recording.CameraId, cancellationToken))
        {
            // A crash came between the camera's retirement and the end of its recording.
            await bus.SendAsync(new StopRecording(recording.Id, StopReason.CameraRetired), caller, cancellationToken);
        }
    }

    /// <summary>What its request wanted for later, too, follows from that request.</summary>
    private async Task<Caller> AskedAsync(RecordingId id, CancellationToken cancellationToken) =>
        Caller.After(
            (await log.ReadStreamAsync($"{Recording.Decider.Category}-{id}", 0, 1, cancellationToken))[0], "keeper");

    private async Task<bool> IsRetiredAsync(CameraId id, CancellationToken cancellationToken) =>
        await views.FindAsync(CameraViewProjection.View, id.ToString(), cancellationToken)
            is { Status: CameraStatus.Retired };

    /// <summary>Goes on with a recording that nobody writes. A request whose start was never tried is tried now.</summary>
    private async Task ContinueAsync(RecordingView view, IStreams streams, CancellationToken cancellationToken)
    {
        Recording recording = await streams.LoadAsync(Recording.Decider, view.Id.ToString(), cancellationToken);
        switch (recording)
        {
            // A request from the future is an old one, too: the clock was set back since.
            case Recording.Requested requested when (time.GetUtcNow() - view.RequestedAt).Duration() > PassPause:
                Caller asked = await AskedAsync(view.Id, cancellationToken);
                await starter.BeginAsync(view.Id, requested, store.For(asked.Origin));
                break;
            case Recording.Running:
                await DoubtAsync(view, streams);
                break;
            case Recording.Interrupted known:
                _unwritten.Remove(view.Id);
                MediaStart start = await media.StartAsync(
                    new RecordingTarget(
                        view.Id,
                        view.CameraId,
                        view.Name,
                        known.LastSegment + 1,
                        TimeSpan.FromMilliseconds(known.FootageMs),
                        await keys.ForWritingAsync(view.Id, cancellationToken)),
                    cancellationToken);
                if (start is MediaStart.Running running)
                {
                    var recovered = await streams.TransactAsync(
                        Recording.Decider,
                        view.Id.ToString(),
                        new ReportRecordingRecovered(view.Id, running.FirstFrameAt),
                        CancellationToken.None);
                    if (recovered.State is Recording.Ended or Recording.Deleted)
                    {
                        // It was stopped while it was brought back.
                        await media.StopAsync(view.Id, CancellationToken.None);
                        break;
                    }

                    LogGoesOn(view.Name);
                }

                break;
            default:
                break;
        }
    }

    /// <summary>
    /// A stop that is under way looks like this for a moment; a report or a stop that never reached the log, for ever. What
    /// stays so is written down as an interruption, and the next pass goes on from there.
    /// </summary>
    private async Task DoubtAsync(RecordingView view, IStreams streams)
    {
        if (_unwritten.TryAdd(view.Id, time.GetTimestamp()) || time.GetElapsedTime(_unwritten[view.Id]) < PassPause)
        {
            return;
        }

        await streams.TransactAsync(
            Recording.Decider,
            view.Id.ToString(),
            new ReportRecordingInterrupted(view.Id, "not_written") as RecordingCommand,
            CancellationToken.None);
        LogNotWritten(view.Name);
    }

    private async Task<bool> ScheduleAsync(RecordingId id, CancellationToken cancellationToken)
    {
        RecordingView? view = await views.FindAsync(RecordingViewProjection.View, id.ToString(), cancellationToken);
        if (view is { IsOpen: true })
        {
            Schedule(view);
        }

        return true;
    }

    private void Schedule(RecordingView view)
    {
        if (view.EndsAt is { } endsAt)
        {
            _deadlines.Add(view.Id, endsAt);
        }
    }

    private async Task<T> UntilDoneAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await work();
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                Note(e);
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken);
            }
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

    [LoggerMessage(EventId = 2205, Level = LogLevel.Warning, Message = "Recordings: trying again in a second. {Why}")]
    private partial void LogUnavailable(string why);

    [LoggerMessage(EventId = 2201, Level = LogLevel.Warning, Message = "Recordings: trying again in a second")]
    private partial void LogRetry(Exception exception);

    [LoggerMessage(EventId = 2202, Level = LogLevel.Information, Message = "Recording {Name}: its time is up")]
    private partial void LogTimeUp(string name);

    [LoggerMessage(EventId = 2203, Level = LogLevel.Information, Message = "Recording {Name} goes on")]
    private partial void LogGoesOn(string name);

    [LoggerMessage(EventId = 2204, Level = LogLevel.Warning,
        Message = "Recording {Name} runs by the log, but nobody writes it: it counts as interrupted")]
    private partial void LogNotWritten(string name);
}
