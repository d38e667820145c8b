using System.Text.Json.Serialization;
using Events.Application;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Tests.Engines.EventStore;

/// <summary>A small aggregate to drive the store with: a count that is started, added to, and closed.</summary>
public abstract record TallyEvent(string Key);

public sealed record TallyStarted(string Key, string Label, DateTimeOffset At) : TallyEvent(Key);

public sealed record TallyAdded(string Key, long Amount, string Note = "") : TallyEvent(Key);

public sealed record TallyClosed(string Key) : TallyEvent(Key);

/// <summary>A second union, that the tally's view does not handle.</summary>
public sealed record NoiseHeard(string Text);

public abstract record TallyCommand
{
    public sealed record Start(string Label) : TallyCommand;

    public sealed record Add(long Amount) : TallyCommand;

    public sealed record Close : TallyCommand;
}

public sealed record Tally(string? Label, long Sum, bool IsClosed)
{
    public static Decider<Tally, TallyCommand, TallyEvent> For(string key) =>
        new("tally", new Tally(null, 0, false), (tally, command, now) => Decide(key, tally, command, now), Evolve);

    private static Decision<TallyEvent> Decide(string key, Tally tally, TallyCommand command, DateTimeOffset now) =>
        (tally, command) switch
        {
            ({ IsClosed: true }, TallyCommand.Close) => Decision<TallyEvent>.Nothing,
            ({ IsClosed: true }, _) => new Refusal("tally.closed", "This tally is closed."),
            ({ Label: null }, TallyCommand.Start c) => new TallyStarted(key, c.Label, now),
            ({ Label: not null }, TallyCommand.Start) => Decision<TallyEvent>.Nothing,
            (_, TallyCommand.Add c) => new TallyAdded(key, c.Amount),
            (_, TallyCommand.Close) => new TallyClosed(key),
            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule."),
        };

    private static Tally Evolve(Tally tally, TallyEvent fact) =>
        fact switch
        {
            TallyStarted e => tally with { Label = e.Label },
            TallyAdded e => tally with { Sum = tally.Sum + e.Amount },
            TallyClosed => tally with { IsClosed = true },
            _ => tally,
        };
}

public sealed record TallyRow(string Key, string? Label, long Sum, bool IsClosed, DateTimeOffset? StartedAt, long Version);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(TallyStarted))]
[JsonSerializable(typeof(TallyAdded))]
[JsonSerializable(typeof(TallyClosed))]
[JsonSerializable(typeof(NoiseHeard))]
[JsonSerializable(typeof(TallyRow))]
internal sealed partial class TallyJson : JsonSerializerContext;

internal static class TallyTypes
{
    public static EventCatalogue Catalogue { get; } = new(
    [
        new EventType("tally_started", typeof(TallyStarted), TallyJson.Default.TallyStarted),
        new EventType("tally_added", typeof(TallyAdded), TallyJson.Default.TallyAdded),
        new EventType("tally_closed", typeof(TallyClosed), TallyJson.Default.TallyClosed),
        new EventType("noise_heard", typeof(NoiseHeard), TallyJson.Default.NoiseHeard),
    ]);
}

internal static class TallyViews
{
    /// <summary>One row per tally; gone when it is closed with a sum of zero, so that removal is seen too.</summary>
    public static View<TallyRow> Rows { get; } = Named("TallyView", 1, Fold);

    public static View<TallyRow> Named(string name, int version, Func<TallyRow?, Recorded<TallyEvent>, TallyRow?> fold) =>
        new(
            name,
            version,
            TallyJson.Default.TallyRow,
            [
                new("label", ViewColumnType.Text, true, row => row.Label),
                new("sum", ViewColumnType.Number, true, row => row.Sum),
                new("started_at", ViewColumnType.Instant, false, row => row.StartedAt),
                new("is_closed", ViewColumnType.Flag, false, row => row.IsClosed),
            ],
            new ViewFold<TallyRow, TallyEvent>(fact => fact.Key, fold));

    public static TallyRow? Fold(TallyRow? row, Recorded<TallyEvent> recorded)
    {
        TallyRow known = row ?? new TallyRow(recorded.Fact.Key, null, 0, false, null, 0);
        return recorded.Fact switch
        {
            TallyStarted e => known with { Label = e.Label, StartedAt = e.At, Version = recorded.Version },
            TallyAdded e => known with { Sum = known.Sum + e.Amount, Version = recorded.Version },
            TallyClosed when known.Sum == 0 => null,
            TallyClosed => known with { IsClosed = true, Version = recorded.Version },
            _ => row,
        };
    }
}
