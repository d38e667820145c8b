using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Domain.Recordings;

namespace Events.Application.Recordings;

/// <summary>
/// Deletes a recording: the fact first, so that a file is never gone without one; then the file. What a crash leaves is
/// removed at the next start, what the disk refuses by the keeper.
/// </summary>
public sealed class DeleteRecordingHandler(FootageRemoval removal, IMediaControl media)
{
    public async Task<CommandResult> HandleAsync(DeleteRecording command, IStreams streams, CancellationToken cancellationToken)
    {
        string key = command.RecordingId.ToString();
        if (await streams.LoadAsync(Recording.Decider, key, cancellationToken) is Recording.Ended { Take.CameraId: var camera }
            && media.SignalOf(camera)?.Recording == command.RecordingId)
        {
            // By the log it has ended; its last file is still being closed.
            return CommandResult.Refused(RecordingRefusals.StillRunning);
        }

        var deleted = await streams.TransactAsync(Recording.Decider, key, command, cancellationToken);

        // The log says that it is gone: now it has to be, whether or not the caller still waits.
        return deleted.State is Recording.Deleted { Take.Name: var name }
            ? CommandResult.From(deleted) with { Failure = await removal.RemoveRecordingAsync(name) }
            : CommandResult.From(deleted);
    }
}
