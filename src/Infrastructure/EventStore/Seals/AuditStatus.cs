namespace Events.EventStore.Seals;

/// <summary>How far the log is sealed and shown outside, as the database says it. Nothing of it was checked.</summary>
/// <param name="Origin">The log's name in its newest head; null without one.</param>
/// <param name="Head">The newest; null without one.</param>
/// <param name="Newest">Position of the newest fact; 0 in an empty log.</param>
/// <param name="FactsSince">Facts behind the newest head.</param>
/// <param name="Keys">Public keys as vkeys.</param>
/// <param name="Anchors">Of each place outside, the newest head that reached it.</param>
public sealed record AuditStatus(
    string? Origin,
    AuditHead? Head,
    long Newest,
    long FactsSince,
    IReadOnlyList<string> Keys,
    IReadOnlyList<AnchorStatus> Anchors);

/// <param name="Sink">Its name: file, webhook, syslog, timestamp or witness.</param>
/// <param name="Size">Of the newest head that it has, in facts; 0 before the first.</param>
/// <param name="State">Of the newest try: done, failed or pending; contradicted when the place knows another history.</param>
/// <param name="SentAt">UTC; null before the first.</param>
public sealed record AnchorStatus(string Sink, long Size, string State, DateTimeOffset? SentAt = null)
{
    public const string Done = "done";
    public const string Failed = "failed";
    public const string Pending = "pending";
    public const string Contradicted = "contradicted";

    /// <summary>Why the newest try failed, as far as a running host knows; null if it did not.</summary>
    public string? Trouble { get; init; }

    /// <summary>Sealed facts that are not shown there yet.</summary>
    public long Lag { get; init; }
}
