using System.Collections.Immutable;
using Events.Domain.Kernel;

namespace Events.Domain.Logs;

/// <summary>Something that people do with the log as a whole.</summary>
public abstract record LogbookCommand;

/// <param name="Bundle">Its own id, so that a repeated note is no second export.</param>
/// <param name="Scope">Which facts, in words: <c>stream camera-…</c>, <c>positions 1 to 900</c>.</param>
/// <param name="FactCount">Facts in the bundle.</param>
/// <param name="TreeSize">Facts under the tree head that proves them.</param>
/// <param name="ManifestSha256">Lower-case hex; the manifest names the hash of everything else in the bundle.</param>
/// <param name="Reason">For whom and why; one line.</param>
public sealed record NoteExport(
    Guid Bundle, string Scope, long FactCount, long TreeSize, string ManifestSha256, string Reason) : LogbookCommand;

/// <param name="OldOrigin">Under which the log was signed before.</param>
/// <param name="NewOrigin">Under which it goes on.</param>
/// <param name="LostSize">Facts under the last head of the old origin.</param>
/// <param name="LostRoot">Its root, base64.</param>
/// <param name="Size">Facts that are left, with which the new origin begins.</param>
/// <param name="Root">Their root, base64.</param>
public sealed record NoteFork(
    string OldOrigin, string NewOrigin, long LostSize, string LostRoot, long Size, string Root, string Reason) : LogbookCommand;

/// <summary>The log is to be signed with another key from the next head on.</summary>
/// <param name="OldKey">Its public half as name+id+base64.</param>
/// <param name="NewKey">In the same form.</param>
/// <param name="Signature">The old key's own, on both keys: anybody who may write facts could name a key of his.</param>
public sealed record NoteKeyRotation(string OldKey, string NewKey, string Signature, string Reason) : LogbookCommand;

/// <summary>What is secret in the database is to be encrypted under another key.</summary>
/// <param name="Rotation">Its own id, so that a repeated note is no second one.</param>
public sealed record NoteSecretsRotation(Guid Rotation, string Reason) : LogbookCommand;

/// <summary>A view is to pass over a fact that it cannot fold.</summary>
/// <param name="View">Its name.</param>
public sealed record ParkFact(string View, long Position, string Reason) : LogbookCommand;

/// <summary>A view is to fold a parked fact again, when it is next rebuilt.</summary>
public sealed record UnparkFact(string View, long Position, string Reason) : LogbookCommand;

/// <summary>A row that appeared below what was sealed, and so is in no tree, is known and explained from now on.</summary>
/// <param name="Stream">Null if the row names none.</param>
/// <param name="Leaf">The hash of the row as it was when somebody looked, lower-case hex.</param>
public sealed record AdoptFact(long Position, string? Stream, long Version, string Leaf, string Reason) : LogbookCommand;

/// <summary>What was done with the log as a whole. These shapes are stored for ever.</summary>
public abstract record LogbookEvent(DateTimeOffset At);

public sealed record LogExported(
    Guid Bundle, string Scope, long FactCount, long TreeSize, string ManifestSha256, string Reason, DateTimeOffset At)
    : LogbookEvent(At);

public sealed record LogForked(
    string OldOrigin,
    string NewOrigin,
    long LostSize,
    string LostRoot,
    long Size,
    string Root,
    string Reason,
    DateTimeOffset At)
    : LogbookEvent(At);

/// <param name="Signature">Base64. Null in facts from before it was asked for: such a one leads from the old key nowhere.</param>
public sealed record LogKeyRotated(
    string OldKey, string NewKey, string Reason, DateTimeOffset At, string? Signature = null) : LogbookEvent(At);

public sealed record SecretsRotationRequested(Guid Rotation, string Reason, DateTimeOffset At) : LogbookEvent(At);

public sealed record FactParked(string View, long Position, string Reason, DateTimeOffset At) : LogbookEvent(At);

public sealed record FactUnparked(string View, long Position, string Reason, DateTimeOffset At) : LogbookEvent(At);

public sealed record FactAdopted(
    long Position, string? Stream, long Version, string Leaf, string Reason, DateTimeOffset At)
    : LogbookEvent(At);

/// <summary>
/// What people did with the log as a whole, in one stream: who exported it, began it anew, changed its key or that of the secrets
/// beside it, parked a fact, or adopted one.
/// </summary>
public abstract record Logbook
{
    /// <summary>The one stream's key.</summary>
    public const string Key = "all";

    /// <summary>In characters.</summary>
    public const int ReasonLengthMax = 500;

    public static readonly Decider<Logbook, LogbookCommand, LogbookEvent> Decider = new("logbook", new Blank(), Decide, Evolve);

    private Logbook()
    {
    }

    public static Decision<LogbookEvent> Decide(Logbook logbook, LogbookCommand command, DateTimeOffset now) =>
        (logbook, command) switch
        {
            (_, NoteExport { Reason: var why }) when !IsReason(why) => LogbookRefusals.BadReason,
            (_, NoteFork { Reason: var why }) when !IsReason(why) => LogbookRefusals.BadReason,
            (_, NoteKeyRotation { Reason: var why }) when !IsReason(why) => LogbookRefusals.BadReason,
            (_, NoteSecretsRotation { Reason: var why }) when !IsReason(why) => LogbookRefusals.BadReason,
            (_, ParkFact { Reason: var why }) when !IsReason(why) => LogbookRefusals.BadReason,
            (_, UnparkFact { Reason: var why }) when !IsReason(why) => LogbookRefusals.BadReason,
            (_, AdoptFact { Reason: var why }) when !IsReason(why) => LogbookRefusals.BadReason,
            (_, ParkFact { Position: < 1 }) => LogbookRefusals.BadPosition,

            (Kept k, NoteExport c) when k.Bundles.Contains(c.Bundle) => Decision<LogbookEvent>.Nothing,
            (Kept k, NoteFork c) when k.Origins.Contains(c.NewOrigin) => Decision<LogbookEvent>.Nothing,
            (Kept k, NoteKeyRotation c) when k.Keys.Contains(c.NewKey) => Decision<LogbookEvent>.Nothing,
            (Kept k, NoteSecretsRotation c) when k.Rotations.Contains(c.Rotation) => Decision<LogbookEvent>.Nothing,
            (Kept k, ParkFact c) when k.Parked.Contains((c.View, c.Position)) => Decision<LogbookEvent>.Nothing,
            (Kept k, UnparkFact c) when k.Parked.Contains((c.View, c.Position)) =>
                new FactUnparked(c.View, c.Position, c.Reason, now),
            (_, UnparkFact) => Decision<LogbookEvent>.Nothing,
            (Kept k, AdoptFact c) when k.Adopted.TryGetValue(c.Position, out string? leaf) =>
                leaf == c.Leaf ? Decision<LogbookEvent>.Nothing : LogbookRefusals.AdoptedOtherwise,

            (_, NoteExport c) =>
                new LogExported(c.Bundle, c.Scope, c.FactCount, c.TreeSize, c.ManifestSha256, c.Reason, now),
            (_, NoteFork c) =>
                new LogForked(c.OldOrigin, c.NewOrigin, c.LostSize, c.LostRoot, c.Size, c.Root, c.Reason, now),
            (_, NoteKeyRotation c) => new LogKeyRotated(c.OldKey, c.NewKey, c.Reason, now, c.Signature),
            (_, NoteSecretsRotation c) => new SecretsRotationRequested(c.Rotation, c.Reason, now),
            (_, ParkFact c) => new FactParked(c.View, c.Position, c.Reason, now),
            (_, AdoptFact c) => new FactAdopted(c.Position, c.Stream, c.Version, c.Leaf, c.Reason, now),
            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    public static Logbook Evolve(Logbook logbook, LogbookEvent fact)
    {
        Kept kept = logbook as Kept ?? new Kept([], [], [], [], [], ImmutableDictionary<long, string>.Empty);
        return fact switch
        {
            LogExported e => kept with { Bundles = kept.Bundles.Add(e.Bundle) },
            LogForked e => kept with { Origins = kept.Origins.Add(e.NewOrigin) },
            LogKeyRotated e => kept with { Keys = kept.Keys.Add(e.NewKey) },
            SecretsRotationRequested e => kept with { Rotations = kept.Rotations.Add(e.Rotation) },
            FactParked e => kept with { Parked = kept.Parked.Add((e.View, e.Position)) },
            FactUnparked e => kept with { Parked = kept.Parked.Remove((e.View, e.Position)) },
            FactAdopted e => kept with { Adopted = kept.Adopted.SetItem(e.Position, e.Leaf) },
            _ => logbook,
        };
    }

    private static bool IsReason(string text) => OneLine.Is(text, ReasonLengthMax);

    public sealed record Blank : Logbook;

    public sealed record Kept(
        ImmutableHashSet<Guid> Bundles,
        ImmutableHashSet<string> Origins,
        ImmutableHashSet<string> Keys,
        ImmutableHashSet<Guid> Rotations,
        ImmutableHashSet<(string View, long Position)> Parked,
        ImmutableDictionary<long, string> Adopted) : Logbook;
}

public static class LogbookRefusals
{
    public static readonly Refusal BadReason = new(
        "logbook.bad_reason", $"A reason is one line of 1 to {Logbook.ReasonLengthMax} characters.");

    public static readonly Refusal BadPosition = new("logbook.bad_position", "A fact's position is 1 or more.");

    public static readonly Refusal PositionAhead = new(
        "logbook.position_ahead", "There is no fact at this position yet. Only what is in the log can be passed over.");

    public static readonly Refusal AdoptedOtherwise = new(
        "logbook.adopted_otherwise", "The row at this position was adopted before, and was another one then.");
}
