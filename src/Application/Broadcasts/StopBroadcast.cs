using Events.Application.Contracts;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;

namespace Events.Application.Broadcasts;

/// <summary>Stops a broadcast. That of a retired camera, too; but who names a camera that never was is told so.</summary>
public static class StopBroadcastHandler
{
    public static async Task<CommandResult> HandleAsync(
        StopBroadcast command, IStreams streams, CancellationToken cancellationToken)
    {
        string key = command.CameraId.ToString();
        return await streams.LoadAsync(Camera.Decider, key, cancellationToken) is Camera.Unregistered
            ? CommandResult.Refused(CameraRefusals.NotRegistered)
            : CommandResult.From(await streams.TransactAsync(Broadcast.Decider, key, command, cancellationToken));
    }
}
