using System.Net.WebSockets;

namespace Events.JsonRpc;

/// <summary>
/// Everything that goes out on one socket, in the order it was given. Notifications wait in a bounded queue that exists only
/// while there is something in it; the answer of the running message waits behind them, so at most one answer is queued.
/// </summary>
internal sealed class Outbox(WebSocket socket, JsonRpcOptions options)
{
    private readonly Lock _gate = new();
    private Queue<Frame>? _queue;
    private int _queuedBytes;
    private bool _sending;
    private bool _closed;
    private bool _gone;
    private long _stalledSince;

    internal enum Outcome
    {
        Taken,
        Full,
        Closed,
    }

    /// <summary>When the peer stopped taking bytes, on the options' clock; 0 while it takes them.</summary>
    internal long StalledSince => Volatile.Read(ref _stalledSince);

    /// <summary>Sends the answer; completes when its bytes are no longer needed, also when the socket has gone.</summary>
    internal ValueTask AnswerAsync(ReadOnlyMemory<byte> utf8)
    {
        TaskCompletionSource sent;
        lock (_gate)
        {
            if (_gone)
            {
                return ValueTask.CompletedTask;
            }

            if (!_sending)
            {
                _sending = true;
                return new ValueTask(SendFromAsync(new Frame(utf8, null)));
            }

            sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Enqueue(new Frame(utf8, sent));
        }

        return new ValueTask(sent.Task);
    }

    /// <summary>Takes a notification without waiting. Its bytes must not change afterwards.</summary>
    internal Outcome TryNotify(ReadOnlyMemory<byte> utf8)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return Outcome.Closed;
            }

            if (_sending)
            {
                if (_queue?.Count >= options.QueuedFramesMax || _queuedBytes + utf8.Length > options.QueuedBytesMax)
                {
                    return Outcome.Full;
                }

                Enqueue(new Frame(utf8, null));
                return Outcome.Taken;
            }

            _sending = true;
        }

        // Runs to the first wait on the caller's thread: with a willing peer that is the whole way, without a switch.
        // It ends with the queue or with the socket, and it never throws.
        _ = SendFromAsync(new Frame(utf8, null));
        return Outcome.Taken;
    }

    /// <summary>Takes no more notifications and forgets those that wait; the answer of the running message goes out.</summary>
    internal void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Frame answer = _queue?.FirstOrDefault(frame => frame.Sent is not null) ?? default;
            _queue = null;
            _queuedBytes = 0;
            if (answer.Sent is not null)
            {
                Enqueue(answer);
            }
        }
    }

    /// <summary>The socket has gone: nothing goes out any more, and nobody waits for it.</summary>
    internal void GiveUp()
    {
        lock (_gate)
        {
            _closed = true;
            _gone = true;
            foreach (Frame frame in _queue ?? [])
            {
                frame.Sent?.TrySetResult();
            }

            _queue = null;
            _queuedBytes = 0;
        }
    }

    private void Enqueue(Frame frame)
    {
        _queue ??= new Queue<Frame>();
        _queue.Enqueue(frame);
        _queuedBytes += frame.Utf8.Length;
    }

    private async Task SendFromAsync(Frame frame)
    {
        do
        {
            try
            {
                ValueTask send = socket.SendAsync(frame.Utf8, WebSocketMessageType.Text, true, CancellationToken.None);
                if (!send.IsCompleted)
                {
                    Volatile.Write(ref _stalledSince, options.Clock.GetTimestamp());
                }

                await send;
            }
            catch (Exception gone) when (Broken.Is(gone))
            {
                GiveUp();
            }
            finally
            {
                Volatile.Write(ref _stalledSince, 0);
                frame.Sent?.TrySetResult();
            }
        }
        while (TryNext(out frame));
    }

    private bool TryNext(out Frame frame)
    {
        lock (_gate)
        {
            if (_queue is not null && _queue.TryDequeue(out frame))
            {
                _queuedBytes -= frame.Utf8.Length;
                return true;
            }

            frame = default;
            _queue = null;
            _sending = false;
            return false;
        }
    }

    /// <param name="Sent">Completed once the bytes may be reused; null for notifications, whose bytes nobody reuses.</param>
    private readonly record struct Frame(ReadOnlyMemory<byte> Utf8, TaskCompletionSource? Sent);
}
