using System.Security.Claims;
using Events.Application.Recordings;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Recordings;

/// <summary>What came of a command to a recording.</summary>
/// <param name="Recording">As it is now; null when it was refused, or the views lag behind.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record StartRecordingPayload(RecordingNode? Recording, string? Position);

/// <inheritdoc cref="StartRecordingPayload"/>
internal sealed record StopRecordingPayload(RecordingNode? Recording, string? Position);

/// <inheritdoc cref="StartRecordingPayload"/>
internal sealed record DeleteRecordingPayload(RecordingNode? Recording, string? Position);

/// <inheritdoc cref="StartRecordingPayload"/>
internal sealed record ShredRecordingPayload(RecordingNode? Recording, string? Position);

/// <inheritdoc cref="StartRecordingPayload"/>
internal sealed record PlaceLegalHoldPayload(RecordingNode? Recording, string? Position);

/// <inheritdoc cref="StartRecordingPayload"/>
internal sealed record ReleaseLegalHoldPayload(RecordingNode? Recording, string? Position);

[MutationType]
internal static class RecordingMutations
{
    /// <summary>Records a camera from its last key frame on; answers once the first frame is being written.</summary>
    /// <param name="duration">1 second to 24 hours; null to record until it is stopped.</param>
    /// <param name="id">A UUID of the client's, so that the command can be repeated; null for a new one.</param>
    /// <param name="format">As what the footage is handed out.</param>
    [Authorize(Policy = nameof(Right.Control))]
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<StartRecordingPayload>> StartRecordingAsync(
        [ID] Guid cameraId, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken, TimeSpan? duration = null, [ID] Guid? id = null,
        RecordingFormat format = RecordingFormat.Fmp4)
    {
        RecordingId key = id is { } given ? new RecordingId(given) : RecordingId.New();
        return commands.SendAsync(
            new StartRecording(key, new CameraId(cameraId), duration, format),
            user,
            RecordingNode.ById(key.Value),
            (node, position) => new StartRecordingPayload(node, position),
            cancellationToken);
    }

    /// <summary>Ends a recording for good; answers once its last frame is safe.</summary>
    [Authorize(Policy = nameof(Right.Control))]
    [Error<NotFoundError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<StopRecordingPayload>> StopRecordingAsync(
        [ID] Guid id, GraphQLCommands commands, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        commands.SendAsync(
            new StopRecording(new RecordingId(id), StopReason.Requested),
            user,
            RecordingNode.ById(id),
            (node, position) => new StopRecordingPayload(node, position),
            cancellationToken);

    /// <summary>Deletes a recording's footage. Its facts stay.</summary>
    /// <param name="reason">For people; kept in the log.</param>
    [Authorize(Policy = nameof(Right.Administer))]
    [Error<NotFoundError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<DeleteRecordingPayload>> DeleteRecordingAsync(
        [ID] Guid id, GraphQLCommands commands, ClaimsPrincipal user, CancellationToken cancellationToken,
        string reason = "requested") =>
        commands.SendAsync(
            new DeleteRecording(new RecordingId(id), Reasons.Checked(reason)),
            user,
            RecordingNode.ById(id),
            (node, position) => new DeleteRecordingPayload(node, position),
            cancellationToken);

    /// <summary>
    /// Destroys the key of an encrypted recording, so that no copy of its files can be read again, wherever it lies, and deletes
    /// it. Also for one that was deleted. Its facts stay. Repeated, it changes nothing.
    /// </summary>
    /// <param name="reason">For people; one line of 1 to 200 characters, kept in the log.</param>
    /// <param name="expectedVersion">Refused when the recording has another version by now; null: whatever it has.</param>
    [Authorize(Policy = nameof(Right.Administer))]
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<ShredRecordingPayload>> ShredRecordingAsync(
        [ID] Guid id, string reason, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken, long? expectedVersion = null) =>
        commands.SendAsync(
            new ShredRecording(new RecordingId(id), reason),
            user,
            RecordingNode.ById(id),
            (node, position) => new ShredRecordingPayload(node, position),
            cancellationToken,
            expectedVersion);

    /// <summary>Lets nobody and nothing delete a recording. Repeated with the same reason it changes nothing.</summary>
    /// <param name="reason">For people, like a case number; one line of 1 to 200 characters, kept in the log.</param>
    /// <param name="expectedVersion">Refused when the recording has another version by now; null: whatever it has.</param>
    [Authorize(Policy = nameof(Right.Administer))]
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<PlaceLegalHoldPayload>> PlaceLegalHoldAsync(
        [ID] Guid id, string reason, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken, long? expectedVersion = null) =>
        commands.SendAsync(
            new PlaceLegalHold(new RecordingId(id), reason),
            user,
            RecordingNode.ById(id),
            (node, position) => new PlaceLegalHoldPayload(node, position),
            cancellationToken,
            expectedVersion);

    /// <summary>Ends a legal hold. What the retention policy says of the recording counts again.</summary>
    /// <param name="reason">Why it may end; one line of 1 to 200 characters, kept in the log.</param>
    /// <param name="expectedVersion">Refused when the recording has another version by now; null: whatever it has.</param>
    [Authorize(Policy = nameof(Right.Administer))]
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<ReleaseLegalHoldPayload>> ReleaseLegalHoldAsync(
        [ID] Guid id, string reason, GraphQLCommands commands, ClaimsPrincipal user,
        CancellationToken cancellationToken, long? expectedVersion = null) =>
        commands.SendAsync(
            new ReleaseLegalHold(new RecordingId(id), reason),
            user,
            RecordingNode.ById(id),
            (node, position) => new ReleaseLegalHoldPayload(node, position),
            cancellationToken,
            expectedVersion);
}
