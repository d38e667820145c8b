using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Domain.Snapshots;

namespace Events.Application.Snapshots;

/// <summary>
/// Destroys an encrypted snapshot with all copies of its file: the fact first, then the key, which is what counts, then the
/// file that is here. What a crash leaves is finished at the next start, or by asking again.
/// </summary>
public sealed class ShredSnapshotHandler(IFootageKeys keys, FootageRemoval removal)
{
    /// <exception cref="DependencyUnavailableException">The key is still there. Ask again.</exception>
    public async Task<CommandResult> HandleAsync(ShredSnapshot command, IStreams streams, CancellationToken cancellationToken)
    {
        var shredded = await streams.TransactAsync(
            Snapshot.Decider, command.SnapshotId.ToString(), command, cancellationToken);
        if (CommandResult.RefusalOf(shredded) is not null
            || shredded.State is not Snapshot.Captured { IsShredded: true, FileName: var fileName })
        {
            return CommandResult.From(shredded);
        }

        // The log says that it is gone: now it has to be, whether or not the caller still waits.
        await keys.DestroyAsync(command.SnapshotId, CancellationToken.None);
        return CommandResult.From(shredded) with { Failure = await removal.RemoveSnapshotAsync(fileName) };
    }
}
