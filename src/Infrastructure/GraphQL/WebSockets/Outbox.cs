using System.Net.WebSockets;
using Events.GraphQL.Transports;

namespace Events.GraphQL.WebSockets;

/// <summary>
/// Everything that goes out on one socket, in the order it was given. Results wait for room, in messages and bytes; what ends
/// an operation or answers a client is always taken, since the reader of the socket pauses while there is no room, so that
/// there is at most one of it for each operation and one more.
/// </summary>
internal sealed class Outbox(WebSocket socket, GraphQLTransportOptions options)
{
    private readonly Lock _gate = new();
    private Queue<Frame>? _queue;
    private TaskCompletionSource? _room;
    private int _queuedBytes;
    private bool _sending;
    private bool _closed;
    private long _stalledSince;

    /// <summary>When the peer stopped taking bytes, on the options' clock; 0 while it takes them.</summary>
    internal long StalledSince => Volatile.Read(ref _stalledSince);

    /// <summary>Whether nothing is sent any more: what is posted then is forgotten.</summary>
    internal bool IsClosed => Volatile.Read(ref _closed);

    private bool IsFull => _queue is not null
        && (_queue.Count >= options.QueuedMessagesMax || _queuedBytes >= options.QueuedBytesMax);

    /// <summary>Half empty: so many that wait find room at once that none is overtaken for long.</summary>
    private bool HasMuchRoom => _queue is null
        || (_queue.Count <= options.QueuedMessagesMax / 2 && _queuedBytes <= options.QueuedBytesMax / 2);

    /// <summary>Takes a message in any case; it owns the text from now on.</summary>
    internal void Post(PooledBuffer text, SocketOperation? operation = null) => Take(text, operation, always: true);

    /// <summary>Takes a result if there is room. False: there is none, and the text stays the caller's.</summary>
    internal bool TryPost(PooledBuffer text, SocketOperation operation) => Take(text, operation, always: false);

    /// <summary>Completes when there is room again, or when nothing is sent any more.</summary>
    internal Task RoomAsync()
    {
        lock (_gate)
        {
            if (_closed || !IsFull)
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    /// <summary>Takes and sends nothing more; what waits is forgotten. A message that is being sent goes out.</summary>
    internal void Close()
    {
        lock (_gate)
        {
            _closed = true;
            while (_queue?.TryDequeue(out Frame frame) == true)
            {
                frame.Text.Dispose();
            }

            _queue = null;
            _queuedBytes = 0;
            _room?.TrySetResult();
        }
    }

    private bool Take(PooledBuffer text, SocketOperation? operation, bool always)
    {
        lock (_gate)
        {
            if (_closed)
            {
                text.Dispose();
                return true;
            }

            if (IsFull && !always)
            {
                return false;
            }

            if (_sending)
            {
                _queue ??= new Queue<Frame>();
                _queue.Enqueue(new Frame(text, operation));
                _queuedBytes += text.Length;
                return true;
            }

            _sending = true;
        }

        // Runs to the first wait on the caller's thread: with a willing peer that is the whole way, without a switch.
        // It ends with the queue or with the socket, and it never throws.
        _ = SendFromAsync(new Frame(text, operation));
        return true;
    }

    private async Task SendFromAsync(Frame frame)
    {
        do
        {
            try
            {
                // The client has said that it wants no more of this one, and may use the id again at once.
                if (frame.Operation?.IsDropped != true)
                {
                    await SendAsync(frame.Text.Written);
                }
            }
            catch (Exception gone) when (Broken.Is(gone))
            {
                Close();
            }
            finally
            {
                Volatile.Write(ref _stalledSince, 0);
                frame.Text.Dispose();
            }
        }
        while (TryNext(out frame));
    }

    private ValueTask SendAsync(ReadOnlyMemory<byte> text)
    {
        ValueTask send = socket.SendAsync(text, WebSocketMessageType.Text, true, CancellationToken.None);
        if (!send.IsCompleted)
        {
            Volatile.Write(ref _stalledSince, options.Clock.GetTimestamp());
        }

        return send;
    }

    private bool TryNext(out Frame frame)
    {
        lock (_gate)
        {
            bool more = false;
            frame = default;
            if (_queue is not null && _queue.TryDequeue(out frame))
            {
                _queuedBytes -= frame.Text.Length;
                more = true;
            }
            else
            {
                _queue = null;
                _sending = false;
            }

            if (_room is not null && HasMuchRoom)
            {
                _room.TrySetResult();
                _room = null;
            }

            return more;
        }
    }

    /// <param name="Operation">Whose message it is; null when it is the connection's own.</param>
    private readonly record struct Frame(PooledBuffer Text, SocketOperation? Operation);
}
