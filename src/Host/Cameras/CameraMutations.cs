using System.Security.Claims;
using Events.Application.Cameras;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Cameras;

/// <summary>What came of a command to a camera.</summary>
/// <param name="Camera">As it is now; null when it was refused, or the views lag behind.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record AddCameraPayload(CameraNode? Camera, string? Position);

/// <inheritdoc cref="AddCameraPayload"/>
internal sealed record RenameCameraPayload(CameraNode? Camera, string? Position);

/// <inheritdoc cref="AddCameraPayload"/>
internal sealed record MoveCameraPayload(CameraNode? Camera, string? Position);

/// <inheritdoc cref="AddCameraPayload"/>
internal sealed record RetireCameraPayload(CameraNode? Camera, string? Position);

[MutationType]
[Authorize(Policy = nameof(Right.Administer))]
internal static class CameraMutations
{
    /// <summary>Registers a camera. Repeated with the same id, name and source it changes nothing.</summary>
    /// <param name="name">1 to 80 characters.</param>
    /// <param name="source">
    /// rtsp://user:password@host/path, http://host/path, v4l2:/dev/video0, file:///clip.mp4 or test:pattern. Credentials are
    /// kept apart and never shown.
    /// </param>
    /// <param name="id">A UUID of the client's, so that the command can be repeated; null for a new one.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<AddCameraPayload>> AddCameraAsync(
        string name, string source, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken, [ID] Guid? id = null)
    {
        CameraId key = id is { } given ? new CameraId(given) : CameraId.New();
        return commands.SendAsync(
            new AddCamera(key, name, source),
            user,
            CameraNode.ById(key.Value),
            (node, position) => new AddCameraPayload(node, position),
            cancellationToken);
    }

    /// <summary>Gives a camera another name.</summary>
    /// <param name="expectedVersion">Refused when the camera has another version by now; null: whatever it has.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<RenameCameraPayload>> RenameCameraAsync(
        [ID] Guid id, string name, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken, long? expectedVersion = null) =>
        commands.SendAsync(
            new RenameCamera(new CameraId(id), name),
            user,
            CameraNode.ById(id),
            (node, position) => new RenameCameraPayload(node, position),
            cancellationToken,
            expectedVersion);

    /// <summary>
    /// Changes where a camera's pictures come from. Without credentials in the source, the old ones are forgotten.
    /// </summary>
    /// <param name="expectedVersion">Refused when the camera has another version by now; null: whatever it has.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<MoveCameraPayload>> MoveCameraAsync(
        [ID] Guid id, string source, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken, long? expectedVersion = null) =>
        commands.SendAsync(
            new MoveCamera(new CameraId(id), source),
            user,
            CameraNode.ById(id),
            (node, position) => new MoveCameraPayload(node, position),
            cancellationToken,
            expectedVersion);

    /// <summary>Retires a camera for good. Its recordings and snapshots stay.</summary>
    /// <param name="reason">For people; kept in the log.</param>
    /// <param name="expectedVersion">Refused when the camera has another version by now; null: whatever it has.</param>
    [Error<NotFoundError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<RetireCameraPayload>> RetireCameraAsync(
        [ID] Guid id, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken, string reason = "requested", long? expectedVersion = null) =>
        commands.SendAsync(
            new RetireCamera(new CameraId(id), Reasons.Checked(reason)),
            user,
            CameraNode.ById(id),
            (node, position) => new RetireCameraPayload(node, position),
            cancellationToken,
            expectedVersion);
}
