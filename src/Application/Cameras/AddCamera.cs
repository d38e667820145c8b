using Events.Application.Contracts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;

namespace Events.Application.Cameras;

/// <summary>Registers a camera.</summary>
/// <param name="Source">An address as people write it, credentials included; they are split off and kept apart.</param>
/// <param name="External">Set for an external stream; null for any other camera.</param>
public sealed record AddCamera(CameraId CameraId, string Name, string Source, ExternalStreamKind? External = null)
{
    public override string ToString() => $"AddCamera {CameraId}";
}

/// <summary>Changes where a camera's pictures come from.</summary>
/// <param name="Source">As in <see cref="AddCamera"/>. Without credentials, the old ones are forgotten.</param>
public sealed record MoveCamera(CameraId CameraId, string Source)
{
    public override string ToString() => $"MoveCamera {CameraId}";
}

/// <summary>
/// Gives the camera its number first, then stores its password, then registers it: whatever breaks off in between is found
/// again by the camera's id when the command is repeated.
/// </summary>
public sealed class AddCameraHandler(ISourceSecrets secrets, SourceGuard guard)
{
    public async Task<CommandResult> HandleAsync(AddCamera command, IStreams streams, CancellationToken cancellationToken)
    {
        if (SourceAddress.TryParse(command.Source) is not { } address)
        {
            return CommandResult.Refused(CameraRefusals.BadSource);
        }

        if (await guard.RefusalOfAsync(address.Source, cancellationToken) is not null)
        {
            return CommandResult.Refused(CameraRefusals.SourceNotAllowed);
        }

        string key = command.CameraId.ToString();
        Camera camera = await streams.LoadAsync(Camera.Decider, key, cancellationToken);
        var register = new RegisterCamera(
            command.CameraId, new CameraNumber(0), command.Name, address.Source, command.External);
        if (camera is not Camera.Unregistered
            || Camera.Decide(camera, register, default) is Decision<CameraEvent>.Refused)
        {
            // Nothing to hand out a number or keep a password for: let the rule answer.
            return CommandResult.From(await streams.TransactAsync(Camera.Decider, key, register, cancellationToken));
        }

        var numbered = await streams.TransactAsync(
            CameraNumbers.Decider, CameraNumbers.Key, new AssignCameraNumber(command.CameraId), cancellationToken);
        if (CommandResult.RefusalOf(numbered) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        await secrets.SetAsync(command.CameraId, address.Credentials, cancellationToken);
        return CommandResult.From(await streams.TransactAsync(
            Camera.Decider, key, register with { Number = numbered.State.Given[command.CameraId] }, cancellationToken));
    }
}

/// <summary>
/// Stores the password first, then the address. A new password alone is no fact, so the media layer is told here.
/// </summary>
public sealed class MoveCameraHandler(ISourceSecrets secrets, IMediaControl media, SourceGuard guard)
{
    public async Task<CommandResult> HandleAsync(MoveCamera command, IStreams streams, CancellationToken cancellationToken)
    {
        if (SourceAddress.TryParse(command.Source) is not { } address)
        {
            return CommandResult.Refused(CameraRefusals.BadSource);
        }

        if (await guard.RefusalOfAsync(address.Source, cancellationToken) is not null)
        {
            return CommandResult.Refused(CameraRefusals.SourceNotAllowed);
        }

        string key = command.CameraId.ToString();
        if (await streams.LoadAsync(Camera.Decider, key, cancellationToken) is Camera.Active)
        {
            await secrets.SetAsync(command.CameraId, address.Credentials, cancellationToken);
        }

        var moved = await streams.TransactAsync(
            Camera.Decider, key, new ChangeCameraSource(command.CameraId, address.Source), cancellationToken);
        if (moved is { Position: 0, State: Camera.Active { Number: var number } })
        {
            await media.WatchAsync(
                new CameraTarget(command.CameraId, number, address.Source, address.Credentials), cancellationToken);
        }

        return CommandResult.From(moved);
    }
}
