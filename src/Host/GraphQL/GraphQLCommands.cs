using System.Globalization;
using System.Security.Claims;
using Events.Application;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.GraphQL;

namespace Events.Host.GraphQL;

/// <summary>Mutations: the command goes to the bus, and its answer becomes a payload or typed errors.</summary>
internal sealed class GraphQLCommands(CommandBus bus, ILog log, IReadModels views)
{
    /// <param name="show">Makes the payload of the position, which is null when nothing had to be done.</param>
    public async Task<FieldResult<TPayload>> SendAsync<TPayload>(
        object command,
        ClaimsPrincipal user,
        Func<string?, Task<TPayload>> show,
        CancellationToken cancellationToken,
        long? expectedVersion = null) =>
        await AnswerAsync(
            () => bus.SendAsync(
                command, GraphQLCallers.AccessOf(user).CallerBy(GraphQLCallers.Way), expectedVersion, cancellationToken),
            show,
            cancellationToken);

    /// <summary>For a command to one object, which is found when the views show what was done.</summary>
    /// <param name="show">Makes the payload of the object and the position, either of which may be null.</param>
    public Task<FieldResult<TPayload>> SendAsync<TNode, TPayload>(
        object command,
        ClaimsPrincipal user,
        Lookup<TNode> find,
        Func<TNode?, string?, TPayload> show,
        CancellationToken cancellationToken,
        long? expectedVersion = null)
        where TNode : class =>
        SendAsync(
            command,
            user,
            async position => show(await find(views, cancellationToken), position),
            cancellationToken,
            expectedVersion);

    /// <param name="send">Sends what is more than a command to the bus.</param>
    /// <param name="show">As for the other.</param>
    public async Task<FieldResult<TPayload>> AnswerAsync<TPayload>(
        Func<Task<CommandResult>> send, Func<string?, Task<TPayload>> show, CancellationToken cancellationToken)
    {
        try
        {
            CommandResult result = await send();
            if (ErrorOf(result) is { } error)
            {
                return new FieldResult<TPayload>([error]);
            }

            if (result.Position > 0)
            {
                return await show(result.Position.ToString(CultureInfo.InvariantCulture));
            }

            // What made it "already so" may be newer than the views.
            long head = await log.HeadAsync(cancellationToken);
            await views.WaitForAsync(head, CommandBus.VisibilityTimeout, cancellationToken);
            return await show(null);
        }
        catch (DependencyUnavailableException away)
        {
            return new FieldResult<TPayload>([new DependencyError(away.Message, "dependency.unavailable", away.Dependency)]);
        }
    }

    /// <returns>Null when it was done.</returns>
    private static object? ErrorOf(CommandResult result) =>
        result switch
        {
            { Refusal: { } refusal } => ErrorOf(refusal),
            { Failure: { } failure } => new DependencyError(failure.Why, "dependency.failed", failure.Dependency),
            _ => null,
        };

    /// <param name="subjectGiven">Which input is wrong, where it is another one than usual; null where it is not.</param>
    public static object ErrorOf(Refusal refusal, string? subjectGiven = null)
    {
        RefusalRow row = RefusalTable.Of(refusal);
        string subject = subjectGiven ?? row.Subject;
        return row.Family switch
        {
            RefusalFamily.NotFound => new NotFoundError(refusal.Message, refusal.Code, subject),
            RefusalFamily.InvalidInput => new InvalidInputError(refusal.Message, refusal.Code, subject),
            RefusalFamily.WrongState => new WrongStateError(refusal.Message, refusal.Code),
            RefusalFamily.Conflict => new ConflictError(refusal.Message, refusal.Code),
            _ => throw Denied(),
        };
    }

    /// <summary>What is answered to who may do it in general, but not this.</summary>
    private static GraphQLException Denied() =>
        new(GraphQLDoor.Coded(CommandBus.NotAllowed.Message, "AUTH_NOT_AUTHORIZED"));
}
