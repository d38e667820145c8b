using Events.Application;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Host.Control;
using Events.Host.Files;

namespace Events.Host.Recordings;

/// <summary>Single recordings for the command line: hold, release, delete, shred.</summary>
internal sealed class RecordingControl(CommandBus bus, IReadModels views) : IControlRoutes
{
    public void Map(RouteGroupBuilder control)
    {
        control.MapPost("/recordings/{recording}/hold", async (HttpContext context, string recording) =>
        {
            Reason reason = await ControlCalls.BodyAsync(context, ControlJson.Default.Reason);
            return await SendAsync(context, recording, id => new PlaceLegalHold(id, reason.Text));
        });
        control.MapPost("/recordings/{recording}/release", async (HttpContext context, string recording) =>
        {
            Reason reason = await ControlCalls.BodyAsync(context, ControlJson.Default.Reason);
            return await SendAsync(context, recording, id => new ReleaseLegalHold(id, reason.Text));
        });
        control.MapPost("/recordings/{recording}/shred", async (HttpContext context, string recording) =>
        {
            Reason reason = await ControlCalls.BodyAsync(context, ControlJson.Default.Reason);
            return await SendAsync(context, recording, id => new ShredRecording(id, reason.Text));
        });
        control.MapPost("/recordings/{recording}/deletion", (HttpContext context, string recording) =>
            SendAsync(context, recording, id => new DeleteRecording(id, DeletionReason.Requested)));
    }

    public static RecordingRow RowOf(RecordingView row) =>
        new(
            row.Name,
            row.Id.ToString(),
            row.CameraNumber.ToString(),
            row.Status.ToString(),
            row.FootageMs / 1000.0,
            row.FileBytes,
            row.FrameCount,
            row.SegmentCount,
            row.StartedAt,
            row.EndedAt,
            row.Trouble,
            row.HeldFor,
            row.IsEncrypted,
            row.ShreddedAt);

    private async Task<IResult> SendAsync(HttpContext context, string recording, Func<RecordingId, object> command)
    {
        if (await FindAsync(recording, context.RequestAborted) is not { } found)
        {
            return ControlCalls.Problem(
                404, RecordingRefusals.NotFound.Code, $"There is no recording {recording}. List them: recording list");
        }

        CommandResult result = await bus.SendAsync(command(found.Id), ControlCalls.CallerNow(), context.RequestAborted);
        if (ControlCalls.TroubleOf(result) is { } trouble)
        {
            return trouble;
        }

        RecordingView? row = await views.FindAsync(RecordingViewProjection.View, found.Id.ToString(), context.RequestAborted);
        return row is null || !result.IsVisible
            ? ControlCalls.Problem(503, "dependency.projections", "It is done, but the views lag behind. See: recording list")
            : Results.Json(RowOf(row), ControlJson.Default.RecordingRow);
    }

    /// <param name="recording">An id, or a name with or without extension.</param>
    private async Task<RecordingView?> FindAsync(string recording, CancellationToken cancellationToken)
    {
        if (Guid.TryParse(recording, out Guid id))
        {
            return await views.FindAsync(RecordingViewProjection.View, new RecordingId(id).ToString(), cancellationToken);
        }

        var found = await views.ListAsync(
            RecordingViewProjection.View,
            ViewQuery.Where("name", FileNames.WithoutExtension(recording)) with { Limit = 1 },
            cancellationToken);
        return found.Rows.Count == 0 ? null : found.Rows[0];
    }
}
