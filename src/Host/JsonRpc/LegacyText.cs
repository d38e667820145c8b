using System.Globalization;

namespace Events.Host.JsonRpc;

/// <summary>How values are written on the legacy wire.</summary>
internal static class LegacyText
{
    /// <summary>RFC 3339 in UTC with whole seconds: the contract's validator takes no other count of decimals.</summary>
    public static string Instant(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <inheritdoc cref="Instant"/>
    /// <returns>Null for no instant.</returns>
    public static string? Optional(DateTimeOffset? at) => at is { } known ? Instant(known) : null;

    /// <summary>Lengths are whole seconds there; never less than none, also when the clock was set back.</summary>
    public static long Seconds(TimeSpan span) => Math.Max(0, (long)Math.Round(span.TotalSeconds));
}
