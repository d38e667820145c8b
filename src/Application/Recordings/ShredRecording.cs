using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Domain.Recordings;

namespace Events.Application.Recordings;

/// <summary>
/// Destroys an encrypted recording with all copies of its files: the fact first, then the key, which is what counts, then the
/// files that are here. What a crash leaves is finished at the next start, or by asking again.
/// </summary>
public sealed class ShredRecordingHandler(IFootageKeys keys, FootageRemoval removal, IMediaControl media)
{
    /// <exception cref="DependencyUnavailableException">The key is still there. Ask again.</exception>
    public async Task<CommandResult> HandleAsync(ShredRecording command, IStreams streams, CancellationToken cancellationToken)
    {
        string key = command.RecordingId.ToString();
        if (await streams.LoadAsync(Recording.Decider, key, cancellationToken) is Recording.Ended { Take.CameraId: var camera }
            && media.SignalOf(camera)?.Recording == command.RecordingId)
        {
            // By the log it has ended; its last file is still being closed.
            return CommandResult.Refused(RecordingRefusals.StillRunning);
        }

        var shredded = await streams.TransactAsync(Recording.Decider, key, command, cancellationToken);
        if (CommandResult.RefusalOf(shredded) is not null
            || shredded.State is not Recording.Known { Take: { IsShredded: true, Name: var name } })
        {
            return CommandResult.From(shredded);
        }

        // The log says that it is gone: now it has to be, whether or not the caller still waits.
        await keys.DestroyAsync(command.RecordingId, CancellationToken.None);
        return CommandResult.From(shredded) with { Failure = await removal.RemoveRecordingAsync(name) };
    }
}
