using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Events.EventStore.Seals.Canonical;

/// <summary>
/// Strings in canonical form, RFC 8785 section 3.2.2.2: only the quotation mark, the backslash and what is below U+0020 are
/// escaped, with lower-case digits; nothing is normalised.
/// </summary>
internal static class JsonText
{
    /// <summary>What cannot stand for itself inside a string.</summary>
    private static readonly SearchValues<byte> Special = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (byte)code), (byte)'"', (byte)'\\']);

    /// <summary>Writes text as a quoted string. The text must be UTF-8.</summary>
    /// <exception cref="RefusedJsonException">It is not.</exception>
    public static void Write(ReadOnlySpan<byte> utf8, ByteRow to)
    {
        if (!Utf8.IsValid(utf8))
        {
            throw new RefusedJsonException("text that is not UTF-8", 0);
        }

        to.Add((byte)'"');
        while (utf8.IndexOfAny(Special) is >= 0 and int at)
        {
            to.Add(utf8[..at]);
            Escape(utf8[at], to);
            utf8 = utf8[(at + 1)..];
        }

        to.Add(utf8);
        to.Add((byte)'"');
    }

    /// <summary>Reads the string that begins at <paramref name="at"/>, which is valid UTF-8, and writes its form.</summary>
    /// <param name="plain">Gets the text itself if there are escapes in it; not touched otherwise.</param>
    /// <returns>Where the text goes on behind the string.</returns>
    public static int Read(ReadOnlySpan<byte> json, int at, bool isNulRefused, ByteRow to, ByteRow? plain)
    {
        ReadOnlySpan<byte> rest = json[(at + 1)..];
        int run = rest.IndexOfAny(Special);
        if (run >= 0 && rest[run] == (byte)'"')
        {
            to.Add(json.Slice(at, run + 2));
            return at + run + 2;
        }

        return ReadEscaped(json, at, isNulRefused, to, plain);
    }

    private static int ReadEscaped(ReadOnlySpan<byte> json, int at, bool isNulRefused, ByteRow to, ByteRow? plain)
    {
        to.Add((byte)'"');
        at++;
        while (true)
        {
            int run = json[at..].IndexOfAny(Special);
            if (run < 0)
            {
                throw new RefusedJsonException("a string without an end", json.Length);
            }

            to.Add(json.Slice(at, run));
            plain?.Add(json.Slice(at, run));
            at += run;
            switch (json[at])
            {
                case (byte)'"':
                    to.Add((byte)'"');
                    return at + 1;
                case (byte)'\\':
                    int character = ReadEscape(json, ref at);
                    if (character == 0 && isNulRefused)
                    {
                        throw new RefusedJsonException("U+0000, which PostgreSQL does not store,", at);
                    }

                    Add(character, to, plain);
                    break;
                default:
                    throw new RefusedJsonException("a bare control character in a string", at);
            }
        }
    }

    private static int ReadEscape(ReadOnlySpan<byte> json, ref int at)
    {
        byte letter = at + 1 < json.Length ? json[at + 1] : (byte)0;
        at += 2;
        switch (letter)
        {
            case (byte)'"' or (byte)'\\' or (byte)'/': return letter;
            case (byte)'b': return '\b';
            case (byte)'f': return '\f';
            case (byte)'n': return '\n';
            case (byte)'r': return '\r';
            case (byte)'t': return '\t';
            case (byte)'u': break;
            default: throw new RefusedJsonException("an unknown escape", at - 2);
        }

        char unit = ReadUnit(json, ref at);
        if (!char.IsSurrogate(unit))
        {
            return unit;
        }

        bool isFollowed = at + 1 < json.Length && json[at] == (byte)'\\' && json[at + 1] == (byte)'u';
        if (char.IsLowSurrogate(unit) || !isFollowed)
        {
            throw new RefusedJsonException("half of a surrogate pair", at);
        }

        at += 2;
        char low = ReadUnit(json, ref at);
        return char.IsLowSurrogate(low)
            ? char.ConvertToUtf32(unit, low)
            : throw new RefusedJsonException("half of a surrogate pair", at);
    }

    private static char ReadUnit(ReadOnlySpan<byte> json, ref int at)
    {
        if (json.Length - at < 4)
        {
            throw new RefusedJsonException("a string without an end", json.Length);
        }

        int unit = 0;
        foreach (byte letter in json.Slice(at, 4))
        {
            unit = char.IsAsciiHexDigit((char)letter)
                ? (unit * 16) + Value(letter)
                : throw new RefusedJsonException("an escape with other than four hexadecimal digits", at);
        }

        at += 4;
        return (char)unit;

        static int Value(byte digit) => digit <= (byte)'9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
    }

    private static void Add(int character, ByteRow to, ByteRow? plain)
    {
        Span<byte> utf8 = stackalloc byte[4];
        utf8 = utf8[..new Rune(character).EncodeToUtf8(utf8)];
        plain?.Add(utf8);
        if (character is < 0x20 or '"' or '\\')
        {
            Escape((byte)character, to);
        }
        else
        {
            to.Add(utf8);
        }
    }

    private static void Escape(byte code, ByteRow to)
    {
        switch (code)
        {
            case (byte)'"': to.Add("\\\""u8); break;
            case (byte)'\\': to.Add("\\\\"u8); break;
            case (byte)'\b': to.Add("\\b"u8); break;
            case (byte)'\t': to.Add("\\t"u8); break;
            case (byte)'\n': to.Add("\\n"u8); break;
            case (byte)'\f': to.Add("\\f"u8); break;
            case (byte)'\r': to.Add("\\r"u8); break;
            default:
                to.Add("\\u00"u8);
                to.Add((byte)(code < 0x10 ? '0' : '1'));
                to.Add("0123456789abcdef"u8[code & 0xF]);
                break;
        }
    }
}
