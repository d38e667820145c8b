using Events.Application;
using Events.Application.Contracts;
using Events.Application.Snapshots;
using Events.Domain.Kernel;
using Events.Domain.Snapshots;
using Events.Host.Control;

namespace Events.Host.Snapshots;

/// <summary>Single snapshots for the command line: shred.</summary>
internal sealed class SnapshotControl(CommandBus bus, IReadModels views) : IControlRoutes
{
    public void Map(RouteGroupBuilder control) =>
        control.MapPost("/snapshots/{snapshot}/shred", ShredAsync);

    private static SnapshotRow RowOf(SnapshotView row) =>
        new(
            row.FileName,
            row.Id.ToString(),
            row.CameraNumber.ToString(),
            row.Status.ToString(),
            row.SizeBytes,
            row.At,
            row.IsEncrypted,
            row.ShreddedAt);

    private async Task<IResult> ShredAsync(HttpContext context, string snapshot)
    {
        Reason reason = await ControlCalls.BodyAsync(context, ControlJson.Default.Reason);
        if (await FindAsync(snapshot, context.RequestAborted) is not { } found)
        {
            return ControlCalls.Problem(404, SnapshotRefusals.NotFound.Code, $"There is no snapshot {snapshot}.");
        }

        CommandResult result = await bus.SendAsync(
            new ShredSnapshot(found.Id, reason.Text), ControlCalls.CallerNow(), context.RequestAborted);
        if (ControlCalls.TroubleOf(result) is { } trouble)
        {
            return trouble;
        }

        SnapshotView? row = await views.FindAsync(SnapshotViewProjection.View, found.Id.ToString(), context.RequestAborted);
        return row is null || !result.IsVisible
            ? ControlCalls.Problem(503, "dependency.projections", "It is done, but the views lag behind.")
            : Results.Json(RowOf(row), ControlJson.Default.SnapshotRow);
    }

    /// <param name="snapshot">An id, or a name with or without <c>.jpg</c>.</param>
    private async Task<SnapshotView?> FindAsync(string snapshot, CancellationToken cancellationToken)
    {
        if (Guid.TryParse(snapshot, out Guid id))
        {
            return await views.FindAsync(SnapshotViewProjection.View, new SnapshotId(id).ToString(), cancellationToken);
        }

        foreach (string name in new[] { snapshot, $"{snapshot}.jpg" })
        {
            var found = await views.ListAsync(SnapshotViewProjection.View, SnapshotView.Named(name), cancellationToken);
            if (found.Rows is [var row])
            {
                return row;
            }
        }

        return null;
    }
}
