using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Events.Application;
using Events.Application.Access;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Host.Health;
using Events.Host.Recordings;
using Events.Host.Security;
using static Events.Host.Control.ControlCalls;

namespace Events.Host.Control;

/// <summary>What the control addresses say of the installation.</summary>
/// <param name="Token">The local credential; whoever can read the data folder has it.</param>
internal sealed record ControlFacts(
    string Token, string DatabaseUrl, string WebSocket, string Health, string Data, Guid Installation, TimeSpan TokenTtl);

/// <summary>
/// The command line's way in, <c>/control/…</c>: from this machine alone, with the credential in the data folder, onto the same
/// commands as every other way.
/// </summary>
internal sealed class ControlEndpoints(
    CommandBus bus,
    IReadModels views,
    ILog log,
    ISourceSecrets secrets,
    AccessTokens tokens,
    HealthChecks health,
    AccessLedger ledger,
    TimeProvider time,
    ControlFacts facts,
    IEnumerable<IControlRoutes> features)
{
    private const int UserLengthMax = 128;
    private const long TtlSecondsMax = 366 * 86_400;

    public void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/control").AddEndpointFilter(OnlyOwnerAsync);
        group.MapGet("/cameras", ListCamerasAsync);
        group.MapPost("/cameras", (Delegate)AddCameraAsync);
        group.MapPost("/cameras/{camera}/name", (HttpContext context, string camera) =>
            ChangeAsync(context, camera, ControlJson.Default.NewName, (id, body) => new RenameCamera(id, body.Name)));
        group.MapPost("/cameras/{camera}/source", (HttpContext context, string camera) =>
            ChangeAsync(context, camera, ControlJson.Default.NewSource, (id, body) => new MoveCamera(id, body.Source)));
        group.MapPost("/cameras/{camera}/retirement", (HttpContext context, string camera) =>
            ChangeAsync(context, camera, ControlJson.Default.Reason, (id, body) => new RetireCamera(id, body.Text)));
        group.MapGet("/recordings", ListRecordingsAsync);
        group.MapPost("/tokens", (Delegate)IssueTokenAsync);
        group.MapGet("/database", () => Results.Json(new DatabaseUrl(facts.DatabaseUrl), ControlJson.Default.DatabaseUrl));
        group.MapGet("/status", (Delegate)StatusAsync);
        foreach (IControlRoutes feature in features)
        {
            feature.Map(group);
        }
    }

    private async ValueTask<object?> OnlyOwnerAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        HttpContext context = invocation.HttpContext;
        bool isLocal = context.Connection.RemoteIpAddress is { } address && System.Net.IPAddress.IsLoopback(address);
        string given = context.Request.Headers.Authorization.ToString();
        if (!isLocal || !CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes($"Bearer {facts.Token}")))
        {
            ledger.Refused(string.Empty, "cli", context.Connection.RemoteIpAddress, "bad_credentials");
            return Problem(401, "control.denied", "This is for the command line of the data folder's owner.");
        }

        if (context.Response.StatusCode == StatusCodes.Status400BadRequest)
        {
            // The framework could not read the query; it would say so without a word.
            return Problem(400, "control.bad_query", "A value in the query is not a number, or not true or false.");
        }

        try
        {
            return await next(invocation);
        }
        catch (DependencyUnavailableException e)
        {
            return Problem(503, $"dependency.{e.Dependency}", e.Message);
        }
        catch (JsonException)
        {
            return Problem(400, "control.bad_body", "The body is not the JSON that is expected here.");
        }
    }

    private async Task<IResult> ListCamerasAsync(HttpContext context, bool retired = false)
    {
        List<CameraRow> rows = [];
        while (true)
        {
            ViewQuery query = retired ? ViewQuery.All with { OrderBy = "number" } : CameraView.Present;
            var page = await views.ListAsync(
                CameraViewProjection.View, query with { Offset = rows.Count }, context.RequestAborted);
            foreach (CameraView camera in page.Rows)
            {
                rows.Add(await RowOfAsync(camera, context.RequestAborted));
            }

            if (page.Rows.Count == 0 || rows.Count >= page.Total)
            {
                return Results.Json(rows, ControlJson.Default.IReadOnlyListCameraRow);
            }
        }
    }

    private async Task<IResult> AddCameraAsync(HttpContext context)
    {
        CameraDraft draft = await BodyAsync(context, ControlJson.Default.CameraDraft);
        CameraId id = CameraId.New();
        CommandResult result = await bus.SendAsync(
            new AddCamera(id, draft.Name, draft.Source), CallerNow(), context.RequestAborted);
        return await ShowAsync(context, id, result);
    }

    private async Task<IResult> ChangeAsync<TBody>(
        HttpContext context, string camera, JsonTypeInfo<TBody> json, Func<CameraId, TBody, object> command)
        where TBody : class
    {
        TBody body = await BodyAsync(context, json);
        return await CameraNames.FindAsync(camera, views, context.RequestAborted) is { } found
            ? await ShowAsync(
                context, found.Id, await bus.SendAsync(command(found.Id, body), CallerNow(), context.RequestAborted))
            : Problem(404, CameraRefusals.NotRegistered.Code, $"There is no camera {camera}. List them: camera list");
    }

    private async Task<IResult> ShowAsync(HttpContext context, CameraId id, CommandResult result)
    {
        if (result.Refusal is { } refusal)
        {
            return Problem(409, refusal.Code, refusal.Message);
        }

        CameraView? view = await views.FindAsync(CameraViewProjection.View, id.ToString(), context.RequestAborted);
        return view is null
            ? Problem(503, "dependency.projections", "It is done, but the views lag behind. List the cameras shortly.")
            : Results.Json(await RowOfAsync(view, context.RequestAborted), ControlJson.Default.CameraRow);
    }

    private async Task<IResult> ListRecordingsAsync(HttpContext context, string? camera = null, int limit = 100, int offset = 0)
    {
        List<ViewFilter> filters = [];
        if (camera is not null)
        {
            if (await CameraNames.FindAsync(camera, views, context.RequestAborted) is not { } found)
            {
                return Problem(404, CameraRefusals.NotRegistered.Code, $"There is no camera {camera}. List them: camera list");
            }

            filters.Add(new ViewFilter("camera_id", ViewOperator.Equal, found.Id.ToString()));
        }

        var page = await views.ListAsync(
            RecordingViewProjection.View,
            new ViewQuery(
                filters, "requested_at", IsDescending: true, Math.Clamp(limit, 1, ViewQuery.LimitMax), Math.Max(0, offset)),
            context.RequestAborted);
        return Results.Json(
            [.. page.Rows.Select(RecordingControl.RowOf)], ControlJson.Default.IReadOnlyListRecordingRow);
    }

    private async Task<IResult> IssueTokenAsync(HttpContext context)
    {
        TokenWish wish = await BodyAsync(context, ControlJson.Default.TokenWish);
        if (AccessTokens.RoleOf(wish.Role) is not { } role)
        {
            return Problem(400, "token.bad_role", "A role is viewer, operator, admin or auditor.");
        }

        if (wish.TtlSeconds is < 1 or > TtlSecondsMax)
        {
            return Problem(400, "token.bad_ttl", "A token lives from 1 second to 366 days.");
        }

        TimeSpan ttl = wish.TtlSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : facts.TokenTtl;
        if (wish.User.Length is 0 or > UserLengthMax || wish.User.AsSpan().ContainsAnyInRange('\0', '\u001f')
            || UserId.OfAccount(wish.User) is not null)
        {
            return Problem(400, "token.bad_user", $"A user has 1 to {UserLengthMax} characters, and is none who signs in.");
        }

        // Whom it is for is the account, which is what pseudonyms are made of: the way in stays in clear.
        ledger.Granted(wish.User, $"cli token {AccessTokens.NameOf(role)}", context.Connection.RemoteIpAddress);
        return Results.Json(
            new IssuedToken(tokens.Issue(wish.User, role, ttl), time.GetUtcNow().Add(ttl)), ControlJson.Default.IssuedToken);
    }

    private async Task<IResult> StatusAsync(HttpContext context)
    {
        var components = await health.LookAsync(context.RequestAborted);
        return Results.Json(
            new StatusReport(
                HealthChecks.Worst(components).ToString(),
                typeof(ControlEndpoints).Assembly.GetName().Version!.ToString(3),
                HealthEndpoints.Duration(health.Uptime),
                facts.Installation.ToString(),
                facts.WebSocket,
                facts.Health,
                facts.Data,
                await HeadAsync(context.RequestAborted),
                [.. components.Select(part => new StatusLine(part.Name, part.Level.ToString(), part.Message))]),
            ControlJson.Default.StatusReport);
    }

    /// <summary>-1 while PostgreSQL is away: a status must be told all the same.</summary>
    private async Task<long> HeadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await log.HeadAsync(cancellationToken);
        }
        catch (DependencyUnavailableException)
        {
            return -1;
        }
    }

    private async Task<CameraRow> RowOfAsync(CameraView camera, CancellationToken cancellationToken)
    {
        string source = camera.Source.ToString();
        bool hasUserInfo = await secrets.FindAsync(camera.Id, cancellationToken) is { HasUserInfo: true };
        return new CameraRow(
            camera.Number.ToString(),
            camera.Id.ToString(),
            camera.Name,
            hasUserInfo ? source.Replace("://", $"://{CredentialParameters.Mask}@", StringComparison.Ordinal) : source,
            camera.Status.ToString(),
            camera.Width is { } width ? string.Create(CultureInfo.InvariantCulture, $"{width}x{camera.Height}") : null,
            camera.FramesPerSecond,
            camera.Disconnection);
    }
}
