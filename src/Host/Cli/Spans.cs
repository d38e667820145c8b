using System.Globalization;

namespace Events.Host.Cli;

/// <summary>Spans as people type them: <c>90s</c>, <c>30m</c>, <c>24h</c>, <c>7d</c>.</summary>
internal static class Spans
{
    /// <summary>A hundred years: what is to last longer has no end, and the calendar ends with the year 9999.</summary>
    private const long SecondsMax = 36_525L * 86_400;

    /// <exception cref="CommandFailedException">
    /// It is none, or longer than a hundred years; the message names <paramref name="option"/>.
    /// </exception>
    public static TimeSpan Parse(string text, string option)
    {
        long unitS = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 0 };
        return unitS > 0
            && long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long count)
            && count <= SecondsMax / unitS
                ? TimeSpan.FromSeconds(count * unitS)
                : throw new CommandFailedException(
                    $"{option} takes a span like 90s, 30m, 24h or 7d, of a hundred years at most, not \"{text}\".");
    }
}
