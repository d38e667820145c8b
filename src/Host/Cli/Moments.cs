using System.Globalization;

namespace Events.Host.Cli;

/// <summary>Moments as people type them: <c>2026-03-01T12:00:00Z</c>; without a zone they are UTC.</summary>
internal static class Moments
{
    /// <exception cref="CommandFailedException">It is none; the message names <paramref name="option"/>.</exception>
    public static DateTimeOffset Parse(string text, string option) =>
        DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out DateTimeOffset moment)
            ? moment
            : throw new CommandFailedException($"{option} takes a moment like 2026-03-01T12:00:00Z, not \"{text}\".");
}
