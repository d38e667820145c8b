using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Application.Snapshots;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;

namespace Events.Application;

/// <summary>Why a command is not for its caller.</summary>
/// <param name="Refusal">What is answered.</param>
/// <param name="IsThere">Whether what it is about is there all the same, of another camera or of all.</param>
internal sealed record Outside(Refusal Refusal, bool IsThere);

/// <summary>
/// Holds a command against the cameras that its caller may know of. What is of another camera is answered as what is not there.
/// </summary>
internal sealed class CommandScope(IReadModels views)
{
    /// <returns>Null when the command is about one of these cameras.</returns>
    public async Task<Outside?> FindOutsideAsync(object command, CameraList cameras, CancellationToken cancellationToken) =>
        command switch
        {
            CameraCommand c => await OutsideAsync(c.CameraId, cameras, cancellationToken),
            BroadcastCommand c => await OutsideAsync(c.CameraId, cameras, cancellationToken),
            StartRecording c => await OutsideAsync(c.CameraId, cameras, cancellationToken)
                ?? OutsideOf(await IsOfAsync(c.RecordingId, cameras, cancellationToken) ?? true, RecordingRefusals.NotFound),
            StopRecording c => await OutsideAsync(c.RecordingId, cameras, cancellationToken),
            DeleteRecording c => await OutsideAsync(c.RecordingId, cameras, cancellationToken),
            RecordingCommand c => await OutsideAsync(c.RecordingId, cameras, cancellationToken),
            TakeSnapshot c => await OutsideAsync(c.CameraId, cameras, cancellationToken)
                ?? OutsideOf(await IsOfAsync(c.SnapshotId, cameras, cancellationToken) ?? true, SnapshotRefusals.NotFound),
            SnapshotCommand c => OutsideOf(
                await IsOfAsync(c.SnapshotId, cameras, cancellationToken), SnapshotRefusals.NotFound),
            _ => new Outside(CommandBus.NotAllowed, IsThere: true),
        };

    private static Outside? OutsideOf(bool? isOf, Refusal refusal) =>
        isOf is true ? null : new Outside(refusal, IsThere: isOf is false);

    private async Task<Outside?> OutsideAsync(CameraId id, CameraList cameras, CancellationToken cancellationToken) =>
        cameras.Contains(id)
            ? null
            : new Outside(
                CameraRefusals.NotRegistered,
                await views.FindAsync(CameraViewProjection.View, id.ToString(), cancellationToken) is not null);

    private async Task<Outside?> OutsideAsync(RecordingId id, CameraList cameras, CancellationToken cancellationToken) =>
        OutsideOf(await IsOfAsync(id, cameras, cancellationToken), RecordingRefusals.NotFound);

    /// <returns>Null when there is none.</returns>
    private async Task<bool?> IsOfAsync(RecordingId id, CameraList cameras, CancellationToken cancellationToken) =>
        await views.FindAsync(RecordingViewProjection.View, id.ToString(), cancellationToken) is { } row
            ? cameras.Contains(row.CameraId)
            : null;

    private async Task<bool?> IsOfAsync(SnapshotId id, CameraList cameras, CancellationToken cancellationToken) =>
        await views.FindAsync(SnapshotViewProjection.View, id.ToString(), cancellationToken) is { } row
            ? cameras.Contains(row.CameraId)
            : null;
}
