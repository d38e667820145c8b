using System.Globalization;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Recordings;

namespace Events.Application.Recordings;

/// <summary>One row per finished file of a recording.</summary>
/// <param name="IsEncrypted">On disk. Sizes and hash are those of the clear bytes all the same.</param>
public sealed record SegmentView(
    RecordingId RecordingId,
    int Number,
    long SizeBytes,
    long HeaderBytes,
    string Sha256,
    DateTimeOffset StartedAt,
    long DurationMs,
    int FrameCount,
    bool IsEncrypted = false)
{
    /// <summary>In segments. A day of one-minute segments is 1,440; pages of a recording's segments stop here.</summary>
    public static ViewQuery Of(RecordingId id, int offset) =>
        ViewQuery.Where("recording_id", id.ToString()) with { OrderBy = "number", Offset = offset };
}

/// <summary>Keeps <see cref="SegmentView"/>. A deleted recording's rows stay: its facts do, too.</summary>
public static class SegmentViewProjection
{
    public static View<SegmentView> View { get; } = new(
        "SegmentView",
        2,
        StoredJson.Default.SegmentView,
        [
            new("recording_id", ViewColumnType.Text, IsIndexed: true, row => row.RecordingId.ToString()),
            new("number", ViewColumnType.Number, IsIndexed: false, row => (long)row.Number),
            new("started_at", ViewColumnType.Instant, IsIndexed: true, row => row.StartedAt),
        ],
        new ViewFold<SegmentView, RecordingSegmentCommitted>(KeyOf, Project));

    public static SegmentView? Project(SegmentView? row, Recorded<RecordingSegmentCommitted> recorded) =>
        row ?? new SegmentView(
            recorded.Fact.RecordingId,
            recorded.Fact.Number,
            recorded.Fact.SizeBytes,
            recorded.Fact.HeaderBytes,
            recorded.Fact.Sha256,
            recorded.Fact.StartedAt,
            recorded.Fact.DurationMs,
            recorded.Fact.FrameCount,
            recorded.Fact.StoredSha256 is not null);

    private static string KeyOf(RecordingSegmentCommitted fact) =>
        string.Create(CultureInfo.InvariantCulture, $"{fact.RecordingId}/{fact.Number:d6}");
}
