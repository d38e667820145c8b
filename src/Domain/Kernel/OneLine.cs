using System.Text;

namespace Events.Domain.Kernel;

/// <summary>Text that people write and others read in one line of a list.</summary>
public static class OneLine
{
    /// <param name="lengthMax">In characters.</param>
    /// <returns>Whether it is not empty, not too long, without space at either end and without control characters.</returns>
    public static bool Is(string text, int lengthMax) =>
        text.Length > 0
        && text.Length <= lengthMax
        && text.AsSpan().Trim().Length == text.Length
        && !text.EnumerateRunes().Any(IsControl);

    // Also what turns a line of text round, breaks it, or is half a character and would come back from the log as another.
    private static bool IsControl(Rune character) =>
        Rune.IsControl(character)
        || character == Rune.ReplacementChar
        || character.Value is (>= 0x2028 and <= 0x202e) or (>= 0x2066 and <= 0x2069);
}
