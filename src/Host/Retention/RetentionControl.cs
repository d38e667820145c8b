using Events.Application;
using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Domain.Kernel;
using Events.Domain.Retention;
using Events.Host.Control;

namespace Events.Host.Retention;

/// <summary>Storage and retention for the command line.</summary>
internal sealed class RetentionControl(CommandBus bus, IReadModels views, StorageReport storage) : IControlRoutes
{
    /// <summary>What one looks at when something has gone.</summary>
    private const int CleanupsShown = 10;

    public void Map(RouteGroupBuilder control)
    {
        control.MapGet("/retention", (Delegate)ShowAsync);
        control.MapPost("/retention/policy", (Delegate)SetAsync);
        control.MapPost("/retention/cleanups", (Delegate)CleanUpAsync);
    }

    private async Task<IResult> ShowAsync(HttpContext context)
    {
        CancellationToken cancellationToken = context.RequestAborted;
        StorageView row = await views.FindAsync(StorageViewProjection.View, StorageView.Key, cancellationToken)
            ?? StorageView.Initial;
        StorageSizes sizes = await storage.ReadAsync(cancellationToken);
        var cleanups = await views.ListAsync(
            CleanupViewProjection.View, CleanupView.NewestFirst with { Limit = CleanupsShown }, cancellationToken);
        return Results.Json(
            new RetentionRow(
                row.PolicyType is { } type ? RetentionWords.NameOf(type) : "none",
                row.IsPolicyEnabled,
                sizes.Level.ToString(),
                Math.Round(sizes.UsedPercent, 2),
                sizes.TotalBytes,
                sizes.AvailableBytes,
                sizes.RecordingsBytes,
                sizes.SnapshotsBytes,
                sizes.HeldBytes,
                [.. cleanups.Rows.Select(RowOf)],
                row.MaxAgeDays,
                row.MaxSizeBytes is { } bytes ? RetentionWords.GigabytesOf(bytes) : null,
                row.PolicySetAt,
                row.LevelSince),
            ControlJson.Default.RetentionRow);
    }

    private async Task<IResult> SetAsync(HttpContext context)
    {
        PolicyWish wish = await ControlCalls.BodyAsync(context, ControlJson.Default.PolicyWish);
        if (RetentionWords.TypeOf(wish.Type) is not { } type)
        {
            return ControlCalls.Problem(400, "retention.bad_type", "A policy is by age, by size, or manual.");
        }

        if (wish.MaxSizeGb is { } size && !(size > 0 && size <= RetentionWords.GigabytesMax))
        {
            return ControlCalls.Problem(400, RetentionRefusals.BadMaxSize.Code, RetentionRefusals.BadMaxSize.Message);
        }

        CommandResult result = await bus.SendAsync(
            new SetRetentionPolicy(
                type, wish.IsEnabled, wish.MaxAgeDays, wish.MaxSizeGb is { } gb ? RetentionWords.BytesOf(gb) : null),
            ControlCalls.CallerNow(),
            context.RequestAborted);
        return result.Refusal is { } refusal
            ? ControlCalls.Problem(409, refusal.Code, refusal.Message)
            : await ShowAsync(context);
    }

    private async Task<IResult> CleanUpAsync(HttpContext context)
    {
        CleanupId id = CleanupId.New();
        CommandResult result = await bus.SendAsync(new CleanUpFiles(id), ControlCalls.CallerNow(), context.RequestAborted);
        if (result.Refusal is { } refusal)
        {
            return ControlCalls.Problem(409, refusal.Code, refusal.Message);
        }

        if (result.Position == 0)
        {
            return ControlCalls.Problem(
                409, "retention.not_enabled", "No retention policy is enabled; nothing was deleted. See: retention set --help");
        }

        CleanupView? done = await views.FindAsync(CleanupViewProjection.View, id.ToString(), context.RequestAborted);
        return done is null
            ? ControlCalls.Problem(503, "dependency.projections", "It is done, but the views lag behind. See: retention show")
            : Results.Json(RowOf(done), ControlJson.Default.CleanupRow);
    }

    private static CleanupRow RowOf(CleanupView view) =>
        new(
            view.Id.ToString(),
            view.Trigger.ToString(),
            view.RecordingsDeleted,
            view.SnapshotsDeleted,
            view.BytesFreed,
            view.IsComplete,
            view.At);
}
