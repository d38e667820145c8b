using System.Security.Claims;
using Events.Application.Contracts;
using Events.EventStore;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Projections;

/// <summary>What came of a command about a fact and a view.</summary>
/// <param name="Projection">The view as it is now.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record ParkFactPayload(ProjectionNode? Projection, string? Position);

/// <inheritdoc cref="ParkFactPayload"/>
internal sealed record UnparkFactPayload(ProjectionNode? Projection, string? Position);

[MutationType]
[Authorize(Policy = nameof(Right.Administer))]
internal static class ProjectionMutations
{
    /// <summary>Makes a view pass over a fact that it cannot fold. The fact stays in the log.</summary>
    /// <param name="view">Its name, like CameraView.</param>
    /// <param name="position">Of the fact.</param>
    /// <param name="reason">For people; one line of 1 to 500 characters, kept in the log.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<ParkFactPayload>> ParkFactAsync(
        string view, string position, string reason, ProjectionCalls calls, ClaimsPrincipal user,
        CancellationToken cancellationToken) =>
        calls.ParkAsync(
            view, position, true, reason, user, (node, at) => new ParkFactPayload(node, at), cancellationToken);

    /// <summary>Has a view fold a parked fact again, when it is next rebuilt.</summary>
    /// <param name="view">Its name, like CameraView.</param>
    /// <param name="position">Of the fact.</param>
    /// <param name="reason">For people; one line of 1 to 500 characters, kept in the log.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<UnparkFactPayload>> UnparkFactAsync(
        string view, string position, string reason, ProjectionCalls calls, ClaimsPrincipal user,
        CancellationToken cancellationToken) =>
        calls.ParkAsync(
            view, position, false, reason, user, (node, at) => new UnparkFactPayload(node, at), cancellationToken);
}

/// <summary>What both mutations do the same way.</summary>
internal sealed class ProjectionCalls(GraphQLCommands commands, IProjections projections, ProjectionDesk desk)
{
    public async Task<FieldResult<TPayload>> ParkAsync<TPayload>(
        string name, string position, bool isParked, string reason, ClaimsPrincipal user,
        Func<ProjectionNode?, string?, TPayload> show, CancellationToken cancellationToken)
    {
        long fact = Moments.Read(position);
        return projections.Find(name) is { } view
            ? await commands.AnswerAsync(
                () => desk.ParkAsync(
                    view,
                    fact,
                    isParked,
                    reason,
                    GraphQLCallers.AccessOf(user).CallerBy(GraphQLCallers.Way),
                    cancellationToken),
                async at => show(await FindAsync(view, cancellationToken), at),
                cancellationToken)
            : new FieldResult<TPayload>([new NotFoundError($"There is no view {name}.", "projection.not_found", "view")]);
    }

    private async Task<ProjectionNode?> FindAsync(View view, CancellationToken cancellationToken) =>
        (await projections.ListAsync(cancellationToken)).FirstOrDefault(status => status.Name == view.Name) is { } found
            ? ProjectionNode.Of(found)
            : null;
}
