namespace Events.EventStore.Seals;

/// <summary>How the newest heads fare outside.</summary>
public interface IAnchors
{
    /// <summary>One of each place that is set, as of its last try. Never fails.</summary>
    IReadOnlyList<AnchorStatus> All { get; }
}
