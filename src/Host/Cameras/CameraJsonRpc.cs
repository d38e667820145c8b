using System.Globalization;
using Events.Application.Cameras;
using Events.Domain.Kernel;
using Events.Host.JsonRpc;
using Events.JsonRpc;

namespace Events.Host.Cameras;

/// <param name="FpsOptions">Whole pictures per second.</param>
/// <param name="FrameRates">The same with three decimals, as the older servers' drivers wrote them.</param>
internal sealed record LegacyCameraCapabilities(
    string Device,
    IReadOnlyList<string> Formats,
    IReadOnlyList<string> Resolutions,
    IReadOnlyList<int> FpsOptions,
    IReadOnlyList<string> FrameRates,
    string ValidationStatus);

/// <summary><c>get_camera_list</c>, <c>get_camera_status</c> and <c>get_camera_capabilities</c> of the legacy contract.</summary>
internal sealed class CameraJsonRpc(LegacyCameras cameras, ClientSessions sessions) : IJsonRpcMethods
{
    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("get_camera_list", ListAsync, new MethodRule(Right.SeePictures)),
        new("get_camera_status", call => OneAsync(call, StatusOf), new MethodRule(Right.SeePictures)),
        new("get_camera_capabilities", call => OneAsync(call, CapabilitiesOf), new MethodRule(Right.SeePictures)),
    ];

    private async ValueTask<JsonRpcAnswer> ListAsync(JsonRpcCall call)
    {
        ClientSession session = sessions.Of(call.Connection);
        var present = await cameras.ListAsync(session.Identity!.Cameras, call.Cancellation);
        LegacyCamera[] all = [.. present.Select(camera => cameras.Show(camera, session.LinkOwner))];
        return JsonRpcAnswer.Result(
            new LegacyCameraList(all, all.Length, all.Count(camera => camera.Status == "CONNECTED")),
            LegacyJson.Default.LegacyCameraList);
    }

    private async ValueTask<JsonRpcAnswer> OneAsync(JsonRpcCall call, Func<CameraView, JsonRpcCall, JsonRpcAnswer> show)
    {
        var found = await FindAsync(call, new CallParams(call.Params), cameras, sessions);
        return found.Camera is { } camera ? show(camera, call) : found.Error!;
    }

    private JsonRpcAnswer StatusOf(CameraView camera, JsonRpcCall call) =>
        JsonRpcAnswer.Result(
            cameras.ShowWhole(camera, sessions.Of(call.Connection).LinkOwner), LegacyJson.Default.LegacyCamera);

    /// <summary>NONE before the source was ever looked at, DISCONNECTED while what is known is of earlier.</summary>
    private static JsonRpcAnswer CapabilitiesOf(CameraView camera, JsonRpcCall call)
    {
        IReadOnlyList<double> rates = LegacyCameras.RatesOf(camera);
        return JsonRpcAnswer.Result(
            new LegacyCameraCapabilities(
                camera.Number.ToString(),
                LegacyCameras.FormatsOf(camera),
                LegacyCameras.ResolutionsOf(camera),
                [.. rates.Select(rate => (int)Math.Round(rate)).Where(rate => rate > 0).Distinct()],
                [.. rates.Select(rate => rate.ToString("0.000", CultureInfo.InvariantCulture))],
                camera.Codec is null && camera.Modes is null ? "NONE"
                    : camera.Status is CameraStatus.Connected ? "CONFIRMED"
                    : "DISCONNECTED"),
            LegacyJson.Default.LegacyCameraCapabilities);
    }

    /// <summary>
    /// The camera that the parameter <c>device</c> names, or the error to answer. One that the client may not know is not there.
    /// </summary>
    internal static async Task<(CameraView? Camera, JsonRpcError? Error)> FindAsync(
        JsonRpcCall call, CallParams given, LegacyCameras cameras, ClientSessions sessions)
    {
        string device = given.Text("device");
        if (given.Error is null && !CameraNumber.IsName(device))
        {
            given.Refuse("device", "pattern", LegacyCameras.DeviceHint);
        }

        if (given.Error is { } error)
        {
            return (null, error);
        }

        CameraView? camera = CameraNumber.TryParse(device) is { } number
            ? await cameras.FindAsync(number, call.Cancellation) : null;
        return camera is null || !cameras.MaySee(sessions.Of(call.Connection).Identity!, camera.Id)
            ? (null, LegacyErrors.NotFound("camera", device))
            : (camera, null);
    }
}
