using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Host.JsonRpc;
using Events.Host.Live;
using Events.JsonRpc;

namespace Events.Host.Cameras;

/// <summary><c>get_camera_list</c>, <c>get_camera_status</c> and <c>get_stream_url</c> of the legacy contract.</summary>
internal sealed class CameraJsonRpc(LegacyCameras cameras, LiveLinks links, LiveViewers viewers, IMediaControl media)
    : IJsonRpcMethods
{
    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("get_camera_list", ListAsync, new MethodRule(Role.Viewer)),
        new("get_camera_status", call => OneAsync(call, StatusOf), new MethodRule(Role.Viewer)),
        new("get_stream_url", call => OneAsync(call, StreamOf), new MethodRule(Role.Viewer)),
    ];

    private async ValueTask<JsonRpcAnswer> ListAsync(JsonRpcCall call)
    {
        LegacyCamera[] all =
            [.. (await cameras.ListAsync(call.Cancellation)).Select(camera => cameras.Show(camera, call.Connection.Host))];
        return JsonRpcAnswer.Result(
            new LegacyCameraList(all, all.Length, all.Count(camera => camera.Status == "CONNECTED")),
            LegacyJson.Default.LegacyCameraList);
    }

    private async ValueTask<JsonRpcAnswer> OneAsync(JsonRpcCall call, Func<CameraView, JsonRpcCall, JsonRpcAnswer> show)
    {
        var found = await FindAsync(call, new CallParams(call.Params), cameras);
        return found.Camera is { } camera ? show(camera, call) : found.Error!;
    }

    private JsonRpcAnswer StatusOf(CameraView camera, JsonRpcCall call) =>
        JsonRpcAnswer.Result(cameras.ShowWhole(camera, call.Connection.Host), LegacyJson.Default.LegacyCamera);

    private JsonRpcAnswer StreamOf(CameraView camera, JsonRpcCall call)
    {
        bool isReady = media.SignalOf(camera.Id) is { IsConnected: true };
        return JsonRpcAnswer.Result(
            new LegacyStreamUrl(
                camera.Number.ToString(),
                camera.Number.ToString(),
                links.RtspOf(camera.Number, call.Connection.Host),
                isReady,
                viewers.CountOf(camera.Number),
                isReady ? "READY" : "NOT_READY"),
            LegacyJson.Default.LegacyStreamUrl);
    }

    /// <summary>The camera that the parameter <c>device</c> names, or the error to answer.</summary>
    internal static async Task<(CameraView? Camera, JsonRpcError? Error)> FindAsync(
        JsonRpcCall call, CallParams given, LegacyCameras cameras)
    {
        string device = given.Text("device");
        if (given.Error is null && CameraNumber.TryParse(device) is null)
        {
            given.Refuse("device", "pattern", LegacyCameras.DeviceHint);
        }

        if (given.Error is { } error)
        {
            return (null, error);
        }

        CameraView? camera = await cameras.FindAsync(CameraNumber.TryParse(device)!.Value, call.Cancellation);
        return camera is null ? (null, LegacyErrors.NotFound("camera", device)) : (camera, null);
    }
}
