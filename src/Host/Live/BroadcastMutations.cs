using System.Security.Claims;
using Events.Domain.Broadcasts;
using Events.Domain.Kernel;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Live;

/// <summary>What came of a command to a broadcast.</summary>
/// <param name="Broadcast">As it is now; null when it was refused, there never was one, or the views lag behind.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record StartBroadcastPayload(BroadcastNode? Broadcast, string? Position);

/// <inheritdoc cref="StartBroadcastPayload"/>
internal sealed record StopBroadcastPayload(BroadcastNode? Broadcast, string? Position);

[MutationType]
[Authorize(Policy = nameof(Right.Control))]
internal static class BroadcastMutations
{
    /// <summary>Starts a camera's broadcast, or joins the one that runs.</summary>
    [Error<NotFoundError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<StartBroadcastPayload>> StartBroadcastAsync(
        [ID] Guid cameraId, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken) =>
        commands.SendAsync(
            new StartBroadcast(new CameraId(cameraId)),
            user,
            BroadcastNode.ById(cameraId),
            (node, position) => new StartBroadcastPayload(node, position),
            cancellationToken);

    /// <summary>Stops a camera's broadcast. Pictures go on for those who watch or record.</summary>
    [Error<NotFoundError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<StopBroadcastPayload>> StopBroadcastAsync(
        [ID] Guid cameraId, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken) =>
        commands.SendAsync(
            new StopBroadcast(new CameraId(cameraId), BroadcastEnd.Requested),
            user,
            BroadcastNode.ById(cameraId),
            (node, position) => new StopBroadcastPayload(node, position),
            cancellationToken);
}
