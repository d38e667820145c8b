using System.Buffers;
using System.ComponentModel;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Events.JsonRpc.Polling;

/// <summary>A connection whose reader may run on the thread that polls.</summary>
internal interface IReadInline
{
    /// <summary>
    /// From now on what is read goes on at once, on <see cref="Poller"/>'s thread. The caller sees to it that nothing waits
    /// there.
    /// </summary>
    void ReadInline();
}

/// <summary>
/// One accepted socket as the web server wants it: two pipes. The input's writer is used by the polling thread while reading is
/// on, and by whoever waits for room in the pipe while it is off; never by two at a time.
/// </summary>
internal sealed class PolledConnection : DefaultConnectionContext, IReadInline, IMemoryPoolFeature, IConnectionSocketFeature
{
    /// <summary>In bytes, each way. What is beyond waits in the kernel, and then at the peer.</summary>
    private const int PipeBytesMax = 64 * 1024;

    private const int ReadBytesMin = 1024;

    private readonly Lock _gate = new();
    private readonly Poller _poller;
    private readonly Pipe _input;
    private readonly Pipe _output;
    private readonly ReadScheduler _scheduler = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<ArraySegment<byte>>? _parts;
    private TaskCompletionSource? _writable;
    private Task _sending = Task.CompletedTask;
    private Exception? _ended;
    private Readiness _wanted;
    private ulong _id;
    private bool _isRead;
    private bool _isShut;

    internal PolledConnection(Socket socket, Poller poller, MemoryPool<byte> pool)
    {
        (Socket, _poller, MemoryPool) = (socket, poller, pool);
        _input = NewPipe(_scheduler, PipeScheduler.Inline);
        _output = NewPipe(PipeScheduler.Inline, PipeScheduler.ThreadPool);
        Transport = new Duplex(_input.Reader, _output.Writer);
        Application = new Duplex(_output.Reader, _input.Writer);
        ConnectionClosed = _closed.Token;
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        Features.Set<IMemoryPoolFeature>(this);
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set<IReadInline>(this);
    }

    public MemoryPool<byte> MemoryPool { get; }

    public Socket Socket { get; }

    public void ReadInline() => _scheduler.IsInline = true;

    /// <exception cref="Win32Exception">The kernel has no room to watch another one.</exception>
    internal void Start()
    {
        _id = _poller.Add(this);
        try
        {
            Want(Readiness.Readable, Readiness.None);
        }
        catch (Win32Exception)
        {
            _poller.Remove(_id);
            throw;
        }

        _sending = SendAsync();
    }

    /// <summary>On the polling thread. Whatever goes wrong is this connection's end and nobody else's.</summary>
    internal void OnReady(Readiness ready)
    {
        try
        {
            const Readiness over = Readiness.Failed | Readiness.HungUp;
            if ((ready & (Readiness.Writable | over)) != 0)
            {
                Want(Readiness.None, Readiness.Writable)?.TrySetResult();
            }

            if ((ready & (Readiness.Readable | over)) != 0 && (_wanted & Readiness.Readable) != 0)
            {
                Receive();
            }
        }
        catch (Exception failed)
        {
            EndReading(failed);
            Shut(failed);
        }
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        Shut(abortReason);
        _output.Reader.CancelPendingRead();
    }

    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync();
        await Transport.Output.CompleteAsync();
        await _sending;
        await _received.Task;
        _poller.Remove(_id);
        Socket.Dispose();
        _closed.Dispose();
        await base.DisposeAsync();
    }

    private Pipe NewPipe(PipeScheduler reader, PipeScheduler writer) =>
        new(new PipeOptions(MemoryPool, reader, writer, PipeBytesMax, PipeBytesMax / 2, useSynchronizationContext: false));

    private void Receive()
    {
        int count = Socket.Receive(_input.Writer.GetMemory(ReadBytesMin).Span, SocketFlags.None, out SocketError error);
        switch (error)
        {
            case SocketError.WouldBlock:
                return;
            case SocketError.Success when count > 0:
                _input.Writer.Advance(count);
                break;
            case SocketError.Success:
                EndReading(null);
                return;
            default:
                EndReading(Failure(error));
                return;
        }

        ValueTask<FlushResult> flush = _input.Writer.FlushAsync();
        if (!flush.IsCompleted)
        {
            Want(Readiness.None, Readiness.Readable);
            _ = ReadOnAsync(flush);
        }
        else if (flush.Result is { IsCompleted: true } or { IsCanceled: true })
        {
            EndReading(null);
        }
    }

    /// <summary>Once there is room again.</summary>
    private async Task ReadOnAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            if (await flush is { IsCompleted: true } or { IsCanceled: true })
            {
                EndReading(null);
            }
            else
            {
                Want(Readiness.Readable, Readiness.None);
            }
        }
        catch (Win32Exception full)
        {
            EndReading(full);
            Shut(full);
        }
    }

    private void EndReading(Exception? why)
    {
        if (_isRead)
        {
            return;
        }

        _isRead = true;
        Want(Readiness.None, Readiness.Readable);
        ThreadPool.UnsafeQueueUserWorkItem(
            static ended => ended.Connection.TellEnd(ended.Why), (Connection: this, Why: why), preferLocal: false);
    }

    /// <summary>In the pool: whatever belongs to the connection is taken down now.</summary>
    private void TellEnd(Exception? why)
    {
        _input.Writer.Complete(_ended ?? why);
        try
        {
            _closed.Cancel();
        }
        catch (AggregateException)
        {
            // What others do about an end is theirs.
        }

        _received.TrySetResult();
    }

    private async Task SendAsync()
    {
        Exception? why = null;
        try
        {
            while (true)
            {
                ReadResult read = await _output.Reader.ReadAsync();
                ReadOnlySequence<byte> rest = read.Buffer;
                while (!rest.IsEmpty && !read.IsCanceled)
                {
                    int sent = Send(rest, out SocketError error);
                    if (error is not (SocketError.Success or SocketError.WouldBlock))
                    {
                        throw Failure(error);
                    }

                    rest = rest.Slice(sent);
                    await (error is SocketError.WouldBlock ? UntilWritableAsync() : Task.CompletedTask);
                }

                _output.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || read.IsCanceled)
                {
                    return;
                }
            }
        }
        catch (Exception failed) when (failed is IOException or ObjectDisposedException or Win32Exception)
        {
            why = failed;
        }
        finally
        {
            Shut(why);

            // Not with the failure: that a peer went is no fault of whoever writes, and is not to be logged as one.
            await _output.Reader.CompleteAsync();
            _input.Writer.CancelPendingFlush();
        }
    }

    private int Send(ReadOnlySequence<byte> bytes, out SocketError error)
    {
        if (bytes.IsSingleSegment)
        {
            return Socket.Send(bytes.FirstSpan, SocketFlags.None, out error);
        }

        _parts ??= [];
        _parts.Clear();
        foreach (ReadOnlyMemory<byte> part in bytes)
        {
            _parts.Add(MemoryMarshal.TryGetArray(part, out ArraySegment<byte> array) ? array : part.ToArray());
        }

        return Socket.Send(_parts, SocketFlags.None, out error);
    }

    private Task UntilWritableAsync()
    {
        TaskCompletionSource writable = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_isShut)
            {
                return Task.CompletedTask;
            }

            _writable = writable;
        }

        Want(Readiness.Writable, Readiness.None);
        return writable.Task;
    }

    /// <summary>
    /// Ends it both ways, once. The polling thread hears of that from the kernel and ends the reading; who waits for room to
    /// write is told here.
    /// </summary>
    private void Shut(Exception? why)
    {
        lock (_gate)
        {
            if (_isShut)
            {
                return;
            }

            (_isShut, _ended) = (true, why);
        }

        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The peer was faster.
        }

        Want(Readiness.None, Readiness.Writable)?.TrySetResult();
    }

    /// <returns>Who waits for room to write, if that is no longer waited for.</returns>
    private TaskCompletionSource? Want(Readiness more, Readiness less)
    {
        lock (_gate)
        {
            Readiness now = (_wanted | more) & ~less;
            if (now != _wanted)
            {
                _poller.Epoll.Want(Socket.SafeHandle, _id, _wanted, now);
                _wanted = now;
            }

            TaskCompletionSource? waiting = (less & Readiness.Writable) != 0 ? _writable : null;
            _writable = waiting is null ? _writable : null;
            return waiting;
        }
    }

    /// <summary>As the web server expects it: it takes these for what peers do, and others for a fault.</summary>
    private static IOException Failure(SocketError error) =>
        error is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted
            ? new ConnectionResetException(new SocketException((int)error).Message)
            : new IOException(new SocketException((int)error).Message);

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Where whoever reads goes on.</summary>
    private sealed class ReadScheduler : PipeScheduler
    {
        private volatile bool _isInline;

        internal bool IsInline
        {
            set => _isInline = value;
        }

        public override void Schedule(Action<object?> action, object? state)
        {
            if (_isInline && Poller.IsCurrent)
            {
                action(state);
            }
            else
            {
                System.Threading.ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: false);
            }
        }
    }
}
