using System.Net.WebSockets;
using System.Text.Json;
using Events.GraphQL.Transports;
using Microsoft.AspNetCore.Http;

namespace Events.GraphQL.WebSockets;

/// <summary>What every session of a server needs.</summary>
internal sealed record SessionParts(
    GraphQLTransportOptions Options, Operations Operations, GraphQLTraffic Traffic);

/// <summary>
/// graphql-transport-ws on one socket. Operations run side by side, each on its own; what they give goes out through one
/// <see cref="Outbox"/>, and each waits for room in it by itself.
/// </summary>
internal sealed class Session(HttpContext http, SessionParts parts, Outbox outbox, Action<WebSocketCloseStatus, string> close)
    : IAsyncDisposable
{
    private readonly GraphQLTransportOptions _options = parts.Options;
    private readonly Ending _ending = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SocketOperation> _operations = new(StringComparer.Ordinal);
    private volatile GraphQLAdmission? _admission;
    private CancellationTokenRegistration _onAdmissionEnded;
    private Task? _admitting;
    private bool _ended;

    /// <summary>Null until the client was let in.</summary>
    internal GraphQLAdmission? Admission => _admission;

    /// <summary>Called by the reader of the socket, so for one message at a time.</summary>
    internal void Handle(ClientMessage message)
    {
        switch (message.Type)
        {
            case ClientMessageType.ConnectionInit when _admitting is not null:
                close(CloseCode.TooManyInits, "Too many initialisation requests");
                break;
            case ClientMessageType.ConnectionInit:
                Initialise(message.Payload.Span);
                break;
            case ClientMessageType.Subscribe when _admission is null:
                close(CloseCode.Unauthorized, "Unauthorized");
                break;
            case ClientMessageType.Subscribe:
                Subscribe(message.Id!, message.Request!);
                break;
            case ClientMessageType.Complete:
                Remove(message.Id!, null)?.Drop();
                break;
            case ClientMessageType.Ping:
                outbox.Post(ServerMessage.Pong(message.Payload.Span));
                break;
            case ClientMessageType.Pong:
                break;
            default:
                close(CloseCode.InvalidMessage, message.Flaw!);
                break;
        }
    }

    /// <summary>Ends all operations, now and for ever.</summary>
    internal void End()
    {
        SocketOperation[] running;
        lock (_gate)
        {
            _ended = true;
            running = [.. _operations.Values];
            _operations.Clear();
        }

        _ending.Begin();
        foreach (SocketOperation operation in running)
        {
            operation.Drop();
        }
    }

    /// <summary>Ends all, and waits for the one that may still look at the request the socket came from.</summary>
    public async ValueTask DisposeAsync()
    {
        End();
        await (_admitting ?? Task.CompletedTask);
        await _onAdmissionEnded.DisposeAsync();
        _ending.Dispose();
    }

    private void Initialise(ReadOnlySpan<byte> payload)
    {
        string? flaw = null;
        JsonElement? given = payload.IsEmpty ? null : RequestReader.ReadMap(payload, _options.NestingMax, out flaw);
        if (flaw is not null)
        {
            close(CloseCode.InvalidMessage, "The payload " + flaw);
            return;
        }

        _admitting = AdmitAsync(new GraphQLConnect(http, given));
    }

    private async Task AdmitAsync(GraphQLConnect connect)
    {
        try
        {
            GraphQLAdmission admission = _options.OnConnectAsync is { } ask
                ? await ask(connect, _ending.Token)
                : GraphQLAdmission.Accept(http.User.Identity is { IsAuthenticated: true } ? http.User : null);
            if (!admission.IsAccepted)
            {
                close(CloseCode.Forbidden, admission.Reason!);
                return;
            }

            // The client may ask as soon as it has the acknowledgement, so it is let in before that goes out.
            _admission = admission;
            _onAdmissionEnded = admission.Ended.UnsafeRegister(
                _ => close(CloseCode.Forbidden, "Your access has ended."), null);
            outbox.Post(ServerMessage.Ack(admission.Payload));
        }
        catch (OperationCanceledException) when (_ending.Token.IsCancellationRequested)
        {
            // The socket has ended while the client was being let in.
        }
        catch (Exception failure)
        {
            close(CloseCode.InternalError, parts.Operations.Unexpected(failure).Message);
        }
    }

    private void Subscribe(string id, GraphQLRequest request)
    {
        SocketOperation? operation = null;
        TimeSpan wait = _options.TakeTurn?.Invoke(_admission!.User) ?? TimeSpan.Zero;
        bool isTaken;
        bool isFull;
        lock (_gate)
        {
            isTaken = _operations.ContainsKey(id);
            isFull = _operations.Count >= _options.OperationsPerConnectionMax;
            if (!isTaken && !isFull && !_ended && wait == TimeSpan.Zero)
            {
                _operations[id] = operation = new SocketOperation(id);
            }
        }

        if (isTaken)
        {
            close(CloseCode.SubscriberExists, $"Subscriber for {id} already exists");
        }
        else if (wait > TimeSpan.Zero)
        {
            outbox.Post(ServerMessage.Error(id, Fault.RateLimited(wait)));
        }
        else if (isFull)
        {
            outbox.Post(ServerMessage.Error(id, Fault.TooManyForConnection(_options.OperationsPerConnectionMax)));
        }
        else if (operation is not null)
        {
            // A switch of threads, so that a long computation does not keep the next message waiting.
            _ = Task.Run(() => RunAsync(operation, request), CancellationToken.None);
        }
    }

    /// <summary>Never throws: whatever comes of it is sent, or nobody is there any more.</summary>
    private async Task RunAsync(SocketOperation own, GraphQLRequest request)
    {
        try
        {
            var asker = new Asker(_admission!.User, GraphQLOperations.All);
            await using Operation operation = await parts.Operations.StartAsync(request, asker, own.Ending);
            PooledBuffer last = operation.Fault is { } fault ? ServerMessage.Error(own.Id, fault)
                : operation.IsStream ? await CopyAsync(own, operation)
                : await OnceAsync(own, operation.Result!);
            Finish(own, last);
        }
        catch (OperationCanceledException) when (own.IsDropped)
        {
            // The client has completed it, or has gone.
        }
        catch (Exception failure)
        {
            Finish(own, ServerMessage.Error(own.Id, parts.Operations.Unexpected(failure)));
        }
        finally
        {
            Remove(own.Id, own);
            own.Dispose();
        }
    }

    /// <returns>The operation's last message.</returns>
    private async ValueTask<PooledBuffer> OnceAsync(SocketOperation own, GraphQLResult result) =>
        result.Phase == GraphQLPhase.Execute
            ? await SendAsync(own, result, null) ?? ServerMessage.Complete(own.Id)
            : ServerMessage.Error(own.Id, result);

    /// <returns>The operation's last message.</returns>
    private async ValueTask<PooledBuffer> CopyAsync(SocketOperation own, Operation operation)
    {
        string? position = null;
        try
        {
            while (await operation.MoveNextAsync())
            {
                GraphQLResult result = operation.Current!;
                if (await SendAsync(own, result, position) is { } error)
                {
                    return error;
                }

                position = result.Position ?? position;
            }

            return ServerMessage.Complete(own.Id);
        }
        catch (GraphQLStreamException failed)
        {
            return ServerMessage.Error(own.Id, failed.Errors);
        }
    }

    /// <summary>Waits for room and sends one result. It is written only when there is room, so what waits is small.</summary>
    /// <param name="position">Of the result before it; null when there is none.</param>
    /// <returns>Null when it was taken; otherwise the error that the operation has to end with.</returns>
    private async ValueTask<PooledBuffer?> SendAsync(SocketOperation own, GraphQLResult result, string? position)
    {
        PooledBuffer? text = null;
        try
        {
            long began = _options.Clock.GetTimestamp();
            do
            {
                await WaitForRoomAsync(began, own.Ending);
                EnsureOpen(own);
                text ??= ServerMessage.Next(own.Id, result, _options.ResultBytesMax);
                if (text is null)
                {
                    return ServerMessage.Error(own.Id, Fault.ResultTooLarge, position);
                }
            }
            while (!outbox.TryPost(text, own));
            return null;
        }
        catch (TimeoutException)
        {
            text?.Dispose();
            parts.Traffic.SlowConsumerEnded();
            return ServerMessage.Error(own.Id, Fault.SlowConsumer, position);
        }
        catch (OperationCanceledException)
        {
            text?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Once nothing is sent any more there is always room: a source that never waits would run on until word of the end has got
    /// around.
    /// </summary>
    private void EnsureOpen(SocketOperation own)
    {
        if (outbox.IsClosed)
        {
            own.Drop();
            throw new OperationCanceledException(own.Ending);
        }
    }

    private ValueTask WaitForRoomAsync(long began, CancellationToken cancellation)
    {
        Task room = outbox.RoomAsync();
        if (room.IsCompleted)
        {
            return ValueTask.CompletedTask;
        }

        TimeSpan left = _options.SlowConsumerWait - _options.Clock.GetElapsedTime(began);
        return new ValueTask(room.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _options.Clock, cancellation));
    }

    /// <summary>Sends the last message unless the client has ended the operation itself.</summary>
    private void Finish(SocketOperation own, PooledBuffer last)
    {
        if (Remove(own.Id, own) is not null)
        {
            outbox.Post(last, own);
        }
        else
        {
            last.Dispose();
        }
    }

    /// <param name="own">The one that is meant, since a client may have used the id again; null for whichever has it.</param>
    /// <returns>Null: it was removed already.</returns>
    private SocketOperation? Remove(string id, SocketOperation? own)
    {
        lock (_gate)
        {
            return _operations.TryGetValue(id, out SocketOperation? found) && (own is null || own == found)
                && _operations.Remove(id) ? found : null;
        }
    }
}
