using System.Text.Json;
using Events.GraphQL.Http;
using Events.GraphQL.Transports;

namespace Events.GraphQL.WebSockets;

/// <summary>Writes the messages of a server (graphql-transport-ws).</summary>
internal static class ServerMessage
{
    /// <summary>What a message may be longer than the result in it: its names and an escaped id.</summary>
    private const int EnvelopeBytesMax = 4 * 1024;

    internal static PooledBuffer Ack(JsonElement? payload)
    {
        var text = new PooledBuffer(int.MaxValue);
        text.Append("{\"type\":\"connection_ack\""u8);
        if (payload is { } given)
        {
            text.Append(""","payload":"""u8);
            using var writer = new Utf8JsonWriter(text, Fault.Writing);
            given.WriteTo(writer);
        }

        text.Append("}"u8);
        return text;
    }

    /// <param name="payload">An object as the ping carried it; empty for none.</param>
    internal static PooledBuffer Pong(ReadOnlySpan<byte> payload)
    {
        var text = new PooledBuffer(int.MaxValue);
        text.Append("{\"type\":\"pong\""u8);
        if (!payload.IsEmpty)
        {
            text.Append(""","payload":"""u8);
            text.Append(payload);
        }

        text.Append("}"u8);
        return text;
    }

    internal static PooledBuffer Complete(string id)
    {
        PooledBuffer text = Begin(id, int.MaxValue);
        text.Append(""","type":"complete"}"""u8);
        return text;
    }

    /// <returns>Null: the result is too long.</returns>
    internal static PooledBuffer? Next(string id, GraphQLResult result, int bytesMax)
    {
        PooledBuffer text = Begin(id, (int)Math.Min(bytesMax + (long)EnvelopeBytesMax, int.MaxValue));
        text.Append(""","type":"next","payload":"""u8);
        if (!Answer.TryWrite(result, text, bytesMax))
        {
            text.Dispose();
            return null;
        }

        text.Append("}"u8);
        return text;
    }

    /// <param name="position">Where the client may resume; null when that is not known.</param>
    internal static PooledBuffer Error(string id, Fault fault, string? position = null)
    {
        PooledBuffer text = Begin(id, int.MaxValue);
        text.Append(""","type":"error","payload":"""u8);
        fault.WriteErrorsTo(text, position);
        text.Append("}"u8);
        return text;
    }

    /// <summary>The errors of a result that was not executed; the message carries them alone.</summary>
    internal static PooledBuffer Error(string id, GraphQLResult result)
    {
        PooledBuffer text = Begin(id, int.MaxValue);
        text.Append(""","type":"error","payload":"""u8);
        using var map = new PooledBuffer(int.MaxValue);
        result.WriteTo(map);
        text.Append(ErrorsIn(map.Written.Span));
        text.Append("}"u8);
        return text;
    }

    private static PooledBuffer Begin(string id, int bytesMax)
    {
        var text = new PooledBuffer(bytesMax);
        text.Append("""{"id":"""u8);
        using var writer = new Utf8JsonWriter(text, Fault.Writing);
        writer.WriteStringValue(id);
        writer.Flush();
        return text;
    }

    private static ReadOnlySpan<byte> ErrorsIn(ReadOnlySpan<byte> map)
    {
        var reader = new Utf8JsonReader(map, new JsonReaderOptions { MaxDepth = int.MaxValue });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isErrors = reader.ValueTextEquals("errors"u8);
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isErrors)
            {
                return map[start..(int)reader.BytesConsumed];
            }
        }

        throw new InvalidOperationException("A result that was not executed has errors.");
    }
}
