using System.Runtime.CompilerServices;
using Events.Application;
using Events.Application.ApiKeys;
using Events.Application.Contracts;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;
using Events.Host.Control;
using Events.Host.Security;
using static Events.Host.Control.ControlCalls;

namespace Events.Host.ApiKeys;

/// <summary>Keys for the command line.</summary>
internal sealed class ApiKeyControl(ApiKeyDesk desk, IReadModels views, NewestRows newest, TimeProvider time) : IControlRoutes
{
    public void Map(RouteGroupBuilder control)
    {
        control.MapGet("/keys", (Delegate)ListAsync);
        control.MapPost("/keys", (Delegate)IssueAsync);
        control.MapPost("/keys/cleanup", (Delegate)CleanUpAsync);
        control.MapPost("/keys/{id}/rotation", (Delegate)RotateAsync);
        control.MapPost("/keys/{id}/narrowing", (Delegate)NarrowAsync);
        control.MapPost("/keys/{id}/suspension", (HttpContext context, string id) =>
            EndAsync(context, id, (key, reason) => new SuspendApiKey(key, reason)));
        control.MapPost("/keys/{id}/revocation", (HttpContext context, string id) =>
            EndAsync(context, id, (key, reason) => new RevokeApiKey(key, reason)));
        control.MapPost("/keys/{id}/resumption", (HttpContext context, string id) =>
            ChangeAsync(context, id, key => new ResumeApiKey(key)));
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        List<KeyRow> rows = [];
        await foreach (ApiKeyView view in AllAsync(context.RequestAborted))
        {
            rows.Add(await RowOfAsync(view, context.RequestAborted));
        }

        return Results.Json(rows, ControlJson.Default.IReadOnlyListKeyRow);
    }

    private async IAsyncEnumerable<ApiKeyView> AllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long seen = 0;
        Page<ApiKeyView> page;
        do
        {
            page = await views.ListAsync(
                ApiKeyViewProjection.View, ViewQuery.All with { OrderBy = "issued_at", Offset = (int)seen }, cancellationToken);
            foreach (ApiKeyView view in page.Rows)
            {
                yield return view;
            }

            seen += page.Rows.Count;
        }
        while (page.Rows.Count > 0 && seen < page.Total);
    }

    /// <summary>A keeper does the same now and then; who asks wants it on record now.</summary>
    private async Task<IResult> CleanUpAsync(HttpContext context)
    {
        KeyCleanup wish = await BodyAsync(context, ControlJson.Default.KeyCleanup);
        List<ApiKeyView> due = [];
        await foreach (ApiKeyView view in AllAsync(context.RequestAborted))
        {
            if (view.Status is not ApiKeyStatus.Expired && view.StatusAt(time.GetUtcNow()) is ApiKeyStatus.Expired)
            {
                due.Add(view);
            }
        }

        List<KeyRow> rows = [];
        foreach (ApiKeyView view in due)
        {
            if (!wish.IsDryRun
                && Refused(await desk.SendAsync(new ExpireApiKey(view.Id), CallerNow(), null, context.RequestAborted))
                    is { } refused)
            {
                return refused;
            }

            rows.Add(await RowOfAsync(view, context.RequestAborted));
        }

        return Results.Json(rows, ControlJson.Default.IReadOnlyListKeyRow);
    }

    private async Task<IResult> IssueAsync(HttpContext context)
    {
        KeyWish wish = await BodyAsync(context, ControlJson.Default.KeyWish);
        if (AccessTokens.RoleOf(wish.Role) is not { } role)
        {
            return BadRole();
        }

        (GivenLists lists, IResult? problem) = await ReadAsync(
            wish.Cameras, wish.Addresses, wish.Scopes, context.RequestAborted);
        if (problem is not null)
        {
            return problem;
        }

        ApiKeyId id = ApiKeyId.New();
        (string secret, string hash) = ApiKeySecret.New();
        CommandResult result = await desk.SendAsync(
            new IssueApiKey(id, wish.Name, lists.Of(role, wish.ExpiresAt, wish.CallsPerSecond), hash),
            CallerNow(), null, context.RequestAborted);
        return Refused(result) ?? Results.Json(new IssuedKey(id.ToString(), secret), ControlJson.Default.IssuedKey);
    }

    private async Task<IResult> RotateAsync(HttpContext context, string id)
    {
        KeyRotation wish = await BodyAsync(context, ControlJson.Default.KeyRotation);
        if (IdOf(id) is not { } key)
        {
            return NotFound(id);
        }

        (string secret, string hash) = ApiKeySecret.New();
        CommandResult result = await desk.SendAsync(
            new RotateApiKey(key, hash, wish.OverlapSeconds), CallerNow(), null, context.RequestAborted);
        return Refused(result) ?? Results.Json(new IssuedKey(id, secret), ControlJson.Default.IssuedKey);
    }

    private async Task<IResult> NarrowAsync(HttpContext context, string id)
    {
        KeyNarrowing wish = await BodyAsync(context, ControlJson.Default.KeyNarrowing);
        if (wish.Role is not null && AccessTokens.RoleOf(wish.Role) is null)
        {
            return BadRole();
        }

        (GivenLists lists, IResult? problem) = await ReadAsync(
            wish.Cameras, wish.Addresses, wish.Scopes, context.RequestAborted);
        if (problem is not null || IdOf(id) is not { } key)
        {
            return problem ?? NotFound(id);
        }

        NarrowApiKey command = await desk.NarrowingOfAsync(
            key, AccessTokens.RoleOf(wish.Role), lists, wish.ExpiresAt, wish.CallsPerSecond, context.RequestAborted);
        return await ChangeAsync(context, id, _ => command);
    }

    private async Task<IResult> EndAsync(HttpContext context, string id, Func<ApiKeyId, string, ApiKeyCommand> command)
    {
        Reason reason = await BodyAsync(context, ControlJson.Default.Reason);
        return await ChangeAsync(context, id, key => command(key, reason.Text));
    }

    private async Task<IResult> ChangeAsync(HttpContext context, string id, Func<ApiKeyId, ApiKeyCommand> command)
    {
        if (IdOf(id) is not { } key)
        {
            return NotFound(id);
        }

        CommandResult result = await desk.SendAsync(command(key), CallerNow(), null, context.RequestAborted);
        if (Refused(result) is { } refused)
        {
            return refused;
        }

        // By its facts: a view that stands still would have a revoked key shown as an active one.
        ApiKeyView? now = await newest.FindAsync(key, context.RequestAborted);
        return now is null
            ? Problem(503, "dependency.projections", "It is done, but the key cannot be read. List the keys shortly.")
            : Results.Json(await RowOfAsync(now, context.RequestAborted), ControlJson.Default.KeyRow);
    }

    /// <summary>An empty list is one that was not given: the command line has no other way to say that.</summary>
    private async Task<(GivenLists Lists, IResult? Problem)> ReadAsync(
        IReadOnlyList<string>? cameras, IReadOnlyList<string>? addresses, IReadOnlyList<string>? scopes,
        CancellationToken cancellationToken)
    {
        var none = new GivenLists(null, null, null);
        (CameraList? list, IResult? problem) = await CameraNames.ReadAsync(
            cameras is { Count: > 0 } ? cameras : null, ApiKeyRefusals.BadCameras, views, cancellationToken);
        if (problem is not null)
        {
            return (none, problem);
        }

        List<Right> rights = [];
        foreach (string name in scopes ?? [])
        {
            if (ScopeNames.RightOf(name) is not { } right)
            {
                return (none, Problem(
                    400,
                    ApiKeyRefusals.BadScopes.Code,
                    $"There is no scope {name}. There are {string.Join(", ", ScopeNames.All)}."));
            }

            rights.Add(right);
        }

        Refusal? refusal = ApiKeyDesk.TryRead(
            list?.All,
            addresses is { Count: > 0 } ? addresses : null,
            rights.Count > 0 ? rights : null,
            out GivenLists lists);
        return (lists, refusal is null ? null : Problem(400, refusal.Code, refusal.Message));
    }

    private async Task<KeyRow> RowOfAsync(ApiKeyView view, CancellationToken cancellationToken) =>
        new(
            view.Id.ToString(),
            view.Name,
            AccessTokens.NameOf(view.Role),
            view.StatusAt(time.GetUtcNow()).ToString().ToLowerInvariant(),
            view.IssuedAt,
            view.UseCount,
            await CameraNames.OfAsync(view.Cameras, views, cancellationToken),
            view.Addresses?.Split(' '),
            view.ExpiresAt,
            view.LastUsedAt,
            view.EndedFor,
            view.CallsPerSecondMax,
            ScopeNames.Of(view.Scopes));

    private static ApiKeyId? IdOf(string text) => Guid.TryParse(text, out Guid id) ? new ApiKeyId(id) : null;

    private static IResult? Refused(CommandResult result) =>
        result.Refusal is { } refusal
            ? Problem(refusal == ApiKeyRefusals.NotFound ? 404 : 409, refusal.Code, refusal.Message)
            : null;

    private static IResult BadRole() => Problem(400, "api_key.bad_role", "A role is viewer, operator, admin or auditor.");

    private static IResult NotFound(string id) =>
        Problem(404, ApiKeyRefusals.NotFound.Code, $"There is no key {id}. List them: keys list");
}
