using System.Diagnostics.CodeAnalysis;

namespace Events.GraphQL.Types;

/// <summary>
/// Coerced values of arguments or of an input object's fields, in the order of their definition. What was left out and has no
/// default is not given; what was given as null is given.
/// </summary>
internal sealed class InputValues(GraphMembers<GraphInputValue> definitions)
{
    /// <summary>Of what has no arguments.</summary>
    internal static InputValues None { get; } = new(new GraphMembers<GraphInputValue>());

    private static readonly object Absent = new();
    private readonly object?[] _values = Filled(definitions.Count);

    internal GraphMembers<GraphInputValue> Definitions => definitions;

    internal bool IsGiven(int index) => _values[index] != Absent;

    /// <returns>Null also for one that is not given.</returns>
    internal object? this[int index]
    {
        get => IsGiven(index) ? _values[index] : null;
        set => _values[index] = value;
    }

    /// <returns>Null also for one that is not given, or not defined.</returns>
    internal object? this[string name] => TryGet(name, out object? value) ? value : null;

    internal bool TryGet(string name, [MaybeNullWhen(false)] out object? value)
    {
        int index = definitions.IndexOf(name);
        bool isGiven = index >= 0 && IsGiven(index);
        value = isGiven ? _values[index] : null;
        return isGiven;
    }

    /// <returns>Those that are given.</returns>
    internal IEnumerable<(GraphInputValue Definition, object? Value)> Given()
    {
        for (int i = 0; i < _values.Length; i++)
        {
            if (IsGiven(i))
            {
                yield return (definitions[i], _values[i]);
            }
        }
    }

    private static object?[] Filled(int count)
    {
        var values = new object?[count];
        Array.Fill(values, Absent);
        return values;
    }
}
