using System.Security.Claims;
using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Domain.Kernel;
using Events.Domain.Retention;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Retention;

/// <summary>What came of setting the policy.</summary>
/// <param name="RetentionPolicy">As it is now; null when it was refused.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record SetRetentionPolicyPayload(RetentionPolicyNode? RetentionPolicy, string? Position);

/// <summary>What came of a cleanup.</summary>
/// <param name="Cleanup">Null when no policy is enabled, it was refused, or the views lag behind.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record CleanUpFilesPayload(CleanupNode? Cleanup, string? Position);

[MutationType]
[Authorize(Policy = nameof(Right.Administer))]
internal static class RetentionMutations
{
    /// <summary>Sets how long footage is kept. Set once more as it is, it changes nothing.</summary>
    /// <param name="type">AGE and SIZE delete by themselves; MANUAL only when somebody calls cleanUpFiles.</param>
    /// <param name="isEnabled">While it is not, nothing is deleted but what a person deletes.</param>
    /// <param name="maxAgeDays">1 to 36,500; needed by AGE. Null for no limit.</param>
    /// <param name="maxSizeBytes">Of all files that are not under legal hold; needed by SIZE. Null for no limit.</param>
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<SetRetentionPolicyPayload>> SetRetentionPolicyAsync(
        RetentionType type, bool isEnabled, GraphQLCommands commands, IReadModels views, ClaimsPrincipal user,
        CancellationToken cancellationToken, int? maxAgeDays = null, long? maxSizeBytes = null) =>
        commands.SendAsync(
            new SetRetentionPolicy(type, isEnabled, maxAgeDays, maxSizeBytes),
            user,
            async position => new SetRetentionPolicyPayload(
                await RetentionPolicyNode.FindAsync(views, cancellationToken), position),
            cancellationToken);

    /// <summary>
    /// Deletes now what the policy and the disk say is due, the oldest first, and nothing under legal hold. At most 500 files.
    /// </summary>
    /// <param name="id">A UUID of the client's, so that the command can be repeated; null for a new one.</param>
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<CleanUpFilesPayload>> CleanUpFilesAsync(
        GraphQLCommands commands, ClaimsPrincipal user, CancellationToken cancellationToken, [ID] Guid? id = null)
    {
        CleanupId key = id is { } given ? new CleanupId(given) : CleanupId.New();
        return commands.SendAsync(
            new CleanUpFiles(key),
            user,
            CleanupNode.ById(key.Value),
            (node, position) => new CleanUpFilesPayload(node, position),
            cancellationToken);
    }
}
