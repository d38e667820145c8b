using System.Text.Json;
using System.Text.Unicode;

namespace Events.GraphQL.Transports;

/// <summary>What must hold of JSON before anybody looks into it. One pass, without recursion.</summary>
internal static class JsonText
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>A byte order mark is no JSON, but readers may pass over it (RFC 8259, section 8.1).</summary>
    internal static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> json) =>
        json.Span.StartsWith(ByteOrderMark) ? json[ByteOrderMark.Length..] : json;

    /// <returns>What is wrong, to be read after "The body" or the like; null when it is JSON and all its text Unicode.</returns>
    internal static string? Flaw(ReadOnlySpan<byte> json, int nestingMax)
    {
        if (!Utf8.IsValid(json))
        {
            return "is not UTF-8.";
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = nestingMax });
        try
        {
            while (reader.Read())
            {
                // Half a surrogate pair can only hide in an escape; whoever read it later would get an exception.
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    _ = reader.GetString();
                }
            }
        }
        catch (JsonException)
        {
            bool isInside = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
            return reader.CurrentDepth + (isInside ? 1 : 0) >= nestingMax
                ? $"is nested more than {nestingMax} levels deep."
                : "is not JSON.";
        }
        catch (InvalidOperationException)
        {
            return "has an escape that is no character.";
        }

        return null;
    }
}
