using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Application.Snapshots;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;

namespace Events.Application;

/// <summary>
/// Holds a command against the cameras that its caller may know of. What is of another camera is answered as what is not there.
/// </summary>
internal sealed class CommandScope(IReadModels views)
{
    /// <returns>Null when the command is about one of these cameras.</returns>
    public async Task<Refusal?> RefusalOfAsync(object command, CameraList cameras, CancellationToken cancellationToken) =>
        command switch
        {
            CameraCommand c => cameras.Contains(c.CameraId) ? null : CameraRefusals.NotRegistered,
            BroadcastCommand c => cameras.Contains(c.CameraId) ? null : CameraRefusals.NotRegistered,
            StartRecording c => !cameras.Contains(c.CameraId) ? CameraRefusals.NotRegistered
                : await IsOfAsync(c.RecordingId, cameras, cancellationToken) ?? true ? null
                : RecordingRefusals.NotFound,
            StopRecording c => await RefusalOfAsync(c.RecordingId, cameras, cancellationToken),
            DeleteRecording c => await RefusalOfAsync(c.RecordingId, cameras, cancellationToken),
            RecordingCommand c => await RefusalOfAsync(c.RecordingId, cameras, cancellationToken),
            TakeSnapshot c => !cameras.Contains(c.CameraId) ? CameraRefusals.NotRegistered
                : await IsOfAsync(c.SnapshotId, cameras, cancellationToken) ?? true ? null
                : SnapshotRefusals.NotFound,
            SnapshotCommand c => await IsOfAsync(c.SnapshotId, cameras, cancellationToken) is true
                ? null
                : SnapshotRefusals.NotFound,
            _ => CommandBus.NotAllowed,
        };

    private async Task<Refusal?> RefusalOfAsync(RecordingId id, CameraList cameras, CancellationToken cancellationToken) =>
        await IsOfAsync(id, cameras, cancellationToken) is true ? null : RecordingRefusals.NotFound;

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
