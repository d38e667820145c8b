using Events.Application;
using Events.Application.Contracts;
using Events.Application.Users;
using Events.Domain.Kernel;
using Events.Domain.Users;
using Events.Host.Control;
using Events.Host.Security;
using static Events.Host.Control.ControlCalls;

namespace Events.Host.Users;

/// <summary>Users for the command line.</summary>
internal sealed class UserControl(
    UserAccounts accounts, UserIndex index, IReadModels views, NewestRows newest, TimeProvider time) : IControlRoutes
{
    public void Map(RouteGroupBuilder control)
    {
        control.MapGet("/users", (Delegate)ListAsync);
        control.MapPost("/users", (Delegate)AddAsync);
        control.MapPost("/users/{name}/password", (Delegate)SetPasswordAsync);
        control.MapPost("/users/{name}/role", (Delegate)SetRoleAsync);
        control.MapPost("/users/{name}/cameras", (Delegate)SetCamerasAsync);
        control.MapPost("/users/{name}/disabling", async (HttpContext context, string name) =>
        {
            Reason reason = await BodyAsync(context, ControlJson.Default.Reason);
            return await ChangeAsync(context, name, user => new DisableUser(user, reason.Text));
        });
        control.MapPost("/users/{name}/erasure", (Delegate)EraseAsync);
        control.MapPost("/users/{name}/enabling", (HttpContext context, string name) =>
            ChangeAsync(context, name, user => new EnableUser(user)));
        control.MapPost("/users/{name}/unlocking", (HttpContext context, string name) =>
            ChangeAsync(context, name, user => new UnlockUser(user)));
        control.MapPost("/users/{name}/second-factor-removal", RemoveSecondFactorAsync);
        control.MapPost("/users/{name}/sessions-end", (HttpContext context, string name) =>
            ChangeAsync(context, name, user => new EndUserSessions(user, time.GetUtcNow())));
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        List<UserRow> rows = [];
        while (true)
        {
            Page<UserView> page = await views.ListAsync(
                UserViewProjection.View,
                ViewQuery.All with { OrderBy = "name", Offset = rows.Count },
                context.RequestAborted);
            foreach (UserView view in page.Rows)
            {
                rows.Add(await RowOfAsync(view, context.RequestAborted));
            }

            if (page.Rows.Count == 0 || rows.Count >= page.Total)
            {
                return Results.Json(rows, ControlJson.Default.IReadOnlyListUserRow);
            }
        }
    }

    private async Task<IResult> AddAsync(HttpContext context)
    {
        UserDraft draft = await BodyAsync(context, ControlJson.Default.UserDraft);
        if (AccessTokens.RoleOf(draft.Role) is not { } role)
        {
            return BadRole();
        }

        (CameraList? cameras, IResult? problem) = await CameraNames.ReadAsync(
            draft.Cameras, UserRefusals.BadCameras, views, context.RequestAborted);
        if (problem is not null)
        {
            return problem;
        }

        string password = draft.Password ?? UserAccounts.Generate();
        CommandResult result = await accounts.CreateAsync(
            draft.Name, role, cameras, password, draft.Password is null, CallerNow(), context.RequestAborted);
        return Refused(result) ?? await MadeAsync(context, draft.Name, draft.Password is null ? password : null);
    }

    private async Task<IResult> SetPasswordAsync(HttpContext context, string name)
    {
        NewPassword wish = await BodyAsync(context, ControlJson.Default.NewPassword);
        if (UserName.TryParse(name) is not { } user)
        {
            return NotFound(name);
        }

        string password = wish.Password ?? UserAccounts.Generate();
        CommandResult result = await accounts.SetPasswordAsync(
            user, password, wish.Password is null, CallerNow(), context.RequestAborted);
        return Refused(result) ?? await MadeAsync(context, name, wish.Password is null ? password : null);
    }

    private async Task<IResult> SetRoleAsync(HttpContext context, string name)
    {
        NewRole wish = await BodyAsync(context, ControlJson.Default.NewRole);
        return AccessTokens.RoleOf(wish.Role) is { } role
            ? await ChangeAsync(context, name, user => new ChangeUserRole(user, role))
            : BadRole();
    }

    private async Task<IResult> SetCamerasAsync(HttpContext context, string name)
    {
        NewCameras wish = await BodyAsync(context, ControlJson.Default.NewCameras);
        (CameraList? cameras, IResult? problem) = await CameraNames.ReadAsync(
            wish.Cameras, UserRefusals.BadCameras, views, context.RequestAborted);
        return problem ?? await ChangeAsync(context, name, user => new ChangeUserCameras(user, cameras));
    }

    private async Task<IResult> MadeAsync(HttpContext context, string name, string? password) =>
        await index.FindAsync(name, context.RequestAborted) is { } view
            ? Results.Json(
                new UserMade(await RowOfAsync(view, context.RequestAborted), password), ControlJson.Default.UserMade)
            : Lagging();

    private async Task<IResult> EraseAsync(HttpContext context, string name)
    {
        Reason reason = await BodyAsync(context, ControlJson.Default.Reason);
        if (UserName.TryParse(name) is not { } user)
        {
            return NotFound(name);
        }

        UserView? before = await index.FindAsync(user, context.RequestAborted);
        CommandResult result = await accounts.SendAsync(
            new EraseUser(user, reason.Text), CallerNow(), null, context.RequestAborted);
        return Refused(result)
            ?? Results.Json(new UserGone(before?.Account() ?? name, result.Position), ControlJson.Default.UserGone);
    }

    private Task<IResult> RemoveSecondFactorAsync(HttpContext context, string name) =>
        SendAsync(context, name, user => accounts.RemoveSecondFactorAsync(user, CallerNow(), null, context.RequestAborted));

    private Task<IResult> ChangeAsync(HttpContext context, string name, Func<UserName, UserCommand> command) =>
        SendAsync(context, name, user => accounts.SendAsync(command(user), CallerNow(), null, context.RequestAborted));

    private async Task<IResult> SendAsync(HttpContext context, string name, Func<UserName, Task<CommandResult>> send)
    {
        if (UserName.TryParse(name) is not { } user)
        {
            return NotFound(name);
        }

        CommandResult result = await send(user);

        // By the facts: a view that stands still would have somebody who was disabled shown as active.
        return Refused(result)
            ?? (await index.FindAsync(name, context.RequestAborted) is { } view
                && await newest.FindAsync(view, context.RequestAborted) is { } now
                ? Results.Json(await RowOfAsync(now, context.RequestAborted), ControlJson.Default.UserRow)
                : Lagging());
    }

    private async Task<UserRow> RowOfAsync(UserView view, CancellationToken cancellationToken)
    {
        bool isLocked = view.LockedUntil > time.GetUtcNow();
        return new UserRow(
            view.Name.Value,
            AccessTokens.NameOf(view.Role),
            view.DisabledFor is not null ? "disabled" : isLocked ? "locked" : "active",
            view.MustChange,
            view.CreatedAt,
            isLocked ? view.LockedUntil : null,
            view.DisabledFor,
            view.IsSecondFactorConfirmed,
            await CameraNames.OfAsync(view.Cameras, views, cancellationToken));
    }

    private static IResult? Refused(CommandResult result) =>
        result.Refusal is { } refusal
            ? Problem(refusal == UserRefusals.NotFound ? 404 : 409, refusal.Code, refusal.Message)
            : null;

    private static IResult BadRole() => Problem(400, "user.bad_role", "A role is viewer, operator, admin or auditor.");

    private static IResult NotFound(string name) =>
        Problem(404, UserRefusals.NotFound.Code, $"There is no user {name}. List them: users list");

    private static IResult Lagging() =>
        Problem(503, "dependency.projections", "It is done, but the views lag behind. List the users shortly.");
}
