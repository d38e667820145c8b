using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Application.Cameras;

/// <summary>Whether lists of cameras name some that there are.</summary>
internal static class RegisteredCameras
{
    /// <param name="cameras">Null for all, which there are.</param>
    /// <returns>Whether each was registered; it may be retired since.</returns>
    public static async Task<bool> HaveAllAsync(
        IReadModels views, CameraList? cameras, CancellationToken cancellationToken)
    {
        foreach (CameraId camera in cameras?.All ?? [])
        {
            if (await views.FindAsync(CameraViewProjection.View, camera.ToString(), cancellationToken) is null)
            {
                return false;
            }
        }

        return true;
    }
}
