using Events.Application.Contracts;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;

namespace Events.Application.Broadcasts;

/// <summary>
/// Starts a broadcast, of a camera whose pictures come. The pictures themselves are there already: whoever has an address may
/// watch at once.
/// </summary>
public static class StartBroadcastHandler
{
    public static async Task<CommandResult> HandleAsync(
        StartBroadcast command, IStreams streams, CancellationToken cancellationToken)
    {
        string key = command.CameraId.ToString();
        Camera camera = await streams.LoadAsync(Camera.Decider, key, cancellationToken);
        return camera switch
        {
            Camera.Unregistered => CommandResult.Refused(CameraRefusals.NotRegistered),
            Camera.Active { IsConnected: true } =>
                CommandResult.From(await streams.TransactAsync(Broadcast.Decider, key, command, cancellationToken)),
            Camera.Active => CommandResult.Refused(BroadcastRefusals.CameraNotConnected),
            _ => CommandResult.Refused(BroadcastRefusals.CameraNotActive),
        };
    }
}
