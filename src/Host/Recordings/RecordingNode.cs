using Events.Application.Recordings;
using Events.Domain.Recordings;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Recordings;

/// <summary>A continuous wish to keep a camera's pictures, from its request to its end. Interruptions do not end it.</summary>
/// <param name="Id">Of the recording in the whole schema.</param>
/// <param name="CameraId">The camera's UUID.</param>
/// <param name="CameraNumber">0, 1, ...</param>
/// <param name="Name">File name without extension.</param>
/// <param name="Status">How far it has come.</param>
/// <param name="RequestedDuration">Null for one that runs until it is stopped.</param>
/// <param name="StartedAt">First frame; null until there is one.</param>
/// <param name="EndedAt">Null while it is open.</param>
/// <param name="EndsAt">When its time is up; null when it is not timed or has not started.</param>
/// <param name="Footage">Length of what is safe on disk.</param>
/// <param name="FileBytes">Of the recording as one file.</param>
/// <param name="Trouble">Why it failed or is interrupted; null otherwise.</param>
/// <param name="StoppedFor">Null unless it was stopped.</param>
/// <param name="Format">As what its footage is handed out.</param>
/// <param name="HeldFor">The reason of its legal hold; null when there is none.</param>
/// <param name="IsEncrypted">Whether all its files are encrypted on disk.</param>
/// <param name="ShreddedAt">When its key was destroyed, and all copies of its files with it; null when it was not.</param>
/// <param name="IsOpen">Whether it has not come to its end.</param>
/// <param name="Version">Facts of this recording so far.</param>
/// <param name="Stream">The name of its stream in the log.</param>
[GraphQLName("Recording")]
internal sealed record RecordingNode(
    [property: ID] Guid Id,
    [property: ID] Guid CameraId,
    int CameraNumber,
    string Name,
    RecordingStatus Status,
    TimeSpan? RequestedDuration,
    DateTimeOffset RequestedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    DateTimeOffset? EndsAt,
    TimeSpan Footage,
    long FileBytes,
    long FrameCount,
    int SegmentCount,
    string? Trouble,
    StopReason? StoppedFor,
    RecordingFormat Format,
    string? HeldFor,
    bool IsEncrypted,
    DateTimeOffset? ShreddedAt,
    bool IsOpen,
    long Version,
    string Stream)
{
    public static Lookup<RecordingNode> ById(Guid id) => Lookups.Of(RecordingViewProjection.View, id, Of);

    public static RecordingNode Of(RecordingView view) =>
        new(
            view.Id.Value,
            view.CameraId.Value,
            view.CameraNumber.Value,
            view.Name,
            view.Status,
            view.RequestedMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null,
            view.RequestedAt,
            view.StartedAt,
            view.EndedAt,
            view.EndsAt,
            TimeSpan.FromMilliseconds(view.FootageMs),
            view.FileBytes,
            view.FrameCount,
            view.SegmentCount,
            view.Trouble,
            view.StoppedFor,
            view.Format,
            view.HeldFor,
            view.IsEncrypted,
            view.ShreddedAt,
            view.IsOpen,
            view.Version,
            $"recording-{view.Id}");
}

/// <summary>What recordings can be filtered and sorted by.</summary>
[GraphQLName("Recording")]
internal sealed record RecordingColumns(
    string Name, [property: ID] Guid CameraId, RecordingStatus Status, bool IsOpen, bool HasFootage, bool IsHeld,
    DateTimeOffset RequestedAt);
