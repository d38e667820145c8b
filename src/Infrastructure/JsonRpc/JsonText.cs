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

    /// <summary>
    /// Whether every text and name in it is Unicode. Half a surrogate pair, written as an escape, is JSON by its grammar
    /// (RFC 8259, section 8.2), but whoever reads it as text stumbles.
    /// </summary>
    /// <param name="utf8">Text that was found to be JSON.</param>
    internal static bool IsUnicode(ReadOnlySpan<byte> utf8, int nestingMax)
    {
        if (utf8.IndexOf("\\ud"u8) < 0 && utf8.IndexOf("\\uD"u8) < 0)
        {
            return true;
        }

        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = nestingMax });
            while (reader.Read())
            {
                if (reader.ValueIsEscaped)
                {
                    _ = reader.GetString();
                }
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
