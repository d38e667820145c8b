using System.Globalization;
using System.Text.Json.Nodes;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Host.Cameras;
using Events.Host.JsonRpc;

namespace Events.Host.Health;

/// <summary>
/// Both families of health addresses of the legacy contract, on their own port, without login: <c>/health</c>,
/// <c>/health/detailed</c>, <c>/health/ready</c>, <c>/health/live</c>, and <c>/health/system</c>, <c>/health/cameras</c>,
/// <c>/health/mediamtx</c>, <c>/api/cameras</c>; and beside them <c>/metrics</c>.
/// </summary>
internal sealed class HealthEndpoints(HealthChecks checks, LegacyCameras cameras, MetricsPage metrics, TimeProvider time)
{
    /// <summary>Some balancers and probes ask without wanting to read.</summary>
    private static readonly string[] _reading = ["GET", "HEAD"];

    private static readonly TimeSpan CamerasTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Whether an address, in whatever case, is one of health's, which are served on its port alone.</summary>
    public static bool Owns(PathString path) =>
        path.StartsWithSegments("/health", StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments("/api/cameras", StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments(MetricsPage.Path, StringComparison.OrdinalIgnoreCase);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/api/cameras", _reading, CamerasAsync);
        routes.MapMethods(MetricsPage.Path, _reading, MetricsAsync);
        RouteGroupBuilder group = routes.MapGroup("/health");
        group.MapMethods("", _reading, HealthAsync);
        group.MapMethods("/detailed", _reading, DetailedAsync);
        group.MapMethods("/ready", _reading, ReadyAsync);
        group.MapMethods("/live", _reading, context => WriteAsync(context, 200, new JsonObject
        {
            ["alive"] = true,
            ["timestamp"] = Now(),
            ["message"] = "The host is running.",
        }));
        group.MapMethods("/system", _reading, context => FamilyAsync(context, null));
        group.MapMethods("/cameras", _reading, context => FamilyAsync(context, "cameras"));
        group.MapMethods("/mediamtx", _reading, context => FamilyAsync(context, "media"));
    }

    private async Task HealthAsync(HttpContext context)
    {
        var components = await checks.LookAsync(context.RequestAborted);
        await WriteAsync(context, StatusOf(components), Summary(components));
    }

    /// <summary>As <c>get_camera_list</c> gives them, without addresses that open: nobody has logged in here.</summary>
    private async Task CamerasAsync(HttpContext context)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(CamerasTimeout);
        try
        {
            IReadOnlyList<CameraView> all = await cameras.ListAsync(null, limit.Token);
            JsonNode[] shown = [.. all.Select(camera => new JsonObject
            {
                ["device"] = camera.Number.ToString(),
                ["status"] = LegacyCameras.StatusOf(camera),
                ["name"] = camera.Name,
                ["resolution"] = LegacyCameras.ResolutionOf(camera),
                ["fps"] = LegacyCameras.FpsOf(camera),
            })];
            await WriteAsync(context, 200, new JsonObject
            {
                ["status"] = "healthy",
                ["timestamp"] = Now(),
                ["cameras"] = new JsonArray(shown),
                ["total"] = all.Count,
                ["connected"] = all.Count(camera => camera.Status is CameraStatus.Connected),
            });
        }
        catch (Exception e) when (e is DependencyUnavailableException
            || (e is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            await WriteAsync(context, 500, new JsonObject
            {
                ["status"] = "unhealthy",
                ["timestamp"] = Now(),
                ["error"] = e is DependencyUnavailableException ? e.Message : "The cameras could not be read in time.",
            });
        }
    }

    private async Task MetricsAsync(HttpContext context)
    {
        string page = await metrics.WriteAsync(context.RequestAborted);
        context.Response.ContentType = MetricsPage.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsync(page, context.RequestAborted);
    }

    private async Task DetailedAsync(HttpContext context)
    {
        var components = await checks.LookAsync(context.RequestAborted);
        JsonObject body = Summary(components);
        body["components"] = new JsonArray([.. components.Select(component => new JsonObject
        {
            ["name"] = component.Name,
            ["status"] = NameOf(component.Level),
            ["message"] = component.Message,
            ["last_checked"] = LegacyText.Instant(component.CheckedAt),
            ["details"] = new JsonObject { ["last_change"] = LegacyText.Instant(component.ChangedAt) },
        })]);
        body["metrics"] = new JsonObject
        {
            ["memory_bytes"] = Environment.WorkingSet,
            ["managed_bytes"] = GC.GetTotalMemory(forceFullCollection: false),
            ["threads"] = ThreadPool.ThreadCount,
        };
        body["environment"] = $"dotnet {Environment.Version}";
        await WriteAsync(context, StatusOf(components), body);
    }

    private async Task ReadyAsync(HttpContext context)
    {
        var components = await checks.LookAsync(context.RequestAborted);
        ComponentHealth? down = components.FirstOrDefault(component =>
            component is { Name: "postgresql" or "projections", Level: HealthLevel.Unhealthy });
        bool isReady = checks.IsReady && down is null;
        await WriteAsync(context, isReady ? 200 : 503, new JsonObject
        {
            ["ready"] = isReady,
            ["status"] = isReady ? "ready" : "not_ready",
            ["timestamp"] = Now(),
            ["message"] = down is not null ? $"{down.Name}: {down.Message}"
                : isReady ? "Every request is served."
                : checks.AppendsRefused is not null ? HealthChecks.SetBack
                : "Cameras and footage are being looked at after the start.",
        });
    }

    private async Task FamilyAsync(HttpContext context, string? name)
    {
        var components = await checks.LookAsync(context.RequestAborted);
        ComponentHealth[] shown = [.. components.Where(component => name is null || component.Name == name)];
        var body = new JsonObject { ["status"] = NameOf(HealthChecks.Worst(shown)), ["timestamp"] = Now() };
        if (name is null)
        {
            var each = new JsonObject();
            foreach (ComponentHealth component in shown)
            {
                each[component.Name] = new JsonObject
                {
                    ["status"] = NameOf(component.Level),
                    ["details"] = component.Message,
                    ["timestamp"] = LegacyText.Instant(component.CheckedAt),
                };
            }

            body["components"] = each;
        }
        else
        {
            body["details"] = string.Join(' ', shown.Select(component => component.Message));
        }

        AddError(body, shown);
        await WriteAsync(context, StatusOf(shown), body);
    }

    private JsonObject Summary(IReadOnlyList<ComponentHealth> components)
    {
        var body = new JsonObject
        {
            ["status"] = NameOf(HealthChecks.Worst(components)),
            ["timestamp"] = Now(),
            ["version"] = typeof(HealthEndpoints).Assembly.GetName().Version!.ToString(3),
            ["uptime"] = Duration(checks.Uptime),
        };
        AddError(body, components);
        return body;
    }

    /// <summary>What goes with status 500: which component it is, and what it says.</summary>
    private static void AddError(JsonObject body, IEnumerable<ComponentHealth> components)
    {
        string[] broken =
        [
            .. components.Where(component => component.Level is HealthLevel.Unhealthy)
                .Select(component => $"{component.Name}: {component.Message}"),
        ];
        if (broken.Length > 0)
        {
            body["error"] = string.Join(' ', broken);
        }
    }

    private string Now() => LegacyText.Instant(time.GetUtcNow());

    private static int StatusOf(IEnumerable<ComponentHealth> components) =>
        HealthChecks.Worst(components) is HealthLevel.Unhealthy ? 500 : 200;

    private static string NameOf(HealthLevel level) =>
        level switch
        {
            HealthLevel.Healthy => "healthy",
            HealthLevel.Degraded => "degraded",
            _ => "unhealthy",
        };

    /// <summary>As Go writes a duration: <c>72h15m30s</c>.</summary>
    internal static string Duration(TimeSpan span) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(span.TotalHours >= 1 ? $"{(long)span.TotalHours}h" : "")}"
            + $"{(span.TotalMinutes >= 1 ? $"{span.Minutes}m" : "")}{span.Seconds}s");

    private static Task WriteAsync(HttpContext context, int status, JsonObject body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.AccessControlAllowOrigin = "*";
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
