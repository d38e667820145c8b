using Events.EventStore.Seals;
using Events.Host.Control;

namespace Events.Host.Audit;

/// <summary>What this installation cosigned of another one's log.</summary>
internal sealed record WitnessRow(string Origin, long Size, string Note);

/// <param name="Key">The witness's own, for those who are to trust it.</param>
internal sealed record WitnessList(string Key, IReadOnlyList<WitnessRow> Logs);

/// <summary>
/// <c>POST /witness/add-checkpoint</c>, C2SP tlog-witness. No login: a head is taken by its log's signature alone, of logs that
/// the operator named, and nothing is told but a size.
/// </summary>
internal sealed class WitnessEndpoints(IEnumerable<IWitness> witnesses) : IControlRoutes
{
    /// <summary>A head has some 200 bytes, a proof at most 63 lines of 45.</summary>
    private const int BodyBytesMax = 16 * 1024;

    /// <summary>None when nobody's log is witnessed here.</summary>
    private IWitness? Witness => witnesses.SingleOrDefault();

    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/witness/add-checkpoint", (Delegate)AddAsync);

    public void Map(RouteGroupBuilder control) => control.MapGet("/witness", () =>
        Witness is { } witness
            ? Results.Json(
                new WitnessList(
                    witness.Key, [.. witness.Heads().Select(one => new WitnessRow(one.Origin, one.Size, one.Note))]),
                AuditJson.Default.WitnessList)
            : ControlCalls.Problem(
                409, "witness.off", "This installation is no witness. Name the logs' public keys in Witness.LogsFile."));

    private async Task<IResult> AddAsync(HttpContext context)
    {
        if (Witness is not { } witness)
        {
            return Results.Text("This installation is no witness (setting Witness.LogsFile).\n", statusCode: 404);
        }

        byte[] body = new byte[BodyBytesMax];
        int read = await context.Request.Body.ReadAtLeastAsync(
            body, body.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (read == BodyBytesMax)
        {
            return Results.Text($"The body has {BodyBytesMax} bytes or more.\n", statusCode: 413);
        }

        try
        {
            WitnessAnswer answer = witness.Add(body[..read]);
            return Results.Text(answer.Text, answer.Type, statusCode: answer.Status);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return Results.Text($"This witness cannot sign now: {failed.Message}\n", statusCode: 503);
        }
    }
}
