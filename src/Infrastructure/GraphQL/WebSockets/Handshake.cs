using System.Net.WebSockets;
using Events.GraphQL.Transports;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Events.GraphQL.WebSockets;

/// <summary>Lets sockets in (RFC 6455, section 4.2) and stays with each until it ends.</summary>
internal sealed partial class Handshake(
    GraphQLTransportOptions options,
    Operations operations,
    GraphQLTraffic traffic,
    Caretaker caretaker,
    ILogger<Handshake> logger)
{
    private const string Subprotocol = "graphql-transport-ws";

    private readonly SessionParts _parts = new(options, operations, traffic);

    internal Task OpenAsync(HttpContext context)
    {
        string? origin = context.Request.Headers.Origin;
        if (!string.IsNullOrEmpty(origin) && !IsOwn(origin, context.Request) && options.OriginAllowed?.Invoke(origin) == false)
        {
            LogOriginRefused(origin, context.Request.Path.ToUriComponent());
            return RefuseAsync(context, StatusCodes.Status403Forbidden, "This origin is not allowed.");
        }

        if (caretaker.Stopping)
        {
            return RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "The server is stopping.");
        }

        return traffic.TryReserveSocket(options.ConnectionsMax)
            ? AcceptAsync(context)
            : RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "All sockets are taken. Try again later.");
    }

    /// <summary>For what means to be a handshake and is none.</summary>
    internal static Task RefuseAsync(HttpContext context)
    {
        if (context.Request.Headers.SecWebSocketVersion is { Count: > 0 } version && version != "13")
        {
            context.Response.Headers.Upgrade = "websocket";
            context.Response.Headers.Connection = HeaderNames.Upgrade;
            context.Response.Headers.SecWebSocketVersion = "13";
            return RefuseAsync(context, StatusCodes.Status426UpgradeRequired, "Use WebSocket version 13.");
        }

        return RefuseAsync(context, StatusCodes.Status400BadRequest, "This is not a valid WebSocket handshake.");
    }

    private async Task AcceptAsync(HttpContext context)
    {
        try
        {
            // A client that asked for something else can be told so only by a close code, which needs an open socket; and a
            // browser opens it only when one of its own words comes back.
            IList<string> asked = context.WebSockets.WebSocketRequestedProtocols;
            bool isOurs = asked.Contains(Subprotocol);
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
            {
                SubProtocol = isOurs ? Subprotocol : asked.FirstOrDefault(IsToken),
            });
            traffic.SocketOpened();
            await using var connection = new SocketConnection(context, socket, _parts);
            if (!isOurs)
            {
                connection.Close(CloseCode.SubprotocolNotAcceptable, "Subprotocol not acceptable");
            }

            Task ended = ServeAsync(connection, context.RequestAborted);
            connection.Ended = ended;
            await ended;
        }
        finally
        {
            traffic.FreeSocket();
        }
    }

    private async Task ServeAsync(SocketConnection connection, CancellationToken aborted)
    {
        caretaker.Add(connection);
        try
        {
            using CancellationTokenRegistration lost = aborted.UnsafeRegister(
                static state => ((SocketConnection)state!).Lost(), connection);
            if (caretaker.Stopping)
            {
                connection.Close(CloseCode.ServerStopping, Caretaker.StopReason);
            }

            await connection.RunAsync();
        }
        finally
        {
            caretaker.Remove(connection);
        }
    }

    /// <summary>Whether the page that asks came from this server. Compared as text, as browsers write it.</summary>
    private static bool IsOwn(string origin, HttpRequest request) =>
        origin.Equals($"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);

    /// <summary>RFC 9110, section 5.6.2; nothing else may go back in a header.</summary>
    private static bool IsToken(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(why + "\n", CancellationToken.None);
    }

    [LoggerMessage(EventId = 6101, Level = LogLevel.Warning, Message = "Origin {Origin} was refused at {Path}")]
    private partial void LogOriginRefused(string origin, string path);
}
