using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Host.Security;

/// <summary>Conditions that keep lists to the cameras that somebody may know of.</summary>
internal static class CameraFilters
{
    /// <param name="cameras">Null for all.</param>
    public static IEnumerable<ViewFilter> Of(CameraList? cameras) =>
        cameras is null ? [] : [new ViewFilter("camera_id", ViewOperator.In, cameras.All.Select(id => id.ToString()).ToArray())];

    /// <param name="column">That holds a camera's id; of the cameras themselves, <c>key</c>.</param>
    /// <returns>Null for all.</returns>
    public static RowCondition? On(string column, CameraList? cameras) =>
        cameras is null
            ? null
            : new RowCondition.Compare(column, RowOperator.In, cameras.All.Select(id => (object?)id.ToString()).ToList());
}
