using System.Globalization;
using System.Text;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Notes;

/// <summary>Readers that take each value in one spelling only, so that equal meaning is equal bytes.</summary>
internal static class StrictText
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="NoteRefusedException">It is not UTF-8, or has a control character other than the newline.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        string text;
        try
        {
            text = Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new NoteRefusedException("The text is not UTF-8.");
        }

        return text.AsSpan().IndexOfAnyInRange('\0', '\u001F') < 0 || text.All(letter => letter is >= ' ' or '\n')
            ? text
            : throw new NoteRefusedException("The text has a control character other than the newline.");
    }

    public static byte[] Encode(string text) => Utf8.GetBytes(text);

    /// <summary>A number from 0 up, in decimal without leading zeros.</summary>
    public static bool TryNumber(string text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
        && value.ToString(CultureInfo.InvariantCulture) == text;

    /// <summary>Standard base64 (RFC 4648 section 4), padded, without stray bits or blanks.</summary>
    public static bool TryBase64(string text, out byte[] bytes)
    {
        bytes = new byte[(text.Length / 4 * 3) + 3];
        if (!Convert.TryFromBase64String(text, bytes, out int length))
        {
            return false;
        }

        bytes = bytes[..length];
        return Convert.ToBase64String(bytes) == text;
    }

    /// <summary>A hash of the tree in base64; any other length is refused.</summary>
    public static bool TryHash(string text, out TreeHash hash)
    {
        bool isHash = TryBase64(text, out byte[] bytes) && bytes.Length == TreeHash.Length;
        hash = isHash ? new TreeHash(bytes) : default;
        return isHash;
    }
}
