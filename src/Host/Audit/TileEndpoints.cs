using Events.Application.Access;
using Events.EventStore.Seals;
using Events.Host.Security;

namespace Events.Host.Audit;

/// <summary>
/// The log for monitors and other people's verifiers, C2SP tlog-tiles with the prefix <c>/audit</c>:
/// <c>GET /audit/checkpoint</c>, <c>/audit/tile/L/N[.p/W]</c>, <c>/audit/tile/entries/N[.p/W]</c>. For whoever may read the
/// audit: leaves name people.
/// </summary>
internal sealed class TileEndpoints(HttpCallers callers, ISealedTree tree, AccessLedger ledger)
{
    private const string Way = "tiles";
    private const string Prefix = "/audit/";

    /// <summary>A tile of one log never changes. It is for whoever asked, so no cache on the way may keep it.</summary>
    private const string ForEver = "private, max-age=31536000, immutable";

    private const string EachTime = "private, no-cache";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/audit/checkpoint", ["GET", "HEAD"], (Delegate)CheckpointAsync);
        routes.MapMethods("/audit/tile/{**path}", ["GET", "HEAD"], (Delegate)TileAsync);
    }

    private async Task<IResult> CheckpointAsync(HttpContext context)
    {
        if (await RefusalAsync(context) is { } refusal)
        {
            return refusal;
        }

        context.Response.Headers.CacheControl = EachTime;
        return await tree.CheckpointAsync(context.RequestAborted) is { } note
            ? Results.Text(note, "text/plain; charset=utf-8")
            : Results.Problem("The log has no signed head yet; the first is signed within 10 s.", statusCode: 404);
    }

    private async Task<IResult> TileAsync(HttpContext context)
    {
        if (await RefusalAsync(context) is { } refusal)
        {
            return refusal;
        }

        string path = context.Request.Path.Value![Prefix.Length..];
        TileAnswer answer = path.StartsWith("tile/entries/", StringComparison.Ordinal)
            ? await tree.EntriesAsync(path, context.RequestAborted)
            : await tree.TileAsync(path, context.RequestAborted);
        context.Response.Headers.CacheControl = answer.Outcome == TileOutcome.Found ? ForEver : "no-store";
        return answer.Outcome switch
        {
            TileOutcome.Found => Results.Bytes(answer.Bytes, "application/octet-stream"),
            TileOutcome.BadName => Results.Problem(answer.Why, statusCode: StatusCodes.Status400BadRequest),
            TileOutcome.Absent => Results.Problem(answer.Why, statusCode: StatusCodes.Status404NotFound),
            _ => Results.Problem(answer.Why, statusCode: StatusCodes.Status500InternalServerError),
        };
    }

    /// <returns>Null for whoever may read the audit.</returns>
    private async Task<IResult?> RefusalAsync(HttpContext context)
    {
        AccessIdentity? identity = await callers.FindAsync(context.Request, Way);
        if (identity?.May(Right.ReadAudit) == true)
        {
            return null;
        }

        if (identity is not null)
        {
            ledger.Refused(identity.UserId, Way, context.Connection.RemoteIpAddress, nameof(Right.ReadAudit));
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Results.Problem(
            "Tiles are for those who may read the audit. Send a key or token of an auditor or administrator (X-API-Key, or "
            + "Authorization: Bearer ...).",
            statusCode: identity is null ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden);
    }
}
