using Events.Application.Contracts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;

namespace Events.Application.Cameras;

/// <summary>One row per camera, as lists show it.</summary>
/// <param name="Codec">Null before the first picture, as are width, height and rate.</param>
/// <param name="ConnectedAt">When pictures last began to come, UTC. Null before the first time.</param>
/// <param name="DisconnectedAt">When they last stopped, UTC. Null while it never was.</param>
/// <param name="Disconnection">Why they stopped; null while they come.</param>
/// <param name="Modes">What the source could send; null while no driver has told it.</param>
/// <param name="External">What kind of external stream it is; null for a camera that an administrator registered.</param>
public sealed record CameraView(
    CameraId Id,
    CameraNumber Number,
    string Name,
    SourceUrl Source,
    CameraStatus Status,
    string? Codec,
    int? Width,
    int? Height,
    double? FramesPerSecond,
    DateTimeOffset RegisteredAt,
    DateTimeOffset? ConnectedAt,
    DateTimeOffset? DisconnectedAt,
    string? Disconnection,
    long Version,
    CameraModes? Modes = null,
    ExternalStreamKind? External = null)
{
    /// <summary>Cameras by number, retired ones left out.</summary>
    public static ViewQuery Present { get; } = new(
        [new ViewFilter("status", ViewOperator.NotEqual, nameof(CameraStatus.Retired))], OrderBy: "number");
}

/// <summary>Whether a camera's pictures come.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum CameraStatus
{
    Disconnected = 1,
    Connected = 2,
    Retired = 3,
}

/// <summary>Folds a camera's facts into <see cref="CameraView"/>.</summary>
public static class CameraViewProjection
{
    public static View<CameraView> View { get; } = new(
        "CameraView",
        1,
        StoredJson.Default.CameraView,
        [
            new("number", ViewColumnType.Number, IsIndexed: true, row => (long)row.Number.Value),
            new("name", ViewColumnType.Text, IsIndexed: false, row => row.Name),
            new("status", ViewColumnType.Text, IsIndexed: false, row => row.Status.ToString()),
            new("registered_at", ViewColumnType.Instant, IsIndexed: false, row => row.RegisteredAt),
        ],
        new ViewFold<CameraView, CameraEvent>(fact => fact.CameraId.ToString(), Project));

    public static CameraView? Project(CameraView? row, Recorded<CameraEvent> recorded) =>
        (row, recorded.Fact) switch
        {
            (null, CameraRegistered e) => new(
                e.CameraId, e.Number, e.Name, e.Source, CameraStatus.Disconnected, null, null, null, null,
                e.At, null, null, null, recorded.Version, External: e.External),
            (null, _) => null,
            ({ Version: var seen }, _) when recorded.Version <= seen => row,

            ({ }, CameraRenamed e) => row with { Name = e.Name, Version = recorded.Version },
            ({ }, CameraSourceChanged e) => row with { Source = e.Source, Modes = null, Version = recorded.Version },
            ({ }, CameraConnected e) => row with
            {
                Status = CameraStatus.Connected,
                ConnectedAt = e.At,
                Disconnection = null,
                Version = recorded.Version,
            },
            ({ }, CameraDisconnected e) => row with
            {
                Status = CameraStatus.Disconnected,
                DisconnectedAt = e.At,
                Disconnection = e.Why,
                Version = recorded.Version,
            },
            ({ }, CameraCapabilitiesProbed e) => row with
            {
                Codec = e.Codec,
                Width = e.Width,
                Height = e.Height,
                FramesPerSecond = e.FramesPerSecond,
                Version = recorded.Version,
            },
            ({ }, CameraModesProbed e) => row with { Modes = e.Modes, Version = recorded.Version },
            ({ }, CameraRetired) => row with { Status = CameraStatus.Retired, Version = recorded.Version },
            _ => row,
        };
}
