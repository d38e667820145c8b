namespace Events.EventStore.Seals.Canonical;

/// <summary>
/// A timestamptz as text: microseconds since 1970 in decimal, <c>infinity</c> or <c>-infinity</c>. Through no date type, so that
/// years before Christ and after 9999, which PostgreSQL stores, keep every digit.
/// </summary>
internal static class LeafTime
{
    public const int LengthMax = 24;

    /// <summary>From 1970-01-01 to 2000-01-01, in microseconds: 10,957 days.</summary>
    public const long PostgresEpoch = 946_684_800_000_000;

    /// <param name="micros">As PostgreSQL sends it: since 2000, the outermost values being the infinities.</param>
    /// <param name="to">At least <see cref="LengthMax"/> long.</param>
    /// <returns>Length of what was written.</returns>
    public static int Write(long micros, Span<byte> to)
    {
        ReadOnlySpan<byte> word = micros switch
        {
            long.MaxValue => "infinity"u8,
            long.MinValue => "-infinity"u8,
            _ => [],
        };
        if (!word.IsEmpty)
        {
            word.CopyTo(to);
            return word.Length;
        }

        // Near the year 294276 the sum needs more than 64 bits.
        ((Int128)micros + PostgresEpoch).TryFormat(to, out int written);
        return written;
    }
}
