using Events.Domain.Kernel;

namespace Events.Domain.Retention;

/// <summary>Who began a cleanup.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum CleanupTrigger
{
    /// <summary>A person asked for it.</summary>
    Requested = 1,

    /// <summary>The keeper's own pass.</summary>
    Scheduled = 2,
}

/// <summary>Tells what a cleanup did, once it is through. Each file's deletion is a fact of its own before that.</summary>
public sealed record FinishCleanup(CleanupId CleanupId, CleanupTrigger Trigger, CleanupOutcome Outcome);

/// <param name="BytesFreed">Of the files that were removed.</param>
/// <param name="IsComplete">False when it had to leave off before everything due was gone.</param>
public sealed record CleanupOutcome(int RecordingsDeleted, int SnapshotsDeleted, long BytesFreed, bool IsComplete)
{
    public int FilesDeleted => RecordingsDeleted + SnapshotsDeleted;
}

/// <param name="BytesFreed">Of the files that were removed.</param>
/// <param name="IsComplete">False when it had to leave off before everything due was gone.</param>
public sealed record CleanupFinished(
    CleanupId CleanupId,
    CleanupTrigger Trigger,
    int RecordingsDeleted,
    int SnapshotsDeleted,
    long BytesFreed,
    bool IsComplete,
    DateTimeOffset At)
    : RetentionEvent(At);

/// <summary>One cleanup, in a stream of its own: not yet through, or finished. The first report counts.</summary>
public abstract record Cleanup
{
    public static readonly Decider<Cleanup, FinishCleanup, CleanupFinished> Decider =
        new("cleanup", new Unfinished(), Decide, Evolve);

    private Cleanup()
    {
    }

    public static Decision<CleanupFinished> Decide(Cleanup cleanup, FinishCleanup command, DateTimeOffset now) =>
        (cleanup, command) switch
        {
            (Unfinished, { Outcome: var o } c) => new CleanupFinished(
                c.CleanupId, c.Trigger, o.RecordingsDeleted, o.SnapshotsDeleted, o.BytesFreed, o.IsComplete, now),
            (Finished, _) => Decision<CleanupFinished>.Nothing,
            _ => throw new ArgumentOutOfRangeException(nameof(cleanup), cleanup, "No rule for this state."),
        };

    public static Cleanup Evolve(Cleanup cleanup, CleanupFinished fact) => new Finished();

    public sealed record Unfinished : Cleanup;

    public sealed record Finished : Cleanup;
}
