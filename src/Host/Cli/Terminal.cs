using System.Buffers;
using System.Globalization;
using System.Text;

namespace Events.Host.Cli;

/// <summary>
/// Texts of strangers end up on terminals: what cameras and clients sent, and what somebody wrote into a database or a bundle
/// that is being checked. They must not move the cursor, clear the screen, or turn a line round.
/// </summary>
internal static class Terminal
{
    /// <summary>Control characters but line feed and tab, and what separates lines or turns text round in Unicode.</summary>
    private static readonly SearchValues<char> Unsafe = SearchValues.Create(
    [
        .. Enumerable.Range(0, 0x100).Select(code => (char)code)
            .Where(letter => char.IsControl(letter) && letter is not ('\n' or '\t')),
        '\u061c', '\u200e', '\u200f',
        .. Enumerable.Range(0x2028, 7).Select(code => (char)code),
        .. Enumerable.Range(0x2066, 4).Select(code => (char)code),
    ]);

    /// <summary>What a progress bar draws on; everything else goes through <see cref="Console"/>.</summary>
    public static TextWriter RawErrors { get; private set; } = Console.Error;

    /// <summary>From now on all that is printed is clean.</summary>
    public static void Install()
    {
        RawErrors = Console.Error;
        Console.SetOut(new CleanWriter(Console.Out));
        Console.SetError(new CleanWriter(RawErrors));
    }

    /// <summary>The same text in one line that shows what it holds: <c>\x1b</c>, <c>\u202e</c>.</summary>
    public static string OneLine(string text) => Clean(text).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Clean(ReadOnlySpan<char> text)
    {
        var clean = new StringBuilder(text.Length);
        while (!text.IsEmpty)
        {
            int at = text.IndexOfAny(Unsafe);
            clean.Append(at < 0 ? text : text[..at]);
            if (at < 0)
            {
                break;
            }

            int code = text[at];
            (string mark, string digits) = code < 0x100 ? ("\\x", "x2") : ("\\u", "x4");
            clean.Append(mark).Append(code.ToString(digits, CultureInfo.InvariantCulture));
            text = text[(at + 1)..];
        }

        return clean.ToString();
    }

    private sealed class CleanWriter(TextWriter inner) : TextWriter(CultureInfo.InvariantCulture)
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => Write([value]);

        public override void Write(string? value) => Write(value.AsSpan());

        public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

        public override void Write(ReadOnlySpan<char> buffer)
        {
            if (buffer.ContainsAny(Unsafe))
            {
                inner.Write(Clean(buffer));
            }
            else
            {
                inner.Write(buffer);
            }
        }

        public override void Flush() => inner.Flush();
    }
}
