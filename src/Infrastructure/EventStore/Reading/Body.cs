using System.Text.Json;
using Events.Application;

namespace Events.EventStore.Reading;

/// <summary>A stored body cannot be read into the type that its stored name stands for. Names position and type.</summary>
public sealed class UnreadableFactException(long position, string type, Exception inner)
    : Exception($"The fact at position {position} cannot be read as {type}: {inner.Message}", inner)
{
    /// <summary>In the whole log.</summary>
    public long Position { get; } = position;

    /// <summary>The stored name, e.g. <c>camera_registered</c>.</summary>
    public string Type { get; } = type;
}

internal static class Body
{
    /// <returns>Null for a type that this program does not know.</returns>
    /// <exception cref="UnreadableFactException">The body does not fit its type.</exception>
    public static object? Read(EventCatalogue catalogue, string alias, ReadOnlySpan<byte> data, long position)
    {
        if (catalogue.Find(alias) is not EventType type)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(data, type.Json)
                ?? throw new UnreadableFactException(position, alias, new JsonException("The body is null."));
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException or FormatException)
        {
            throw new UnreadableFactException(position, alias, e);
        }
    }
}
