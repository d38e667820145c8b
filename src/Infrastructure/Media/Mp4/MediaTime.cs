namespace Events.Media.Mp4;

/// <summary>Ticks of 1/90,000 s, in which everything of ours is written, whatever the source counts in.</summary>
internal static class MediaTime
{
    /// <summary>
    /// Ticks in a second. RTP's clock for video (RFC 6184), and a whole number of ticks for all usual frame rates.
    /// </summary>
    public const int Scale = 90_000;

    /// <summary>In source ticks: far beyond a camera's life, and small enough that no product here overflows.</summary>
    public const ulong SourceTicksMax = 1UL << 56;

    public static long FromSource(ulong ticks, uint sourceScale) =>
        (long)((UInt128)ticks * Scale / sourceScale);

    public static long Of(TimeSpan span) => (long)((Int128)span.Ticks * Scale / TimeSpan.TicksPerSecond);

    public static TimeSpan ToSpan(long ticks) => new((long)((Int128)ticks * TimeSpan.TicksPerSecond / Scale));

    public static long ToMilliseconds(long ticks) => ticks / (Scale / 1000);
}
