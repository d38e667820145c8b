using System.Collections.Concurrent;
using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Microsoft.Extensions.Logging;

namespace Events.Application.Recordings;

/// <param name="RecordingId">Chosen by the caller, so that a repeated request names the same recording.</param>
/// <param name="Duration">Null to record until it is stopped; else 1 s to 24 h.</param>
public sealed record StartRecording(
    RecordingId RecordingId, CameraId CameraId, TimeSpan? Duration, RecordingFormat Format = RecordingFormat.Fmp4);

/// <summary>Starts a recording: intent first, then the outside world, then what came of it.</summary>
public sealed partial class StartRecordingHandler(
    IMediaControl media,
    IFootageKeys keys,
    StorageWatch storage,
    FootageCheck check,
    ILogger<StartRecordingHandler> logger)
{
    public static readonly TimeSpan DurationMin = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan DurationMax = TimeSpan.FromHours(24);

    /// <summary>Starts between their claim and their request, with the camera. At most one per request being served.</summary>
    private readonly ConcurrentDictionary<RecordingId, CameraId> _underWay = new();

    /// <returns>
    /// Accepted once the first frame is being written; a failure when the camera or the disk did not answer, which is a fact,
    /// too. A refusal when the camera is not active or is recorded already, or the disk is too full.
    /// </returns>
    public async Task<CommandResult> HandleAsync(StartRecording command, IStreams streams, CancellationToken cancellationToken)
    {
        if (command.Duration < DurationMin || command.Duration > DurationMax)
        {
            return CommandResult.Refused(RecordingRefusals.BadDuration);
        }

        Camera camera = await streams.LoadAsync(Camera.Decider, command.CameraId.ToString(), cancellationToken);
        if (camera is not Camera.Active { Number: var number })
        {
            return CommandResult.Refused(
                camera is Camera.Unregistered ? CameraRefusals.NotRegistered : RecordingRefusals.CameraNotActive);
        }

        if (check.Findings is null)
        {
            // The check cuts files that nobody writes; a recording that began during it would look like one of them.
            throw new DependencyUnavailableException("storage", "Footage is being checked after the start. Try again shortly.");
        }

        string key = command.RecordingId.ToString();
        Recording recording = await streams.LoadAsync(Recording.Decider, key, cancellationToken);
        if (recording is Recording.Unknown)
        {
            if (storage.Look().Level is StorageLevel.Critical)
            {
                return CommandResult.Refused(RecordingRefusals.StorageCritical);
            }

            _underWay[command.RecordingId] = command.CameraId;
            try
            {
                var claimed = await ClaimAsync(command, number, streams, cancellationToken);
                if (CommandResult.RefusalOf(claimed) is { } refusal)
                {
                    return CommandResult.Refused(refusal);
                }

                long? durationMs = command.Duration is { } duration ? (long)duration.TotalMilliseconds : null;
                var request = new RequestRecording(
                    command.RecordingId, command.CameraId, number, claimed.State.LastName, durationMs, command.Format);

                // The camera is claimed: a caller that has gone away must not leave it so without a recording.
                recording = (await streams.TransactAsync(Recording.Decider, key, request, CancellationToken.None)).State;
            }
            finally
            {
                _underWay.TryRemove(command.RecordingId, out _);
            }
        }

        return recording is Recording.Requested requested
            ? await BeginAsync(command.RecordingId, requested, streams)
            : new CommandResult(0, 0);
    }

    /// <summary>The second half, also for a recording whose request was found in the log after a crash.</summary>
    public async Task<CommandResult> BeginAsync(RecordingId id, Recording.Requested requested, IStreams streams)
    {
        var target = new RecordingTarget(
            id,
            requested.Take.CameraId,
            requested.Take.Name,
            requested.LastSegment + 1,
            TimeSpan.FromMilliseconds(requested.FootageMs),
            await keys.ForWritingAsync(id, CancellationToken.None));

        // From here on the world changes: what came of it is written down even when the caller has gone away.
        MediaStart start = await media.StartAsync(target, CancellationToken.None);
        LogOutcome(id, requested.Take.CameraId, start.GetType().Name);
        switch (start)
        {
            case MediaStart.Running running:
                var started = await streams.TransactAsync(
                    Recording.Decider,
                    id.ToString(),
                    new ConfirmRecordingStarted(id, running.FirstFrameAt),
                    CancellationToken.None);
                if (started.State is Recording.Ended or Recording.Deleted)
                {
                    // It was stopped while its first frame was waited for.
                    await media.StopAsync(id, CancellationToken.None);
                }

                return CommandResult.From(started);
            case MediaStart.Unreachable lost:
                var failed = await streams.TransactAsync(
                    Recording.Decider, id.ToString(), new ReportRecordingFailure(id, lost.Why), CancellationToken.None);
                await ReleaseAsync(requested.Take.CameraId, id, streams);
                return CommandResult.From(failed) with { Failure = new OutsideFailure("camera", lost.Why) };
            default:
                throw new InvalidOperationException($"Unknown media outcome: {start.GetType().Name}.");
        }
    }

    private async Task<Transacted<Recorder, RecorderEvent>> ClaimAsync(
        StartRecording command, CameraNumber number, IStreams streams, CancellationToken cancellationToken)
    {
        string key = command.CameraId.ToString();
        var claim = new ClaimRecorder(command.CameraId, command.RecordingId, number);
        var claimed = await streams.TransactAsync(Recorder.Decider, key, claim, cancellationToken);
        if (CommandResult.RefusalOf(claimed) is null
            || claimed.State is not Recorder.Busy { RecordingId: var holder }
            || !await IsLeftOverAsync(holder, streams, cancellationToken))
        {
            return claimed;
        }

        LogTakenOver(command.CameraId, holder);
        await ReleaseAsync(command.CameraId, holder, streams);
        return await streams.TransactAsync(Recorder.Decider, key, claim, cancellationToken);
    }

    /// <summary>
    /// A claim whose start, failure or stop broke off halfway, and whose caller may never come back to finish it. Asked in this
    /// order: a start that is no longer under way has its request in the log, or never will.
    /// </summary>
    private async Task<bool> IsLeftOverAsync(RecordingId holder, IStreams streams, CancellationToken cancellationToken) =>
        !_underWay.ContainsKey(holder)
        && await streams.LoadAsync(Recording.Decider, holder.ToString(), cancellationToken)
            is Recording.Unknown or Recording.Ended or Recording.Deleted;

    internal static Task<Transacted<Recorder, RecorderEvent>> ReleaseAsync(
        CameraId cameraId, RecordingId id, IStreams streams) =>
        streams.TransactAsync(
            Recorder.Decider, cameraId.ToString(), new ReleaseRecorder(cameraId, id), CancellationToken.None);

    [LoggerMessage(EventId = 2001, Level = LogLevel.Information,
        Message = "Recording {RecordingId} of camera {CameraId}: media says {Outcome}")]
    private partial void LogOutcome(RecordingId recordingId, CameraId cameraId, string outcome);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Warning,
        Message = "Camera {CameraId}: recording {RecordingId} broke off with the recorder claimed; it is free again")]
    private partial void LogTakenOver(CameraId cameraId, RecordingId recordingId);
}
