using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Application;

/// <summary>
/// Streams for a caller who decided on what it saw: a stream that has another version by now is not written to. The version
/// is looked at in the same decision that is kept, so nobody gets in between.
/// </summary>
internal sealed class ExpectingStreams(IStreams inner, long version) : IStreams
{
    public static readonly Refusal Changed =
        new("command.version_changed", "It has changed since you looked at it. Look again, then decide again.");

    public async Task<TState> LoadAsync<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider, string key, CancellationToken cancellationToken)
        where TEvent : class
    {
        Counted<TState> counted = await inner.LoadAsync(Counting(decider), key, cancellationToken);
        return counted.Version == version ? counted.State : throw new VersionChangedException();
    }

    public async Task<Transacted<TState, TEvent>> TransactAsync<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider, string key, TCommand command, CancellationToken cancellationToken)
        where TEvent : class
    {
        var done = await inner.TransactAsync(Counting(decider), key, command, cancellationToken);
        return new Transacted<TState, TEvent>(done.State.State, done.Version, done.Position, done.Decision);
    }

    private Decider<Counted<TState>, TCommand, TEvent> Counting<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider)
        where TEvent : class =>
        new(
            decider.Category,
            new Counted<TState>(decider.Initial, 0),
            (counted, command, now) => counted.Version == version ? decider.Decide(counted.State, command, now) : Changed,
            (counted, fact) => new Counted<TState>(decider.Evolve(counted.State, fact), counted.Version + 1));

    private readonly record struct Counted<TState>(TState State, long Version);
}

/// <summary>A stream was found with another version than its reader expects.</summary>
internal sealed class VersionChangedException() : Exception(ExpectingStreams.Changed.Message);
