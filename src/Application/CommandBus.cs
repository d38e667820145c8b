using System.Diagnostics;
using Events.Application.Access;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Application;

/// <summary>How one type of command is carried out, and who may ask for it.</summary>
public sealed record CommandRoute(
    Type Command, Right Right, Func<object, IStreams, CancellationToken, Task<CommandResult>> RunAsync)
{
    /// <summary>A right that one command needs besides, by what it says; null for no other.</summary>
    public Func<object, Right?> Besides { get; init; } = static _ => null;

    /// <summary>A command that needs more than the log has a handler.</summary>
    public static CommandRoute To<TCommand>(
        Right right, Func<TCommand, IStreams, CancellationToken, Task<CommandResult>> handler) =>
        new(typeof(TCommand), right, (command, streams, cancellationToken) =>
            handler((TCommand)command, streams, cancellationToken));

    /// <summary>A command that touches nothing outside the log goes straight to its decider.</summary>
    public static CommandRoute ToDecider<TCommand, TState, TBase, TEvent>(
        Right right, Decider<TState, TBase, TEvent> decider, Func<TCommand, string> key)
        where TCommand : TBase
        where TEvent : class =>
        To<TCommand>(right, async (command, streams, cancellationToken) =>
            CommandResult.From(await streams.TransactAsync(decider, key(command), (TBase)command, cancellationToken)));
}

/// <summary>
/// The one door for commands, whichever way they came in: checks who may, runs the route, and waits until the views show what
/// was done. Every refusal is an answer.
/// </summary>
public sealed class CommandBus(
    IEventStore store, IReadModels views, IEnumerable<CommandRoute> routes, AccessLedger ledger)
{
    /// <summary>How long an answer waits for the views. Longer, and the client is told that they lag.</summary>
    public static readonly TimeSpan VisibilityTimeout = TimeSpan.FromSeconds(2);

    public static readonly ActivitySource Spans = new("Events.Commands");

    public static readonly Refusal NotAllowed = new("access.denied", "Your role does not allow this.");

    public static readonly Refusal TooMuchTraffic =
        new("command.conflict", "Others changed this at the same moment, several times over. Try again.");

    public static readonly Refusal VersionChanged = ExpectingStreams.Changed;

    private readonly CommandScope _scope = new(views);
    private readonly Dictionary<Type, CommandRoute> _routes = routes.ToDictionary(route => route.Command);

    /// <exception cref="DependencyUnavailableException">
    /// Something outside does not answer. What is in the log then is finished later; repeating the command is safe.
    /// </exception>
    public Task<CommandResult> SendAsync(object command, Caller caller, CancellationToken cancellationToken) =>
        SendAsync(command, caller, null, cancellationToken);

    /// <param name="expectedVersion">Of the command's stream, as the caller saw it; null to decide on what is there now.</param>
    /// <exception cref="DependencyUnavailableException">As for the other.</exception>
    public async Task<CommandResult> SendAsync(
        object command, Caller caller, long? expectedVersion, CancellationToken cancellationToken)
    {
        CommandRoute route = _routes[command.GetType()];
        using Activity? span = Spans.StartActivity(command.GetType().Name);
        span?.SetTag("events.correlation", caller.CorrelationId);
        if (Lacking(route, command, caller) is { } lacking)
        {
            ledger.Refused(caller.UserName, caller.Way, caller.Address, lacking.ToString());
            return CommandResult.Refused(NotAllowed);
        }

        if (caller.Cameras is { } cameras
            && await _scope.FindOutsideAsync(command, cameras, cancellationToken) is { } outside)
        {
            if (outside.IsThere)
            {
                ledger.OtherCamera(caller.UserName, caller.Way, caller.Address);
            }

            return CommandResult.Refused(outside.Refusal);
        }

        CommandResult result;
        try
        {
            IStreams streams = store.For(caller.Origin);
            result = await route.RunAsync(
                command, expectedVersion is { } version ? new ExpectingStreams(streams, version) : streams, cancellationToken);
        }
        catch (VersionChangedException)
        {
            return CommandResult.Refused(VersionChanged);
        }
        catch (TimeoutException)
        {
            return CommandResult.Refused(TooMuchTraffic);
        }

        span?.SetTag("events.position", result.Position);
        return result.Position == 0
            ? result
            : result with { IsVisible = await views.WaitForAsync(result.Position, VisibilityTimeout, cancellationToken) };
    }

    /// <returns>The first right that the caller would need and has not; null when there is none.</returns>
    private static Right? Lacking(CommandRoute route, object command, Caller caller)
    {
        if (!caller.May(route.Right))
        {
            return route.Right;
        }

        return route.Besides(command) is { } besides && !caller.May(besides) ? besides : null;
    }
}
