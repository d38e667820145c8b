using System.Net.WebSockets;

namespace Events.JsonRpc;

/// <summary>
/// Puts a message together from its fragments. Memory is rented when the first byte is there and grows with what has come,
/// so neither an idle socket nor a header that announces much costs anything.
/// </summary>
internal sealed class MessageReader(WebSocket socket, Stock stock, JsonRpcOptions options)
{
    private const int FirstBytes = 4096;
    private byte[]? _buffer;
    private int _length;
    private long _since;

    internal enum Incoming
    {
        Message,
        TooLong,
        Binary,
        Close,
    }

    /// <summary>When the message now coming in began, on the options' clock; 0 between messages.</summary>
    internal long Since => Volatile.Read(ref _since);

    internal ReadOnlyMemory<byte> Message => _buffer.AsMemory(0, _length);

    /// <summary>Waits for the next message. Pings and pongs are dealt with on the way by the socket itself.</summary>
    internal async ValueTask<Incoming> NextAsync()
    {
        ValueWebSocketReceiveResult part = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
        if (part.MessageType != WebSocketMessageType.Text)
        {
            return part.MessageType == WebSocketMessageType.Close ? Incoming.Close : Incoming.Binary;
        }

        Volatile.Write(ref _since, options.Clock.GetTimestamp());
        while (!part.EndOfMessage)
        {
            EnsureRoom();
            part = await socket.ReceiveAsync(_buffer.AsMemory(_length), CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return Incoming.Close;
            }

            _length += part.Count;
            if (_length > options.MessageBytesMax)
            {
                return Incoming.TooLong;
            }
        }

        Volatile.Write(ref _since, 0);
        return Incoming.Message;
    }

    /// <summary>Reads on and throws away until the peer's close frame.</summary>
    internal async ValueTask DrainAsync()
    {
        _length = 0;
        EnsureRoom();
        while ((await socket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None)).MessageType
            != WebSocketMessageType.Close)
        {
        }
    }

    /// <summary>Ends work on a message.</summary>
    /// <param name="reuse">False when somebody may still read the message; its memory is then left to the collector.</param>
    internal void Release(bool reuse = true)
    {
        if (_buffer is not null && reuse)
        {
            stock.Return(_buffer);
        }

        _buffer = null;
        _length = 0;
    }

    private void EnsureRoom()
    {
        if (_buffer is null || _length == _buffer.Length)
        {
            _buffer = stock.Grow(_buffer, FirstBytes);
        }
    }
}
