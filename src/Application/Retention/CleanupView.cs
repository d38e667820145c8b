using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Retention;

namespace Events.Application.Retention;

/// <summary>One row per cleanup that a person asked for or that deleted something.</summary>
/// <param name="BytesFreed">Of the files that were removed.</param>
/// <param name="IsComplete">False when it had to leave off before everything due was gone.</param>
public sealed record CleanupView(
    CleanupId Id,
    CleanupTrigger Trigger,
    int RecordingsDeleted,
    int SnapshotsDeleted,
    long BytesFreed,
    bool IsComplete,
    DateTimeOffset At)
{
    public int FilesDeleted => RecordingsDeleted + SnapshotsDeleted;

    public static ViewQuery NewestFirst { get; } = ViewQuery.All with { OrderBy = "at", IsDescending = true };
}

/// <summary>Keeps <see cref="CleanupView"/>.</summary>
public static class CleanupViewProjection
{
    public static View<CleanupView> View { get; } = new(
        "CleanupView",
        1,
        StoredJson.Default.CleanupView,
        [new("at", ViewColumnType.Instant, IsIndexed: true, row => row.At)],
        new ViewFold<CleanupView, CleanupFinished>(fact => fact.CleanupId.ToString(), Project));

    public static CleanupView? Project(CleanupView? row, Recorded<CleanupFinished> recorded) =>
        row ?? new CleanupView(
            recorded.Fact.CleanupId,
            recorded.Fact.Trigger,
            recorded.Fact.RecordingsDeleted,
            recorded.Fact.SnapshotsDeleted,
            recorded.Fact.BytesFreed,
            recorded.Fact.IsComplete,
            recorded.Fact.At);
}
