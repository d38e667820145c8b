using Events.Application;
using Events.Application.Contracts;
using Events.Domain.Logs;
using Events.Host.Control;

namespace Events.Host.Security;

/// <summary>The key for secrets in the database, for the command line.</summary>
internal sealed class SecretsControl(CommandBus bus, SecretsRotation rotation, SecretsKeys keys) : IControlRoutes
{
    public void Map(RouteGroupBuilder control) => control.MapPost("/secrets/rotation", (Delegate)RotateAsync);

    /// <summary>The fact first. A change that was begun before is finished, and needs no other one.</summary>
    private async Task<IResult> RotateAsync(HttpContext context)
    {
        Reason reason = await ControlCalls.BodyAsync(context, ControlJson.Default.Reason);
        try
        {
            return await ChangeAsync(context, reason);
        }
        catch (OtherHostsException others)
        {
            return ControlCalls.Problem(409, "secrets.other_hosts", others.Message);
        }
    }

    private async Task<IResult> ChangeAsync(HttpContext context, Reason reason)
    {
        await rotation.EnsureAloneAsync(context.RequestAborted);
        if (!keys.IsChanging)
        {
            CommandResult noted = await bus.SendAsync(
                new NoteSecretsRotation(Guid.CreateVersion7(), reason.Text), ControlCalls.CallerNow(), context.RequestAborted);
            if (noted.Refusal is { } refusal)
            {
                return ControlCalls.Problem(409, refusal.Code, refusal.Message);
            }
        }

        // Begun, it is carried through, whether or not the caller still waits.
        return Results.Json(await rotation.RunAsync(CancellationToken.None), ControlJson.Default.SecretsRotated);
    }
}
