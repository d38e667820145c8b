using System.Text.Unicode;

namespace Events.EventStore.Postgres;

/// <summary>
/// What PostgreSQL can hold as text: no NUL, no half of a surrogate pair. One such value would fail a whole group.
/// </summary>
internal static class StorableText
{
    public static bool IsStorable(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> rest = text;
        while (rest.IndexOfAnyInRange('\uD800', '\uDFFF') is >= 0 and int at)
        {
            if (at + 1 >= rest.Length || !char.IsSurrogatePair(rest[at], rest[at + 1]))
            {
                return false;
            }

            rest = rest[(at + 2)..];
        }

        return true;
    }

    /// <summary>Whether jsonb takes it: well-formed UTF-8 without an escaped NUL, which JSON allows and jsonb does not.</summary>
    public static bool IsStorableJson(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = json;
        while (rest.IndexOf(@"\u0000"u8) is >= 0 and int at)
        {
            int backslashes = 1;
            while (at - backslashes >= 0 && rest[at - backslashes] == (byte)'\\')
            {
                backslashes++;
            }

            if (backslashes % 2 == 1)
            {
                return false;
            }

            rest = rest[(at + 1)..];
        }

        return true;
    }
}
