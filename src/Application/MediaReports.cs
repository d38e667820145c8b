using Events.Application.Contracts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;

namespace Events.Application;

/// <summary>Writes down what the media layer tells. It throws while the log is away; the teller then tells it again.</summary>
/// <param name="bus">Asked for late: the bus needs the media layer, which needs this.</param>
public sealed class MediaReports(Func<CommandBus> bus) : IMediaListener
{
    public async Task CameraConnectedAsync(
        CameraId cameraId, VideoFormat format, DateTimeOffset at, CancellationToken cancellationToken)
    {
        Caller caller = Caller.System("media", cameraId.ToString());
        await TellAsync(new ReportCameraConnected(cameraId), caller, cancellationToken);

        // What a camera announces may be no number; JSON has none for that, and a fact that cannot be written is told for ever.
        double rate = double.IsFinite(format.FramesPerSecond) ? Math.Round(Math.Max(0, format.FramesPerSecond), 2) : 0;
        await TellAsync(
            new ReportCameraCapabilities(cameraId, new CameraCapabilities(format.Codec, format.Width, format.Height, rate)),
            caller,
            cancellationToken);
        if (format.Modes is { } modes)
        {
            await TellAsync(new ReportCameraModes(cameraId, modes), caller, cancellationToken);
        }
    }

    public Task CameraDisconnectedAsync(
        CameraId cameraId, string why, DateTimeOffset at, CancellationToken cancellationToken) =>
        TellAsync(
            new ReportCameraDisconnected(cameraId, why), Caller.System("media", cameraId.ToString()), cancellationToken);

    public Task SegmentClosedAsync(RecordingId recordingId, SegmentFile segment, CancellationToken cancellationToken) =>
        TellAsync(SegmentOf(recordingId, segment), Caller.System("media", recordingId.ToString()), cancellationToken);

    public Task RecordingInterruptedAsync(
        RecordingId recordingId, string why, DateTimeOffset at, CancellationToken cancellationToken) =>
        TellAsync(
            new ReportRecordingInterrupted(recordingId, why),
            Caller.System("media", recordingId.ToString()),
            cancellationToken);

    public Task RecordingResumedAsync(
        RecordingId recordingId, DateTimeOffset firstFrameAt, CancellationToken cancellationToken) =>
        TellAsync(
            new ReportRecordingRecovered(recordingId, firstFrameAt),
            Caller.System("media", recordingId.ToString()),
            cancellationToken);

    internal static CommitSegment SegmentOf(RecordingId id, SegmentFile file) =>
        new(id, new Segment(
            file.Number, file.SizeBytes, file.HeaderBytes, file.Sha256, file.StartedAt, file.DurationMs, file.FrameCount,
            file.StoredSha256));

    /// <summary>A refusal is settled news (the camera was retired, say) and needs no second telling; a conflict does.</summary>
    private async Task TellAsync(object command, Caller caller, CancellationToken cancellationToken)
    {
        CommandResult result = await bus().SendAsync(command, caller, cancellationToken);
        if (result.Refusal == CommandBus.TooMuchTraffic)
        {
            throw new TimeoutException(result.Refusal.Message);
        }
    }
}
