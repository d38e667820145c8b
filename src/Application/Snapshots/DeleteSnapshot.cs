using Events.Application.Contracts;
using Events.Domain.Snapshots;

namespace Events.Application.Snapshots;

/// <summary>Deletes a snapshot: the fact first, then the file. What a crash leaves is removed at the next start.</summary>
public sealed class DeleteSnapshotHandler(IFootage footage)
{
    public async Task<CommandResult> HandleAsync(DeleteSnapshot command, IStreams streams, CancellationToken cancellationToken)
    {
        var deleted = await streams.TransactAsync(
            Snapshot.Decider, command.SnapshotId.ToString(), command, cancellationToken);
        if (deleted.State is Snapshot.Deleted { FileName: var fileName })
        {
            // The log says that it is gone: now it has to be, whether or not the caller still waits.
            await footage.DeleteSnapshotAsync(fileName, CancellationToken.None);
        }

        return CommandResult.From(deleted);
    }
}
