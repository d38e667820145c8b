using System.Security.Claims;
using Events.Application.Snapshots;
using Events.Domain.Kernel;
using Events.Domain.Snapshots;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Snapshots;

/// <summary>What came of a command to a snapshot.</summary>
/// <param name="Snapshot">As it is now; null when it was refused, or the views lag behind.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record TakeSnapshotPayload(SnapshotNode? Snapshot, string? Position);

/// <inheritdoc cref="TakeSnapshotPayload"/>
internal sealed record DeleteSnapshotPayload(SnapshotNode? Snapshot, string? Position);

/// <inheritdoc cref="TakeSnapshotPayload"/>
internal sealed record ShredSnapshotPayload(SnapshotNode? Snapshot, string? Position);

[MutationType]
internal static class SnapshotMutations
{
    /// <summary>
    /// Takes a picture of what a camera shows now. No picture is written over: a name in use gets a count behind it.
    /// </summary>
    /// <param name="fileName">Null to name it after the camera and the moment.</param>
    /// <param name="id">A UUID of the client's, so that the command can be repeated; null for a new one.</param>
    [Authorize(Policy = nameof(Right.Control))]
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<TakeSnapshotPayload>> TakeSnapshotAsync(
        [ID] Guid cameraId, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken, string? fileName = null, [ID] Guid? id = null)
    {
        SnapshotId key = id is { } given ? new SnapshotId(given) : SnapshotId.New();
        return commands.SendAsync(
            new TakeSnapshot(key, new CameraId(cameraId), fileName),
            user,
            SnapshotNode.ById(key.Value),
            (node, position) => new TakeSnapshotPayload(node, position),
            cancellationToken);
    }

    /// <summary>Deletes a snapshot's picture. Its facts stay.</summary>
    /// <param name="reason">For people; kept in the log.</param>
    [Authorize(Policy = nameof(Right.Administer))]
    [Error<NotFoundError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<DeleteSnapshotPayload>> DeleteSnapshotAsync(
        [ID] Guid id, GraphQLCommands commands, ClaimsPrincipal user, CancellationToken cancellationToken,
        string reason = "requested") =>
        commands.SendAsync(
            new DeleteSnapshot(new SnapshotId(id), Reasons.Checked(reason)),
            user,
            SnapshotNode.ById(id),
            (node, position) => new DeleteSnapshotPayload(node, position),
            cancellationToken);

    /// <summary>
    /// Destroys the key of an encrypted snapshot, so that no copy of its file can be read again, wherever it lies, and deletes
    /// it. Also for one that was deleted. Its facts stay. Repeated, it changes nothing.
    /// </summary>
    /// <param name="reason">For people; one line of 1 to 200 characters, kept in the log.</param>
    /// <param name="expectedVersion">Refused when the snapshot has another version by now; null: whatever it has.</param>
    [Authorize(Policy = nameof(Right.Administer))]
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<ShredSnapshotPayload>> ShredSnapshotAsync(
        [ID] Guid id, string reason, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken, long? expectedVersion = null) =>
        commands.SendAsync(
            new ShredSnapshot(new SnapshotId(id), reason),
            user,
            SnapshotNode.ById(id),
            (node, position) => new ShredSnapshotPayload(node, position),
            cancellationToken,
            expectedVersion);
}
