using Events.Application.Contracts;
using Events.EventStore;
using Events.EventStore.Projections;
using Events.Host.Control;

namespace Events.Host.Projections;

/// <summary>What operators do with views, for the command line.</summary>
internal sealed class ProjectionControl(IProjections projections, ProjectionDesk desk) : IControlRoutes
{
    public void Map(RouteGroupBuilder control)
    {
        control.MapGet("/projections", (Delegate)ListAsync);
        control.MapPost("/projections/{view}/rebuild", (HttpContext context, string view) => WithAsync(view, async found =>
        {
            bool isNew = await projections.StartRebuildAsync(found, context.RequestAborted);
            return isNew
                ? await ListAsync(context)
                : ControlCalls.Problem(409, "projection.busy", $"{found.Name} is being rebuilt already.");
        }));
        control.MapPost("/projections/{view}/verification", (HttpContext context, string view) => WithAsync(view, async found =>
            Results.Json(await projections.VerifyAsync(found, context.RequestAborted), ProjectionJson.Default.ViewComparison)));
        control.MapPost("/projections/{view}/pause", (HttpContext context, string view) => WithAsync(view, async found =>
        {
            await projections.PauseAsync(found, isPaused: true, context.RequestAborted);
            return await ListAsync(context);
        }));
        control.MapPost("/projections/{view}/resumption", (HttpContext context, string view) => WithAsync(view, async found =>
        {
            await projections.PauseAsync(found, isPaused: false, context.RequestAborted);
            return await ListAsync(context);
        }));
        control.MapPost("/projections/{view}/reset", (HttpContext context, string view) => WithAsync(view, async found =>
        {
            await projections.ResetAsync(found, context.RequestAborted);
            return await ListAsync(context);
        }));
        control.MapPost("/projections/{view}/parked", (HttpContext context, string view) => WithAsync(view, found =>
            ParkAsync(context, found)));
    }

    private async Task<IResult> ListAsync(HttpContext context) =>
        Results.Json(await projections.ListAsync(context.RequestAborted), ProjectionJson.Default.IReadOnlyListProjectionStatus);

    private async Task<IResult> WithAsync(string name, Func<View, Task<IResult>> act)
    {
        if (projections.Find(name) is not { } view)
        {
            return ControlCalls.Problem(404, "projection.not_found", $"There is no view {name}. List them: projections list");
        }

        try
        {
            return await act(view);
        }
        catch (InvalidOperationException busy)
        {
            return ControlCalls.Problem(409, "projection.busy", busy.Message);
        }
        catch (ViewFaultException fault)
        {
            return ControlCalls.Problem(409, "projection.fault", fault.Message);
        }
    }

    private async Task<IResult> ParkAsync(HttpContext context, View view)
    {
        ParkWish wish = await ControlCalls.BodyAsync(context, ProjectionJson.Default.ParkWish);
        CommandResult result = await desk.ParkAsync(
            view, wish.Position, wish.IsParked, wish.Reason, ControlCalls.CallerNow(), context.RequestAborted);
        return result.Refusal is { } refusal
            ? ControlCalls.Problem(409, refusal.Code, refusal.Message)
            : await ListAsync(context);
    }
}
