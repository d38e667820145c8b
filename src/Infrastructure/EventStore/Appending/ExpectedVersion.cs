namespace Events.EventStore.Appending;

/// <summary>What the appender believes of the stream. Facts are only written when it is so.</summary>
internal readonly record struct ExpectedVersion
{
    private ExpectedVersion(long value) => Value = value;

    /// <summary>As the append statement takes it: a version, or -1 for any.</summary>
    public long Value { get; }

    /// <summary>Whatever is there.</summary>
    public static ExpectedVersion Any { get; } = new(-1);

    /// <summary>Nothing yet: the append starts the stream.</summary>
    public static ExpectedVersion NewStream { get; } = new(0);

    public static ExpectedVersion Exactly(long version) =>
        version >= 0 ? new(version) : throw new ArgumentOutOfRangeException(nameof(version), version, "Versions start at 0.");
}
