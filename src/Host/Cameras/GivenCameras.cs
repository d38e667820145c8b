using Events.Domain.Kernel;
using Events.Host.JsonRpc;
using Events.JsonRpc;

namespace Events.Host.Cameras;

/// <summary>Lists of cameras as calls over JSON-RPC give them: by their wire names.</summary>
internal static class GivenCameras
{
    /// <summary>The parameter <c>cameras</c>. A list that is there and empty is not "all".</summary>
    /// <param name="bad">What to say of a list that is none.</param>
    /// <returns>Null for all; or an error, also of parameters that were read before.</returns>
    public static async Task<(CameraList? Cameras, JsonRpcError? Error)> ReadAsync(
        CallParams given, LegacyCameras cameras, Refusal bad, CancellationToken cancellationToken)
    {
        var devices = given.OptionalTexts(
            "cameras", CameraList.CountMax, text => CameraNumber.TryParse(text) is not null, bad.Message);
        if (given.Error is not null || devices is null)
        {
            return (null, given.Error);
        }

        List<CameraId> ids = [];
        foreach (string device in devices)
        {
            if (await cameras.FindAsync(CameraNumber.TryParse(device)!.Value, cancellationToken) is not { } camera)
            {
                return (null, LegacyErrors.NotFound("camera", device));
            }

            ids.Add(camera.Id);
        }

        return CameraList.From(ids) is { } list ? (list, null) : (null, LegacyErrors.ByFamily(bad, string.Empty));
    }
}
