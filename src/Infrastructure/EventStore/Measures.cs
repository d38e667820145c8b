using System.Diagnostics.Metrics;

namespace Events.EventStore;

/// <summary>What the store counts. Meter <c>Events.EventStore</c>.</summary>
internal static class Measures
{
    private static readonly Meter Meter = new("Events.EventStore");

    public static readonly Histogram<int> GroupSize =
        Meter.CreateHistogram<int>("events.append.group_size", "{append}", "Appends that shared one commit.");

    public static readonly Counter<long> AppendsTurnedAway =
        Meter.CreateCounter<long>("events.append.turned_away", "{append}", "Appends refused because the queue was full.");

    public static readonly Counter<long> Collisions =
        Meter.CreateCounter<long>("events.append.collisions", "{group}", "Groups that met a writer outside our lock.");

    public static readonly Counter<long> Conflicts =
        Meter.CreateCounter<long>("events.append.conflicts", "{append}", "Appends that found another version than expected.");

    public static readonly Counter<long> SubscribersResynced =
        Meter.CreateCounter<long>("events.feed.resynced", "{subscriber}", "Slow subscribers sent back to the log.");

    public static readonly Counter<long> UnreadableFacts =
        Meter.CreateCounter<long>("events.feed.unreadable", "{fact}", "Facts handed on without their body's type.");

    public static readonly Counter<long> SealsFailed =
        Meter.CreateCounter<long>("events.seals.failed", "{attempt}", "Attempts to seal the log that failed.");

    public static readonly Counter<long> SealsRefused =
        Meter.CreateCounter<long>("events.seals.refused", "{refusal}", "Times that the database contradicted what was signed.");

    public static readonly Counter<long> AnchorsFailed =
        Meter.CreateCounter<long>("events.seals.anchors_failed", "{attempt}", "Times that a head could not be shown outside.");

    public static readonly Counter<long> SealsHeldBack =
        Meter.CreateCounter<long>("events.seals.held_back", "{time}", "Times that a foreign writer held sealing back for long.");

    public static readonly Counter<long> ClockStepsBack =
        Meter.CreateCounter<long>("events.seals.clock_steps_back", "{step}", "Times that the sealer's clock went back.");
}
