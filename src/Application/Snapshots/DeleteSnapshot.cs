using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Domain.Snapshots;

namespace Events.Application.Snapshots;

/// <summary>
/// Deletes a snapshot: the fact first, then the file. What a crash leaves is removed at the next start, what the disk refuses
/// by the keeper.
/// </summary>
public sealed class DeleteSnapshotHandler(FootageRemoval removal)
{
    public async Task<CommandResult> HandleAsync(DeleteSnapshot command, IStreams streams, CancellationToken cancellationToken)
    {
        var deleted = await streams.TransactAsync(
            Snapshot.Decider, command.SnapshotId.ToString(), command, cancellationToken);

        // The log says that it is gone: now it has to be, whether or not the caller still waits.
        return deleted.State is Snapshot.Deleted { FileName: var fileName }
            ? CommandResult.From(deleted) with { Failure = await removal.RemoveSnapshotAsync(fileName) }
            : CommandResult.From(deleted);
    }
}
