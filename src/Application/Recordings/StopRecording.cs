using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Recordings;

namespace Events.Application.Recordings;

/// <summary>Ends a recording for good.</summary>
public sealed record StopRecording(RecordingId RecordingId, StopReason Reason);

/// <summary>
/// Closes the file first, so that its last segment is in the log before the end is; then frees the camera's recorder.
/// Repeating it finishes what a crash left.
/// </summary>
public sealed class StopRecordingHandler(IMediaControl media)
{
    public async Task<CommandResult> HandleAsync(StopRecording command, IStreams streams, CancellationToken cancellationToken)
    {
        string key = command.RecordingId.ToString();
        if (await streams.LoadAsync(Recording.Decider, key, cancellationToken) is not Recording.Known { Take: var take })
        {
            return CommandResult.Refused(RecordingRefusals.NotFound);
        }

        DateTimeOffset? endedAt = await media.StopAsync(command.RecordingId, cancellationToken);

        // The file is closed: a caller that has gone away must not stop us from writing that down.
        var stopped = await streams.TransactAsync(
            Recording.Decider,
            key,
            new EndRecording(command.RecordingId, command.Reason, endedAt),
            CancellationToken.None);
        await StartRecordingHandler.ReleaseAsync(take.CameraId, command.RecordingId, streams);
        return CommandResult.From(stopped);
    }
}
