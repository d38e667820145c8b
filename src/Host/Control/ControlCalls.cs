using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Events.Application.Contracts;

namespace Events.Host.Control;

/// <summary>What every control address does the same way.</summary>
internal static class ControlCalls
{
    /// <summary>Whoever sits at the machine, as facts name them.</summary>
    public const string Account = "local";

    public static Caller CallerNow() =>
        new(Account, Role.Admin, "cli", Guid.CreateVersion7().ToString("d"), Address: IPAddress.Loopback);

    public static async Task<T> BodyAsync<T>(HttpContext context, JsonTypeInfo<T> json)
        where T : class =>
        await JsonSerializer.DeserializeAsync(context.Request.Body, json, context.RequestAborted)
        ?? throw new JsonException("An empty body.");

    /// <returns>What to answer to a command that was refused, or that something outside did not do; null if it is done.</returns>
    public static IResult? TroubleOf(CommandResult result) =>
        result switch
        {
            { Refusal: { } refusal } => Problem(409, refusal.Code, refusal.Message),
            { Failure: { } failure } => Problem(503, $"dependency.{failure.Dependency}", failure.Why),
            _ => null,
        };

    public static IResult Problem(int status, string code, string message) =>
        Results.Json(new ControlProblem(code, message), ControlJson.Default.ControlProblem, statusCode: status);
}
