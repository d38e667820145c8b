using Events.Domain.Kernel;
using Xunit;

namespace Events.Tests.Domain;

/// <summary>
/// Every command in every state, as one table that people can read. A row is a command, a column a state, a cell what comes of
/// it: a fact's type name, <c>nothing</c>, or a refusal's code. A label may carry a variant in brackets:
/// <c>Active (connected)</c>. A command, state or fact type that the table does not name fails the test.
/// </summary>
public sealed class DecisionTable<TState, TCommand, TEvent>(Decider<TState, TCommand, TEvent> decider)
    where TState : class
    where TCommand : class
    where TEvent : class
{
    private readonly Dictionary<string, TEvent[]> _states = [];
    private readonly Dictionary<string, TCommand> _commands = [];

    public DecisionTable<TState, TCommand, TEvent> State(string label, params TEvent[] history)
    {
        _states.Add(label, history);
        return this;
    }

    public DecisionTable<TState, TCommand, TEvent> Command(TCommand command, string variant = "")
    {
        string name = command.GetType().Name;
        _commands.Add(variant.Length == 0 ? name : $"{name} ({variant})", command);
        return this;
    }

    /// <param name="tables">With the same commands each; more than one where one would be too wide to read.</param>
    public void Holds(params string[] tables)
    {
        string[][] rows = [.. tables.Select(RowsOf).Aggregate((left, right) =>
        {
            Assert.Equal(left.Select(row => row[0]), right.Select(row => row[0]));
            return [.. left.Zip(right, (one, more) => (string[])[.. one, .. more[1..]])];
        })];
        string[] states = rows[0][1..];
        Assert.Equal(_states.Keys.Order(), states.Order());
        Assert.Equal(_commands.Keys.Order(), rows[1..].Select(row => row[0]).Order());
        Assert.Equal(Closed.UnionOf<TState>().Order(), TypeNames(states).Order());
        Assert.Equal(Closed.UnionOf<TCommand>().Order(), TypeNames(rows[1..].Select(row => row[0])).Order());

        var problems = new List<string>();
        var cells = new HashSet<string>();
        foreach (string[] row in rows[1..])
        {
            Assert.Equal(states.Length + 1, row.Length);
            foreach ((string state, string expected) in states.Zip(row[1..]))
            {
                string actual = OutcomeOf(state, _commands[row[0]]);
                cells.Add(actual);
                if (actual != expected)
                {
                    problems.Add($"{row[0]} in {state}: the table says {expected}, the decider {actual}");
                }
            }
        }

        Assert.Empty(problems);
        Assert.Empty(Closed.UnionOf<TEvent>().Except(cells));
    }

    private static string[][] RowsOf(string table) =>
        [.. table
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))];

    private static IEnumerable<string> TypeNames(IEnumerable<string> labels) => labels.Select(label => label.Split(' ')[0]).Distinct();

    private string OutcomeOf(string label, TCommand command)
    {
        TState state = Fold(_states[label]);
        Assert.Equal(label.Split(' ')[0], state.GetType().Name);
        switch (decider.Decide(state, command, Spec.Now))
        {
            case Decision<TEvent>.Refused refused:
                return refused.Refusal.Code;
            case Decision<TEvent>.Accepted { Facts: [] }:
                return "nothing";
            case Decision<TEvent>.Accepted accepted:
                var again = decider.Decide(Fold([.. _states[label], .. accepted.Facts]), command, Spec.Now.AddSeconds(1));
                Assert.Empty(Assert.IsType<Decision<TEvent>.Accepted>(again).Facts);
                return string.Join(" + ", accepted.Facts.Select(fact => fact.GetType().Name));
            default:
                return "?";
        }
    }

    private TState Fold(IEnumerable<TEvent> history) => history.Aggregate(decider.Initial, decider.Evolve);
}

/// <summary>The sealed cases of a closed union of records, found by reflection.</summary>
public static class Closed
{
    public static IReadOnlyList<string> UnionOf<TBase>() => [.. TypesOf<TBase>().Select(type => type.Name)];

    public static IReadOnlyList<Type> TypesOf<TBase>() =>
        [.. typeof(TBase).Assembly.GetTypes().Where(type => typeof(TBase).IsAssignableFrom(type) && !type.IsAbstract)];
}
