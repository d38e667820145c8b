using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Events.Application.Contracts;
using Events.Host.Security;
using Microsoft.AspNetCore.Connections.Features;

namespace Events.Host.Live;

/// <summary>Says what the binary messages behind it are; the first of them is the header.</summary>
internal sealed record LiveFormat(string Type, int Width, int Height);

/// <summary>
/// Live pictures over WebSocket (RFC 6455), for Media Source Extensions: a text message with the media type, a binary one with
/// the header, then fragments of one picture or of the few that came meanwhile. Text and header come again when the camera's
/// format changes. Clients have nothing to say.
/// </summary>
internal sealed partial class LiveSockets(
    ILiveOutput live,
    Authenticator authenticator,
    IReadOnlyList<string> allowedOrigins,
    TimeProvider time,
    ILogger<LiveSockets> logger)
{
    /// <summary>A browser cannot send a header along, but names of protocols: this one, and behind it the token.</summary>
    private const string TokenProtocol = "bearer";

    private const string TokenParameter = "access_token";

    /// <summary>In bytes, of what the kernel keeps for a viewer: more would be old pictures.</summary>
    private const int SendBufferBytes = 256 * 1024;

    /// <summary>A viewer that takes nothing for so long is given up.</summary>
    private static readonly TimeSpan StuckMax = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan GoodByeMax = TimeSpan.FromSeconds(1);

    /// <summary>Timers do not take more than some 49 days; a token may be good for longer. Such a viewer connects anew.</summary>
    private static readonly TimeSpan LookMax = TimeSpan.FromDays(30);

    public static WebSocketOptions Options => new()
    {
        KeepAliveInterval = TimeSpan.FromSeconds(15),
        KeepAliveTimeout = TimeSpan.FromSeconds(15),
    };

    /// <returns>Null for a client that may come from where it comes from.</returns>
    public IResult? Refuse(HttpContext context)
    {
        string? origin = context.Request.Headers.Origin;
        bool isOurs = string.IsNullOrEmpty(origin)
            || allowedOrigins.Contains(origin)
            || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && page.Authority == context.Request.Host.Value);
        return isOurs ? null : Results.Problem("This origin is not allowed (setting Security.AllowedOrigins).", statusCode: 403);
    }

    /// <returns>Who is behind a token in the address or among the protocols; null when there is none, or a bad one.</returns>
    public async Task<AccessIdentity?> IdentityOfAsync(HttpRequest request)
    {
        IList<string> protocols = request.HttpContext.WebSockets.WebSocketRequestedProtocols;
        string? token = protocols is [TokenProtocol, string offered] ? offered : request.Query[TokenParameter];
        return token is null
            ? null
            : await authenticator.ReadAsync(token, "live", request.HttpContext.Connection.RemoteIpAddress);
    }

    /// <summary>Shows the camera until one of the two has enough.</summary>
    /// <param name="taken">Is given back at the end.</param>
    public async Task<IResult> ServeAsync(HttpContext context, LiveAdmission.Granted right, ILiveSeat taken)
    {
        using ILiveSeat seat = taken;
        using ILiveViewer? viewer = live.Watch(right.CameraId);
        if (viewer is null)
        {
            return Results.Problem($"{right.Number} is not taken in now.", statusCode: 503);
        }

        if (context.Features.Get<IConnectionSocketFeature>()?.Socket is Socket connection)
        {
            connection.SendBufferSize = SendBufferBytes;
        }

        bool namesProtocol = context.WebSockets.WebSocketRequestedProtocols.Contains(TokenProtocol);
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(namesProtocol ? TokenProtocol : null);
        await ShowAsync(context, socket, viewer, seat, right);
        return Results.Empty;
    }

    private async Task ShowAsync(
        HttpContext context, WebSocket socket, ILiveViewer viewer, ILiveSeat seat, LiveAdmission.Granted right)
    {
        TimeSpan left = right.Until - time.GetUtcNow();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var expired = new CancellationTokenSource(left < LookMax ? left : LookMax, time);
        using CancellationTokenRegistration ends = expired.Token.UnsafeRegister(_ => end.Cancel(), null);
        using CancellationTokenRegistration isTaken = right.Ended.UnsafeRegister(_ => end.Cancel(), null);
        var objection = new StrongBox<string>(string.Empty);
        Task hearing = HearAsync(socket, objection, end);
        string camera = right.Number.ToString();
        string why = await SendAllAsync(socket, viewer, seat, camera, end.Token);
        bool isOver = expired.IsCancellationRequested || right.Ended.IsCancellationRequested;
        why = isOver ? "The right to look has ended." : objection.Value + why;
        await CloseAsync(socket, why, hearing);
        LogLeft(camera, viewer.SkippedCount);
    }

    /// <returns>Why it ended; empty when the other side wanted it, or is gone.</returns>
    private async Task<string> SendAllAsync(
        WebSocket socket, ILiveViewer viewer, ILiveSeat seat, string camera, CancellationToken end)
    {
        try
        {
            while (await viewer.NextAsync(end) is LivePiece piece)
            {
                await SendAsync(socket, piece, seat);
            }

            return "The camera is no longer there.";
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return string.Empty;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            socket.Abort(); // Gone, or too slow even for the little that is asked.
            LogGone(camera, e);
            return string.Empty;
        }
        catch (Exception e)
        {
            LogBroke(camera, e); // Whatever it is, the viewer is told that it is over.
            return "The pictures cannot be shown.";
        }
    }

    private static async Task SendAsync(WebSocket socket, LivePiece piece, ILiveSeat seat)
    {
        // Not the viewer's own end: a message is sent whole or not at all.
        using var limit = new CancellationTokenSource(StuckMax);
        if (piece.MediaType is string type)
        {
            byte[] format = JsonSerializer.SerializeToUtf8Bytes(
                new LiveFormat(type, piece.Width, piece.Height), LiveJson.Default.LiveFormat);
            await socket.SendAsync(format, WebSocketMessageType.Text, true, limit.Token);
        }

        await socket.SendAsync(piece.Bytes, WebSocketMessageType.Binary, true, limit.Token);
        seat.Sent(piece.Bytes.Length);
    }

    /// <summary>Notices that the client closes, or speaks, which is not foreseen; either ends the showing.</summary>
    private static async Task HearAsync(WebSocket socket, StrongBox<string> objection, CancellationTokenSource end)
    {
        byte[] buffer = new byte[128];
        try
        {
            // Without a token: one that fires would abort the socket, good-bye included.
            while (await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None)
                is { MessageType: not WebSocketMessageType.Close })
            {
                objection.Value = "Nothing is to be sent here.";
                await end.CancelAsync();
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // Gone without a word: the same.
        }

        await end.CancelAsync();
    }

    /// <summary>Says why, and leaves the client a moment to take it.</summary>
    private static async Task CloseAsync(WebSocket socket, string why, Task hearing)
    {
        using var limit = new CancellationTokenSource(GoodByeMax);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, why, limit.Token);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            socket.Abort(); // It does not even take the good-bye.
        }

        await Task.WhenAny(hearing, Task.Delay(GoodByeMax, CancellationToken.None));
        socket.Abort();
        await hearing;
    }

    [LoggerMessage(EventId = 6101, Level = LogLevel.Debug, Message = "{Camera}: a viewer over WebSocket was lost")]
    private partial void LogGone(string camera, Exception exception);

    [LoggerMessage(EventId = 6102, Level = LogLevel.Information,
        Message = "{Camera}: a viewer over WebSocket left, {Skipped} pictures skipped")]
    private partial void LogLeft(string camera, long skipped);

    [LoggerMessage(EventId = 6103, Level = LogLevel.Error, Message = "{Camera}: a viewer over WebSocket cannot be served")]
    private partial void LogBroke(string camera, Exception exception);
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(
    PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase)]
[System.Text.Json.Serialization.JsonSerializable(typeof(LiveFormat))]
internal sealed partial class LiveJson : System.Text.Json.Serialization.JsonSerializerContext;
