using System.Globalization;

namespace Events.Host.Cli;

/// <summary>Spans as people type them: <c>90s</c>, <c>30m</c>, <c>24h</c>, <c>7d</c>.</summary>
internal static class Spans
{
    /// <exception cref="CommandFailedException">It is none; the message names <paramref name="option"/>.</exception>
    public static TimeSpan Parse(string text, string option)
    {
        double? unit = text.Length == 0
            ? null
            : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => null };
        return unit is { } seconds
            && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                ? TimeSpan.FromSeconds(count * seconds)
                : throw new CommandFailedException($"{option} takes a span like 90s, 30m, 24h or 7d, not \"{text}\".");
    }
}
