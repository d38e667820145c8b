using System.Net.WebSockets;
using Events.JsonRpc.Polling;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Events.JsonRpc;

/// <summary>Lets sockets in (RFC 6455, section 4.2) and stays with each until it ends.</summary>
internal sealed partial class Handshake(
    JsonRpcOptions options,
    JsonRpcConnections connections,
    Caretaker caretaker,
    Dispatcher dispatcher,
    ILogger<Handshake> logger)
{
    private readonly Stock _stock = new(options);

    internal Task InvokeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return RefusePlainAsync(context);
        }

        string? origin = context.Request.Headers.Origin;
        if (!string.IsNullOrEmpty(origin) && options.OriginAllowed?.Invoke(origin) == false)
        {
            LogOriginRefused(origin, context.Request.Path.ToUriComponent());
            return RefuseAsync(context, StatusCodes.Status403Forbidden, "This origin is not allowed.");
        }

        if (caretaker.Stopping)
        {
            return RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "The server is stopping.");
        }

        return connections.TryReserve(options)
            ? OpenAsync(context)
            : RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "All connections are taken. Try again later.");
    }

    private async Task OpenAsync(HttpContext context)
    {
        JsonRpcConnection? connection = null;
        try
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            context.Features.Get<IReadInline>()?.ReadInline();
            connection = new JsonRpcConnection(
                connections,
                connections.NextNumber(),
                context.Connection.RemoteIpAddress,
                context.Request.Host is { HasValue: true } host ? $"{context.Request.Scheme}://{host}" : null,
                socket,
                context.Abort,
                options);
            Task ended = ServeAsync(connection, context.RequestAborted);
            connection.Ended = ended;
            await ended;
        }
        finally
        {
            if (connection?.HasYielded != true)
            {
                connections.Free();
            }
        }
    }

    private async Task ServeAsync(JsonRpcConnection connection, CancellationToken aborted)
    {
        connections.Add(connection);
        try
        {
            using CancellationTokenRegistration lost = aborted.UnsafeRegister(
                static state => ((JsonRpcConnection)state!).Lost(), connection);
            options.Opened?.Invoke(connection);
            if (caretaker.Stopping)
            {
                connection.Close(WebSocketCloseStatus.EndpointUnavailable, Caretaker.StopReason);
            }

            await connection.RunAsync(dispatcher, _stock, aborted);
        }
        finally
        {
            connections.Remove(connection);
            options.Closed?.Invoke(connection);
        }
    }

    private static Task RefusePlainAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        bool tried = request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase);
        bool version = request.Headers.SecWebSocketVersion is { Count: > 0 } given && given != "13";
        if (tried && !version)
        {
            return RefuseAsync(context, StatusCodes.Status400BadRequest, "This is not a valid WebSocket handshake.");
        }

        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.Connection = HeaderNames.Upgrade;
        context.Response.Headers.SecWebSocketVersion = "13";
        return RefuseAsync(
            context, StatusCodes.Status426UpgradeRequired, "This address speaks JSON-RPC 2.0 over WebSocket, version 13.");
    }

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(why + "\n", CancellationToken.None);
    }

    [LoggerMessage(EventId = 5101, Level = LogLevel.Warning, Message = "Origin {Origin} was refused at {Path}")]
    private partial void LogOriginRefused(string origin, string path);
}
