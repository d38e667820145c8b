using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Events.GraphQL;

/// <summary>Whether a client may ask, and as whom.</summary>
public sealed class GraphQLAdmission
{
    private GraphQLAdmission(
        bool accepted, ClaimsPrincipal? user, JsonElement? payload, DateTimeOffset? until, string? reason, int? bodyBytesMax,
        CancellationToken ended)
    {
        IsAccepted = accepted;
        User = user;
        Payload = payload;
        Until = until;
        Ended = ended;
        Reason = reason;
        BodyBytesMax = bodyBytesMax;
    }

    internal bool IsAccepted { get; }

    internal ClaimsPrincipal? User { get; }

    internal JsonElement? Payload { get; }

    internal DateTimeOffset? Until { get; }

    internal CancellationToken Ended { get; }

    internal string? Reason { get; }

    internal int? BodyBytesMax { get; }

    /// <param name="user">Null for nobody.</param>
    /// <param name="payload">A JSON object that a socket's <c>connection_ack</c> carries; null for none.</param>
    /// <param name="until">When it ends: sockets are then closed with 4403, and event streams ended. Null: it does not.</param>
    /// <param name="bodyBytesMax">Length of the request's body, if less than for others. Sockets do not heed it.</param>
    /// <param name="ended">Ends it before that, at once.</param>
    public static GraphQLAdmission Accept(
        ClaimsPrincipal? user, JsonElement? payload = null, DateTimeOffset? until = null,
        int? bodyBytesMax = null, CancellationToken ended = default) =>
        new(true, user, payload, until, null, bodyBytesMax, ended);

    /// <param name="reason">Told to the client, with 401 over HTTP and close code 4403 on a socket.</param>
    public static GraphQLAdmission Deny(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return new(false, null, null, null, reason, null, default);
    }
}

/// <summary>A socket that asks to be let in by <c>connection_init</c>.</summary>
/// <param name="Http">The request that became the socket.</param>
/// <param name="Params">The client's <c>connectionParams</c>, a JSON object; null for none.</param>
public sealed record GraphQLConnect(HttpContext Http, JsonElement? Params);
