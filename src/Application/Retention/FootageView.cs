using Events.Application.Contracts;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;

namespace Events.Application.Retention;

/// <summary>What a file is.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum FootageKind
{
    Recording = 1,
    Snapshot = 2,
}

/// <summary>One row per recording or snapshot that has not been deleted, as whoever makes room sees it.</summary>
/// <param name="Id">Of the recording or snapshot.</param>
/// <param name="Bytes">Of its finished files on disk.</param>
/// <param name="EndedAt">When its last picture was taken, UTC; null while it is being written.</param>
public sealed record FootageView(
    FootageKind Kind, Guid Id, string Name, long Bytes, DateTimeOffset? EndedAt, bool IsHeld, long Version)
{
    public bool IsDeletable => EndedAt is not null && Bytes > 0 && !IsHeld;

    /// <summary>What may be deleted, oldest first.</summary>
    public static ViewQuery Deletable { get; } = ViewQuery.Where("is_deletable", true) with { OrderBy = "ended_at" };
}

/// <summary>Folds the facts of recordings and snapshots into <see cref="FootageView"/>.</summary>
public static class FootageViewProjection
{
    public static View<FootageView> View { get; } = new(
        "FootageView",
        1,
        StoredJson.Default.FootageView,
        [
            new("kind", ViewColumnType.Text, IsIndexed: false, row => row.Kind.ToString()),
            new("bytes", ViewColumnType.Number, IsIndexed: false, row => row.Bytes),
            new("ended_at", ViewColumnType.Instant, IsIndexed: true, row => row.EndedAt),
            new("is_held", ViewColumnType.Flag, IsIndexed: false, row => row.IsHeld),
            new("is_deletable", ViewColumnType.Flag, IsIndexed: false, row => row.IsDeletable),
        ],
        new FootageFold());

    private static FootageView? Project(FootageView? row, object fact, long version) =>
        (row, fact) switch
        {
            ({ Version: var seen }, _) when version <= seen => row,
            (null, RecordingRequested e) =>
                new(FootageKind.Recording, e.RecordingId.Value, e.Name, 0, null, IsHeld: false, version),
            (null, SnapshotTaken e) =>
                new(FootageKind.Snapshot, e.SnapshotId.Value, e.FileName, e.SizeBytes, e.CapturedAt, IsHeld: false, version),
            (null, _) => null,
            (_, RecordingSegmentCommitted e) => row with { Bytes = row.Bytes + e.SizeBytes, Version = version },
            (_, RecordingStopped e) => row with { EndedAt = e.EndedAt ?? e.At, Version = version },
            (_, RecordingFailed e) => row with { EndedAt = e.At, Version = version },
            (_, LegalHoldPlaced) => row with { IsHeld = true, Version = version },
            (_, LegalHoldReleased) => row with { IsHeld = false, Version = version },
            (_, RecordingDeleted or SnapshotDeleted) => null,
            _ => row,
        };

    /// <summary>Over two unions, recordings and snapshots, which is why it is not the common fold.</summary>
    private sealed record FootageFold : ViewFold<FootageView>
    {
        private static readonly HashSet<Type> Folded =
        [
            typeof(RecordingRequested), typeof(RecordingSegmentCommitted), typeof(RecordingStopped), typeof(RecordingFailed),
            typeof(RecordingDeleted), typeof(LegalHoldPlaced), typeof(LegalHoldReleased), typeof(SnapshotTaken),
            typeof(SnapshotDeleted),
        ];

        public override bool Handles(Type factType) => Folded.Contains(factType);

        public override string KeyOf(object fact) =>
            fact switch
            {
                RecordingEvent e => e.RecordingId.ToString(),
                SnapshotEvent e => e.SnapshotId.ToString(),
                _ => throw new ArgumentException($"{fact.GetType().Name} is about no file.", nameof(fact)),
            };

        public override FootageView? Project(FootageView? row, object fact, long position, long version) =>
            FootageViewProjection.Project(row, fact, version);
    }
}
