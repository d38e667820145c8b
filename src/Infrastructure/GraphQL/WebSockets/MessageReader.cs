using System.Buffers;
using System.Net.WebSockets;

namespace Events.GraphQL.WebSockets;

/// <summary>
/// Puts messages together, each within its bound. While a socket is silent nothing is rented for it; what is grows with what
/// has come, so neither an idle socket nor a header that announces much costs anything.
/// </summary>
internal sealed class MessageReader(WebSocket socket, GraphQLTransportOptions options)
{
    private const int FirstBytes = 2048;
    private const int Growth = 4;
    private byte[]? _bytes;
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

    internal ReadOnlyMemory<byte> Message => _bytes.AsMemory(0, _length);

    /// <summary>Waits for the next message. Pings and pongs of the socket itself are dealt with on the way.</summary>
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
            part = await socket.ReceiveAsync(Room(), CancellationToken.None);
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
        Volatile.Write(ref _since, 0);
        _length = 0;
        ValueWebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(Room(), CancellationToken.None);
        }
        while (part.MessageType != WebSocketMessageType.Close);
    }

    /// <summary>Ends work on a message and gives its memory back.</summary>
    internal void Release()
    {
        if (_bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = null;
        _length = 0;
    }

    /// <summary>
    /// Where the next bytes go. It ends one byte behind the longest message, so that a longer one is seen: the socket does not
    /// come back before it has filled all of it or the frame has ended.
    /// </summary>
    private Memory<byte> Room()
    {
        int bytesMax = options.MessageBytesMax + 1;
        if (_bytes is null || _length == _bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min((_bytes?.Length * (long)Growth) ?? FirstBytes, bytesMax));
            Message.CopyTo(larger);
            int length = _length;
            Release();
            _bytes = larger;
            _length = length;
        }

        return _bytes.AsMemory(_length, Math.Min(_bytes.Length, bytesMax) - _length);
    }
}
