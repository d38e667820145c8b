using Events.Domain.Kernel;
using Xunit;

namespace Events.Tests.Domain;

/// <summary>Given facts, when a command, then facts or a refusal. Runs the real decider against a list.</summary>
public static class Spec
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static Stage<TState, TCommand, TEvent> For<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider)
        where TEvent : class => new(decider, []);

    public sealed record Stage<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> Decider,
        IReadOnlyList<TEvent> History)
        where TEvent : class
    {
        public TState State => History.Aggregate(Decider.Initial, Decider.Evolve);

        public Stage<TState, TCommand, TEvent> Given(params TEvent[] facts) =>
            this with { History = [.. History, .. facts] };

        public Answer<TState, TCommand, TEvent> When(TCommand command) => new(this, command);
    }

    public sealed record Answer<TState, TCommand, TEvent>(Stage<TState, TCommand, TEvent> Stage, TCommand Command)
        where TEvent : class
    {
        /// <summary>Also repeats the command on the new state: a retry must add nothing.</summary>
        public void Then(params TEvent[] expected)
        {
            Assert.Equal(expected, AcceptedAfter(Stage.History));
            Assert.Empty(AcceptedAfter([.. Stage.History, .. expected]));
        }

        public void ThenNothing() => Assert.Empty(AcceptedAfter(Stage.History));

        public void ThenRefused(Refusal expected) =>
            Assert.Equal(expected, Assert.IsType<Decision<TEvent>.Refused>(Decide(Stage.History)).Refusal);

        private IReadOnlyList<TEvent> AcceptedAfter(IEnumerable<TEvent> history) =>
            Assert.IsType<Decision<TEvent>.Accepted>(Decide(history)).Facts;

        private Decision<TEvent> Decide(IEnumerable<TEvent> history) =>
            Stage.Decider.Decide(history.Aggregate(Stage.Decider.Initial, Stage.Decider.Evolve), Command, Now);
    }
}
