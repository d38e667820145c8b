using System.Text.Json;

namespace Events.JsonRpc;

internal static class JsonText
{
    /// <exception cref="ArgumentException">The bytes are not exactly one JSON value.</exception>
    internal static void RequireOneValue(ReadOnlySpan<byte> utf8, string parameter)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8);
            reader.Read();
            reader.Skip();
            reader.Read();
        }
        catch (JsonException broken)
        {
            throw new ArgumentException("Not one JSON value.", parameter, broken);
        }
    }
}
