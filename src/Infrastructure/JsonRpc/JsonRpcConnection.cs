using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using Events.JsonRpc.Polling;

namespace Events.JsonRpc;

/// <summary>One open socket. All members may be used from any thread.</summary>
public sealed class JsonRpcConnection
{
    /// <summary>Long enough for a close frame to be fetched, short enough to be no burden.</summary>
    private static readonly TimeSpan LingerWait = TimeSpan.FromSeconds(1);

    /// <summary>RFC 6455, section 5.5: 125 bytes for a control frame, two of them for the code.</summary>
    private const int CloseReasonBytesMax = 123;

    /// <summary>In IANA's list of close codes; the framework has no name for it.</summary>
    private const WebSocketCloseStatus TryAgainLater = (WebSocketCloseStatus)1013;

    private readonly JsonRpcConnections _all;
    private readonly JsonRpcOptions _options;
    private readonly WebSocket _socket;
    private readonly Action _cut;
    private readonly Outbox _outbox;
    private readonly Lock _gate = new();
    private MessageReader? _reader;
    private Workbench? _running;
    private long _runningSince;
    private WebSocketCloseStatus? _closeCode;
    private string? _closeReason;
    private long _closeSentAt;
    private Task _closing = Task.CompletedTask;
    private long _requests;
    private volatile bool _isLoggedIn;
    private bool _hasYielded;
    private bool _isLost;

    internal JsonRpcConnection(
        JsonRpcConnections all,
        long number,
        IPAddress? remote,
        string? origin,
        WebSocket socket,
        Action cut,
        JsonRpcOptions options)
    {
        _all = all;
        _options = options;
        _socket = socket;
        _cut = cut;
        _outbox = new Outbox(socket, options);
        OpenedAt = options.Clock.GetTimestamp();
        Id = "c" + number.ToString(CultureInfo.InvariantCulture);
        RemoteAddress = remote;
        Origin = origin;
    }

    /// <summary>Unique within one run of the server.</summary>
    public string Id { get; }

    /// <summary>Null when the transport knows none.</summary>
    public IPAddress? RemoteAddress { get; }

    /// <summary>
    /// How the client reaches us, e.g. <c>https://host:8443</c>, from its <c>Host</c> header; null when it sent none.
    /// </summary>
    public string? Origin { get; }

    /// <summary>The application's own session, e.g. who has logged in; null until it is set.</summary>
    public object? State { get; set; }

    /// <summary>
    /// Set by the application once it knows who is behind the socket: it then keeps its place until it ends. Read only where
    /// <see cref="JsonRpcOptions.LoginWait"/> is set.
    /// </summary>
    public bool IsLoggedIn
    {
        get => _isLoggedIn;
        set => _isLoggedIn = value;
    }

    /// <summary>By the clock's timestamps.</summary>
    internal long OpenedAt { get; }

    /// <summary>Whether a newcomer has its place already.</summary>
    internal bool HasYielded
    {
        get
        {
            lock (_gate)
            {
                return _hasYielded;
            }
        }
    }

    /// <summary>Whether a newcomer may have its place.</summary>
    internal bool MayYield =>
        _options.LoginWait is not null && !_isLoggedIn && !IsClosing
        && _options.Clock.GetElapsedTime(OpenedAt) > _options.StrangerKeep;

    /// <summary>Completes once the connection has ended and was removed from the list.</summary>
    internal Task Ended { get; set; } = Task.CompletedTask;

    internal bool IsClosing
    {
        get
        {
            lock (_gate)
            {
                return _closeCode is not null;
            }
        }
    }

    /// <summary>
    /// Sends a notification without waiting. False: not sent, since the connection is closing, or since its reader is too
    /// slow and the queue is full; the latter also closes it, so that it never holds up others. The code is 1008, since
    /// several client libraries take the fitting 1013 for a protocol error.
    /// </summary>
    public bool TryNotify(JsonRpcNotification notification)
    {
        ArgumentNullException.ThrowIfNull(notification);
        switch (_outbox.TryNotify(notification.Utf8))
        {
            case Outbox.Outcome.Taken:
                _all.Counters.Notified();
                return true;
            case Outbox.Outcome.Full:
                _all.Counters.SlowReaderClosed();
                Close(WebSocketCloseStatus.PolicyViolation, "Reads too slowly.");
                return false;
            default:
                return false;
        }
    }

    /// <summary>Sends a notification to this connection alone.</summary>
    /// <param name="utf8Params">A JSON object as text; empty leaves <c>params</c> out.</param>
    /// <exception cref="ArgumentException">The parameters are not JSON.</exception>
    public bool TryNotify(string method, ReadOnlyMemory<byte> utf8Params) =>
        TryNotify(JsonRpcNotification.Encode(method, utf8Params.Span));

    /// <summary>
    /// Begins to close: a running call ends and is answered, then the close frame goes out (RFC 6455, section 7). The
    /// first code stays; a second call does nothing. A peer that does not answer is cut off.
    /// </summary>
    /// <param name="reason">At most 123 bytes in UTF-8.</param>
    /// <exception cref="ArgumentException">The code may not be sent (RFC 6455, section 7.4), or the reason is long.</exception>
    public void Close(WebSocketCloseStatus code, string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        bool sendable = (int)code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);
        if (!sendable || Encoding.UTF8.GetByteCount(reason) > CloseReasonBytesMax)
        {
            throw new ArgumentException("Not a code and reason that may be sent.", nameof(code));
        }

        BeginClose(code, reason);
    }

    /// <summary>Gives its place away and closes. False: it keeps it, since it has just logged in or is closing already.</summary>
    internal bool TryYield()
    {
        lock (_gate)
        {
            if (!MayYield)
            {
                return false;
            }

            _hasYielded = true;
            BeginClose(TryAgainLater, "All places are taken, and you have not logged in. Try again later.");
            return true;
        }
    }

    /// <summary>Cuts the connection off without a word.</summary>
    internal void Abort()
    {
        Lost();
        _socket.Abort();
        try
        {
            _cut();
        }
        catch (ObjectDisposedException)
        {
            // The request has ended since we looked, and with it the connection.
        }
    }

    /// <summary>The peer has gone: nothing can be sent, and a running call is told so.</summary>
    internal void Lost()
    {
        _outbox.GiveUp();
        lock (_gate)
        {
            _isLost = true;
            _running?.Cancel(Workbench.ConnectionLost);
        }
    }

    internal void CancelCall(string reason)
    {
        lock (_gate)
        {
            _running?.Cancel(reason);
        }
    }

    /// <summary>For error answers and their log lines.</summary>
    internal string NextRequestId() =>
        Id + "-" + Interlocked.Increment(ref _requests).ToString(CultureInfo.InvariantCulture);

    /// <summary>Keeps the bounds in time; called every <see cref="JsonRpcOptions.WatchInterval"/>.</summary>
    internal void Watch()
    {
        if (Passed(_outbox.StalledSince, _options.SendStallMax) || Passed(Volatile.Read(ref _closeSentAt), _options.CloseWait))
        {
            Abort();
            return;
        }

        if (Passed(_reader?.Since ?? 0, _options.ReceiveTimeout))
        {
            BeginClose(WebSocketCloseStatus.PolicyViolation, "The message took too long.");
        }

        if (_options.LoginWait is { } wait && !_isLoggedIn && Passed(OpenedAt, wait))
        {
            BeginClose(WebSocketCloseStatus.PolicyViolation, "Nobody has logged in for too long.");
        }

        lock (_gate)
        {
            if (_running is not null && Passed(_runningSince, _options.CallTimeout))
            {
                _running.Cancel("timeout");
            }
        }
    }

    /// <summary>Reads and answers messages, one after the other, until the socket ends.</summary>
    internal async Task RunAsync(Dispatcher dispatcher, Stock stock, CancellationToken gonePeer)
    {
        var reader = new MessageReader(_socket, stock, _options);
        _reader = reader;
        try
        {
            bool peerCloses = false;
            while (!IsClosing && !peerCloses)
            {
                switch (await reader.NextAsync())
                {
                    case MessageReader.Incoming.Message:
                        await (Dispatcher.IsShort(reader.Message.Span) ? Task.CompletedTask : Poller.LeaveAsync());
                        await AnswerAsync(reader, dispatcher, stock);
                        break;
                    case MessageReader.Incoming.TooLong:
                        Close(WebSocketCloseStatus.MessageTooBig, "The message is too long.");
                        break;
                    case MessageReader.Incoming.Binary:
                        Close(WebSocketCloseStatus.InvalidMessageType, "Only text frames.");
                        break;
                    default:
                        peerCloses = true;
                        break;
                }
            }

            await Poller.LeaveAsync();
            if (peerCloses)
            {
                BeginClose(_socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, "");
            }

            if (!peerCloses)
            {
                await reader.DrainAsync();
            }

            await _closing;
        }
        catch (Exception gone) when (Broken.Is(gone))
        {
            _all.Counters.Vanished();
            if (gone is WebSocketException { WebSocketErrorCode: not WebSocketError.ConnectionClosedPrematurely })
            {
                await LingerAsync(gonePeer);
            }
        }
        finally
        {
            reader.Release();
            Lost();
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
            _closeReason = reason;
            _outbox.Close();
            if (_running is null)
            {
                _closing = SendCloseAsync();
            }
        }
    }

    /// <summary>
    /// The socket has answered a broken frame with 1002 or 1007 itself. Ending at once would reset the connection and might
    /// take that close frame from the peer again.
    /// </summary>
    private async Task LingerAsync(CancellationToken gonePeer)
    {
        _outbox.GiveUp();
        await Task.WhenAny(Task.Delay(LingerWait, _options.Clock, gonePeer));
    }

    private async ValueTask AnswerAsync(MessageReader reader, Dispatcher dispatcher, Stock stock)
    {
        Workbench bench = stock.Benches.Get();
        bool reuse = true;
        if (Begin(bench))
        {
            _all.Counters.Received();
            await dispatcher.AnswerAsync(this, reader.Message, bench);
            reuse = !bench.HandlerLeftBehind;
            if (bench.Answer.Length > 0)
            {
                await _outbox.AnswerAsync(bench.Answer.Written);
            }

            End();
        }

        stock.Benches.Return(bench);
        reader.Release(reuse);
    }

    private bool Begin(Workbench bench)
    {
        lock (_gate)
        {
            if (_closeCode is not null)
            {
                return false;
            }

            _running = bench;
            if (_isLost)
            {
                // It went while its call was on the way to this thread.
                bench.Cancel(Workbench.ConnectionLost);
            }

            _runningSince = _options.Clock.GetTimestamp();
            return true;
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _running = null;
            if (_closeCode is not null)
            {
                _closing = SendCloseAsync();
            }
        }
    }

    private async Task SendCloseAsync()
    {
        Volatile.Write(ref _closeSentAt, _options.Clock.GetTimestamp());
        try
        {
            await _socket.CloseOutputAsync(_closeCode!.Value, _closeReason, CancellationToken.None);
        }
        catch (Exception gone) when (Broken.Is(gone))
        {
            // Whoever reads finds out as well, and ends the connection.
            _outbox.GiveUp();
        }
    }

    private bool Passed(long since, TimeSpan limit) => since != 0 && _options.Clock.GetElapsedTime(since) > limit;
}
