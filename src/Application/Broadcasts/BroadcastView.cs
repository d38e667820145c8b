using Events.Application.Contracts;
using Events.Domain.Broadcasts;
using Events.Domain.Kernel;

namespace Events.Application.Broadcasts;

/// <summary>One row per camera that was ever broadcast: its newest broadcast.</summary>
/// <param name="StoppedAt">Null while it runs.</param>
/// <param name="StoppedFor">Null while it runs.</param>
public sealed record BroadcastView(
    CameraId CameraId, DateTimeOffset StartedAt, DateTimeOffset? StoppedAt, BroadcastEnd? StoppedFor, long Version)
{
    public bool IsRunning => StoppedAt is null;

    /// <summary>Broadcasts that have not come to an end.</summary>
    public static ViewQuery Running { get; } = ViewQuery.Where("is_running", true);
}

/// <summary>Folds a camera's broadcasts into <see cref="BroadcastView"/>.</summary>
public static class BroadcastViewProjection
{
    public static View<BroadcastView> View { get; } = new(
        "BroadcastView",
        1,
        StoredJson.Default.BroadcastView,
        [
            new("is_running", ViewColumnType.Flag, IsIndexed: true, row => row.IsRunning),
        ],
        new ViewFold<BroadcastView, BroadcastEvent>(fact => fact.CameraId.ToString(), Project));

    public static BroadcastView? Project(BroadcastView? row, Recorded<BroadcastEvent> recorded) =>
        (row, recorded.Fact) switch
        {
            ({ Version: var seen }, _) when recorded.Version <= seen => row,
            (_, BroadcastStarted e) => new(e.CameraId, e.At, null, null, recorded.Version),
            ({ IsRunning: true }, BroadcastStopped e) =>
                row with { StoppedAt = e.At, StoppedFor = e.Reason, Version = recorded.Version },
            _ => row,
        };
}
