using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Host.Control;

/// <summary>Cameras as people name them at the command line.</summary>
internal static class CameraNames
{
    /// <param name="names">Null for all.</param>
    /// <param name="bad">What to say of a list that is none.</param>
    public static async Task<(CameraList? Cameras, IResult? Problem)> ReadAsync(
        IReadOnlyList<string>? names, Refusal bad, IReadModels views, CancellationToken cancellationToken)
    {
        if (names is null)
        {
            return (null, null);
        }

        List<CameraId> ids = [];
        foreach (string name in names)
        {
            if (await FindAsync(name, views, cancellationToken) is not { } camera)
            {
                return (null, ControlCalls.Problem(404, bad.Code, $"There is no camera {name}. List them: camera list"));
            }

            ids.Add(camera.Id);
        }

        return CameraList.From(ids) is { } list ? (list, null) : (null, ControlCalls.Problem(400, bad.Code, bad.Message));
    }

    /// <returns>Wire names; null for all.</returns>
    public static async Task<IReadOnlyList<string>?> OfAsync(
        CameraList? cameras, IReadModels views, CancellationToken cancellationToken)
    {
        if (cameras is null)
        {
            return null;
        }

        List<string> names = [];
        foreach (CameraId id in cameras.All)
        {
            CameraView? camera = await views.FindAsync(CameraViewProjection.View, id.ToString(), cancellationToken);
            names.Add(camera?.Number.ToString() ?? id.ToString());
        }

        return names;
    }

    /// <param name="camera">A wire name, an id, or a name that only one camera has.</param>
    public static async Task<CameraView?> FindAsync(string camera, IReadModels views, CancellationToken cancellationToken)
    {
        if (Guid.TryParse(camera, out Guid id))
        {
            return await views.FindAsync(CameraViewProjection.View, new CameraId(id).ToString(), cancellationToken);
        }

        ViewQuery query = CameraNumber.TryParse(camera) is { } number
            ? ViewQuery.Where("number", (long)number.Value)
            : ViewQuery.Where("name", camera);
        var found = await views.ListAsync(CameraViewProjection.View, query, cancellationToken);
        CameraView[] present = [.. found.Rows.Where(row => row.Status is not CameraStatus.Retired)];
        return present.Length == 1 ? present[0] : found.Rows is [{ } only] ? only : null;
    }
}
