using System.Collections;
using System.Text.Json;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>Leaves of a result. What is let in here can be written, so that writing does not fail halfway.</summary>
internal static class Leaf
{
    /// <summary>Lists and objects inside each other in one leaf.</summary>
    private const int NestingMax = ExecutorOptions.NestingMax;

    /// <exception cref="CoercionException">The value does not fit the type.</exception>
    internal static object Of(IGraphLeaf type, object value)
    {
        object serialized = type.Serialize(value);
        if (serialized is string or int or bool || CanBeWritten(serialized, 0))
        {
            return serialized;
        }

        throw new CoercionException($"{((GraphNamedType)type).Name} cannot represent value: {Inspect.Of(value)}");
    }

    private static bool CanBeWritten(object? value, int depth) =>
        value switch
        {
            null or string or bool or int or long or short or byte or sbyte or ushort or uint or ulong or decimal => true,
            double number => double.IsFinite(number),
            float number => float.IsFinite(number),
            JsonElement json => json.ValueKind != JsonValueKind.Undefined,
            IReadOnlyDictionary<string, object?> fields =>
                depth < NestingMax && fields.Values.All(one => CanBeWritten(one, depth + 1)),
            InputValues fields => depth < NestingMax && fields.Given().All(one => CanBeWritten(one.Value, depth + 1)),
            IList items => depth < NestingMax && items.Cast<object?>().All(one => CanBeWritten(one, depth + 1)),
            _ => false,
        };
}
