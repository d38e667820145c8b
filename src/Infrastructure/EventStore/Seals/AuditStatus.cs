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

/// <param name="Sink">Its name.</param>
/// <param name="Size">Of the newest head that it has, in facts; 0 before the first.</param>
/// <param name="SentAt">UTC; null before the first.</param>
/// <param name="State">Of the newest try: done, failed or pending.</param>
public sealed record AnchorStatus(string Sink, long Size, DateTimeOffset? SentAt, string State);
