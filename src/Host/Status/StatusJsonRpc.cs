using System.Globalization;
using Events.Application.Broadcasts;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Host.Cameras;
using Events.Host.JsonRpc;
using Events.Host.Live;
using Events.JsonRpc;

namespace Events.Host.Status;

internal sealed record LegacyMetrics(
    string Timestamp,
    LegacySystemMetrics SystemMetrics,
    LegacyCameraTotals CameraMetrics,
    LegacyNothing RecordingMetrics,
    LegacyStreamTotals StreamMetrics);

/// <param name="Goroutines">Threads that work for requests; the name is the contract's.</param>
internal sealed record LegacySystemMetrics(double CpuUsage, double MemoryUsage, double DiskUsage, int Goroutines);

internal sealed record LegacyCameraTotals(int ConnectedCameras, IReadOnlyDictionary<string, LegacyCameraDetails> Cameras);

/// <param name="Path">The camera's wire name.</param>
/// <param name="LastSeen">When its newest picture came; null, and left out, before the first.</param>
internal sealed record LegacyCameraDetails(
    string Path,
    string Name,
    string Status,
    int DeviceNum,
    string? LastSeen,
    LegacyCapabilities Capabilities,
    IReadOnlyList<LegacyFormat> Formats);

internal sealed record LegacyFormat(string PixelFormat, int Width, int Height, IReadOnlyList<string> FrameRates);

/// <summary>An object without members: the contract has it so.</summary>
internal sealed record LegacyNothing;

internal sealed record LegacyStreamTotals(long ActiveStreams, int TotalStreams, int TotalViewers);

/// <summary>How the host is and what it is, over the legacy contract.</summary>
internal sealed class StatusJsonRpc(
    LegacyStatus status,
    LegacyCameras cameras,
    LiveViewers viewers,
    SystemMeter meter,
    IMediaControl media,
    IReadModels views,
    ClientSessions sessions,
    TimeProvider time)
    : IJsonRpcMethods
{
    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("get_metrics", MetricsAsync, new MethodRule(Right.ReadStatus, NeedsCameras: false)),
        new(
            "get_status",
            _ => ValueTask.FromResult(JsonRpcAnswer.Result(status.System, LegacyJson.Default.LegacySystem)),
            new MethodRule(Right.ReadStatus, NeedsCameras: false)),
        new("get_system_status", ReadinessAsync, new MethodRule(Right.ReadCatalogue, NeedsCameras: false)),
        new(
            "get_server_info",
            _ => ValueTask.FromResult(JsonRpcAnswer.Result(LegacyStatus.Server, LegacyJson.Default.LegacyServer)),
            new MethodRule(Right.ReadCatalogue, NeedsCameras: false)),
    ];

    private async ValueTask<JsonRpcAnswer> MetricsAsync(JsonRpcCall call)
    {
        CameraList? among = sessions.Of(call.Connection).Identity!.Cameras;
        IReadOnlyList<CameraView> all = await cameras.ListAsync(among, call.Cancellation);
        var running = await views.ListAsync(
            BroadcastViewProjection.View, BroadcastView.Running with { Limit = 1 }, call.Cancellation);
        SystemLoad load = meter.Read();
        return JsonRpcAnswer.Result(
            new LegacyMetrics(
                LegacyText.Instant(time.GetUtcNow()),
                new LegacySystemMetrics(
                    load.CpuPercent, load.MemoryPercent, Math.Round(load.DiskPercent, 1), ThreadPool.ThreadCount),
                new LegacyCameraTotals(
                    all.Count(camera => camera.Status is CameraStatus.Connected),
                    all.ToDictionary(camera => camera.Number.ToString(), DetailsOf)),
                new LegacyNothing(),
                new LegacyStreamTotals(running.Total, all.Count, all.Sum(camera => viewers.CountOf(camera.Number)))),
            LegacyJson.Default.LegacyMetrics);
    }

    /// <summary>The one method beside login that answers before anything is ready, and while PostgreSQL is away.</summary>
    private async ValueTask<JsonRpcAnswer> ReadinessAsync(JsonRpcCall call)
    {
        IReadOnlyList<CameraView> all = [];
        try
        {
            all = await cameras.ListAsync(sessions.Of(call.Connection).Identity!.Cameras, call.Cancellation);
        }
        catch (DependencyUnavailableException)
        {
            // Then none is known to be available.
        }

        return JsonRpcAnswer.Result(status.ReadinessWith(all), LegacyJson.Default.LegacyReadiness);
    }

    private LegacyCameraDetails DetailsOf(CameraView camera) =>
        new(
            camera.Number.ToString(),
            camera.Name,
            LegacyCameras.StatusOf(camera),
            camera.Number.Value,
            media.SignalOf(camera.Id)?.LastFrameAt is { } at ? LegacyText.Instant(at) : null,
            new LegacyCapabilities(LegacyCameras.FormatsOf(camera), LegacyCameras.ResolutionsOf(camera)),
            [
                .. (camera.Modes?.All ?? []).Select(mode => new LegacyFormat(
                    mode.Format,
                    mode.Width,
                    mode.Height,
                    [.. mode.Rates.Select(rate => rate.ToString("0.000", CultureInfo.InvariantCulture))])),
            ]);
}
