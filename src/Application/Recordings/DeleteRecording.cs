using Events.Application.Contracts;
using Events.Domain.Recordings;

namespace Events.Application.Recordings;

/// <summary>
/// Deletes a recording: the fact first, so that a file is never gone without one; then the file. What a crash leaves is
/// removed at the next start.
/// </summary>
public sealed class DeleteRecordingHandler(IFootage footage)
{
    public async Task<CommandResult> HandleAsync(DeleteRecording command, IStreams streams, CancellationToken cancellationToken)
    {
        var deleted = await streams.TransactAsync(
            Recording.Decider, command.RecordingId.ToString(), command, cancellationToken);
        if (deleted.State is Recording.Deleted { Take.Name: var name })
        {
            // The log says that it is gone: now it has to be, whether or not the caller still waits.
            await footage.DeleteRecordingAsync(name, CancellationToken.None);
        }

        return CommandResult.From(deleted);
    }
}
