using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Events.GraphQL.WebSockets;

/// <summary>One open socket: reads its messages one after the other, keeps its bounds in time, and closes it.</summary>
internal sealed class SocketConnection : IAsyncDisposable
{
    /// <summary>RFC 6455, section 5.5: 125 bytes for a control frame, two of them for the code.</summary>
    private const int CloseReasonBytesMax = 123;

    /// <summary>Long enough for a close frame to be fetched, short enough to be no burden.</summary>
    private static readonly TimeSpan LingerWait = TimeSpan.FromSeconds(1);

    private readonly GraphQLTransportOptions _options;
    private readonly GraphQLTraffic _traffic;
    private readonly WebSocket _socket;
    private readonly HttpContext _http;
    private readonly Outbox _outbox;
    private readonly MessageReader _reader;
    private readonly Session _session;
    private readonly long _openedAt;
    private readonly Lock _gate = new();
    private WebSocketCloseStatus? _closeCode;
    private long _closeSentAt;
    private Task _closing = Task.CompletedTask;

    internal SocketConnection(HttpContext http, WebSocket socket, SessionParts parts)
    {
        _options = parts.Options;
        _traffic = parts.Traffic;
        _http = http;
        _socket = socket;
        _outbox = new Outbox(socket, _options);
        _reader = new MessageReader(socket, _options);
        _session = new Session(http, parts, _outbox, Close);
        _openedAt = _options.Clock.GetTimestamp();
    }

    /// <summary>Completes once the connection has ended and was removed from the list.</summary>
    internal Task Ended { get; set; } = Task.CompletedTask;

    private bool IsClosing
    {
        get
        {
            lock (_gate)
            {
                return _closeCode is not null;
            }
        }
    }

    /// <summary>Reads and answers messages until the socket ends.</summary>
    internal async Task RunAsync()
    {
        try
        {
            bool peerCloses = false;
            while (!IsClosing && !peerCloses)
            {
                peerCloses = await TakeNextAsync();
            }

            if (peerCloses)
            {
                BeginClose(_socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, "");
            }
            else
            {
                await _reader.DrainAsync();
            }

            await _closing;
        }
        catch (Exception gone) when (Broken.Is(gone))
        {
            _traffic.SocketVanished();
            if (gone is WebSocketException { WebSocketErrorCode: not WebSocketError.ConnectionClosedPrematurely })
            {
                await LingerAsync();
            }
        }
        finally
        {
            _reader.Release();
            Lost();
        }
    }

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    /// <summary>
    /// Closes: the first code stays, a second call does nothing. What waits to be sent is forgotten and operations end. A
    /// peer that does not answer is cut off.
    /// </summary>
    internal void Close(WebSocketCloseStatus code, string reason) => BeginClose(code, Fitting(reason));

    /// <summary>Cuts the connection off without a word.</summary>
    internal void Abort()
    {
        Lost();
        _socket.Abort();
        try
        {
            _http.Abort();
        }
        catch (ObjectDisposedException)
        {
            // The request has ended since we looked, and with it the connection.
        }
    }

    /// <summary>The peer has gone: nothing can be sent, and all its operations end.</summary>
    internal void Lost()
    {
        // In this order: a source that waits for room in the outbox would otherwise go on into nothing until its end is noticed.
        _session.End();
        _outbox.Close();
    }

    /// <summary>Keeps the bounds in time; called every <see cref="GraphQLTransportOptions.WatchInterval"/>.</summary>
    internal void Watch()
    {
        if (Passed(_outbox.StalledSince, _options.SendStallMax) || Passed(Volatile.Read(ref _closeSentAt), _options.CloseWait))
        {
            Abort();
        }
        else if (Passed(_reader.Since, _options.ReceiveTimeout))
        {
            Close(CloseCode.MessageTooSlow, "The message took too long.");
        }
        else if (_session.Admission is null && Passed(_openedAt, _options.ConnectionInitWait))
        {
            Close(CloseCode.InitTimeout, "Connection initialisation timeout");
        }
        else if (_session.Admission?.Until is { } until && _options.Clock.GetUtcNow() >= until)
        {
            Close(CloseCode.Forbidden, "Your access has expired.");
        }
    }

    /// <summary>Cuts a reason at a whole character to what a close frame can hold.</summary>
    internal static string Fitting(string reason)
    {
        int bytes = 0;
        int chars = 0;
        foreach (Rune rune in reason.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > CloseReasonBytesMax)
            {
                break;
            }

            chars += rune.Utf16SequenceLength;
        }

        return reason[..chars];
    }

    /// <returns>Whether the peer closes.</returns>
    private async ValueTask<bool> TakeNextAsync()
    {
        // Whoever does not read is not read either, so that its requests cannot pile up answers.
        await _outbox.RoomAsync();
        switch (await _reader.NextAsync())
        {
            case MessageReader.Incoming.Message:
                _session.Handle(ClientMessage.Read(_reader.Message, _options));
                _reader.Release();
                return false;
            case MessageReader.Incoming.TooLong:
                Close(CloseCode.MessageTooLong, $"A message may have at most {_options.MessageBytesMax} bytes.");
                return false;
            case MessageReader.Incoming.Binary:
                Close(CloseCode.InvalidMessage, "The message is not text.");
                return false;
            default:
                return true;
        }
    }

    private void BeginClose(WebSocketCloseStatus code, string reason)
    {
        lock (_gate)
        {
            if (_closeCode is not null)
            {
                return;
            }

            _closeCode = code;
            Lost();
            _closing = SendCloseAsync(code, reason);
        }
    }

    private async Task SendCloseAsync(WebSocketCloseStatus code, string reason)
    {
        Volatile.Write(ref _closeSentAt, _options.Clock.GetTimestamp());
        try
        {
            await _socket.CloseOutputAsync(code, reason, CancellationToken.None);
        }
        catch (Exception gone) when (Broken.Is(gone))
        {
            // Whoever reads finds out as well, and ends the connection.
            _outbox.Close();
        }
    }

    /// <summary>
    /// The socket has answered a broken frame with 1002 or 1007 itself. Ending at once would reset the connection and might
    /// take that close frame from the peer again.
    /// </summary>
    private async Task LingerAsync()
    {
        Lost();
        await Task.WhenAny(Task.Delay(LingerWait, _options.Clock, _http.RequestAborted));
    }

    private bool Passed(long since, TimeSpan limit) => since != 0 && _options.Clock.GetElapsedTime(since) > limit;
}
