using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Host.Control;

/// <summary>Cameras as people name them at the command line.</summary>
internal static class CameraNames
{
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
