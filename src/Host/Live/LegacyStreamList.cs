using Events.Application.Broadcasts;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Host.JsonRpc;

namespace Events.Host.Live;

/// <param name="AutoCloseAfter">As Go writes a duration in seconds; <c>0s</c> when it never closes by itself.</param>
internal sealed record LegacyStreamStarted(
    string Device,
    string StreamName,
    string StreamUrl,
    string Status,
    string StartTime,
    string AutoCloseAfter,
    string FfmpegCommand);

/// <param name="Duration">In seconds.</param>
internal sealed record LegacyStreamStopped(
    string Device,
    string StreamName,
    string Status,
    string StartTime,
    string EndTime,
    long Duration,
    bool StreamContinues,
    string Message);

internal sealed record LegacyStreamUrl(
    string Device, string StreamName, string StreamUrl, bool Available, int ActiveConsumers, string StreamStatus);

internal sealed record LegacyStreamStatus(
    string Device,
    string StreamName,
    string Status,
    bool Ready,
    LegacyProcess FfmpegProcess,
    LegacyPath MediamtxPath,
    LegacyStreamMetrics Metrics,
    string StartTime);

/// <param name="Pid">0 while none runs.</param>
/// <param name="Uptime">In seconds.</param>
internal sealed record LegacyProcess(bool Running, int Pid, long Uptime);

internal sealed record LegacyPath(bool Exists, bool Ready, int Readers);

/// <param name="Bitrate">In bits per second.</param>
internal sealed record LegacyStreamMetrics(long BytesSent, long FramesSent, long Bitrate, int Fps);

/// <param name="Name">The camera's wire name: clients join lists on it.</param>
/// <param name="Source">What kind of source it is. Its address is nobody's business who may only look.</param>
internal sealed record LegacyStream(string Name, string Source, bool Ready, int Readers, long BytesSent);

/// <summary>Live pictures as the legacy contract shows them: one stream per camera, named like it.</summary>
internal sealed class LegacyStreamList(IMediaControl media, LiveViewers viewers, TimeProvider time)
{
    public LegacyStream Show(CameraView camera) =>
        new(
            camera.Number.ToString(),
            camera.Source.Scheme,
            IsReady(camera),
            viewers.CountOf(camera.Number),
            viewers.BytesSentTo(camera.Number));

    public LegacyStreamUrl ShowUrl(CameraView camera, string url)
    {
        bool isReady = IsReady(camera);
        return new LegacyStreamUrl(
            camera.Number.ToString(),
            camera.Number.ToString(),
            url,
            isReady,
            viewers.CountOf(camera.Number),
            isReady ? "READY" : "NOT_READY");
    }

    /// <summary>ACTIVE while pictures come, ERROR while the camera is lost.</summary>
    public LegacyStreamStatus ShowStatus(CameraView camera, BroadcastView broadcast)
    {
        CameraSignal? signal = media.SignalOf(camera.Id);
        bool isReady = signal is { IsConnected: true };
        int readers = viewers.CountOf(camera.Number);
        return new LegacyStreamStatus(
            camera.Number.ToString(),
            camera.Number.ToString(),
            isReady ? "ACTIVE" : "ERROR",
            isReady,
            ShowProcess(signal?.Process),
            new LegacyPath(signal is not null, isReady, readers),
            new LegacyStreamMetrics(
                viewers.BytesSentTo(camera.Number),
                signal?.FramesIn ?? 0,
                signal?.BitsPerSecond ?? 0,
                isReady ? (int)Math.Round(signal!.Format?.FramesPerSecond ?? 0) : 0),
            LegacyText.Instant(broadcast.StartedAt));
    }

    /// <summary>Whether somebody beside a broadcast makes use of the pictures: a viewer or a recording.</summary>
    public bool IsUsed(CameraView camera) =>
        viewers.CountOf(camera.Number) > 0 || media.SignalOf(camera.Id) is { Recording: not null };

    /// <summary>A camera counts as connected from its first key frame on, with which a viewer begins.</summary>
    private bool IsReady(CameraView camera) => media.SignalOf(camera.Id) is { IsConnected: true };

    private LegacyProcess ShowProcess(IngestProcess? process) =>
        process is null
            ? new LegacyProcess(false, 0, 0)
            : new LegacyProcess(true, process.Id, LegacyText.Seconds(time.GetUtcNow() - process.StartedAt));
}
