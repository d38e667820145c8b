using System.Collections.Frozen;
using System.Text.Json;
using Events.JsonRpc.Polling;
using Microsoft.Extensions.Logging;

namespace Events.JsonRpc;

/// <summary>
/// Turns one message into the text of its answer. For each request, in this order: rate, method, gate, parameters, handler.
/// </summary>
internal sealed partial class Dispatcher(JsonRpcOptions options, ILogger<Dispatcher> logger)
{
    /// <summary>How long a cancelled handler may take to notice; then it is left behind and its client gets an error.</summary>
    private static readonly TimeSpan NoticeWait = TimeSpan.FromMilliseconds(250);

    private const int ShortBytesMax = 128;
    private const string Ping = "ping";

    private static readonly JsonRpcAnswer ParseError = JsonRpcError.Parse;
    private static readonly JsonRpcAnswer MethodNotFound = JsonRpcError.MethodNotFound;
    private static readonly JsonRpcAnswer ParamsArray = JsonRpcError.ParamsArray;
    private static readonly JsonRpcAnswer ParamsNotUnicode = JsonRpcError.ParamsNotUnicode;

    private readonly FrozenDictionary<string, JsonRpcMethod> _methods =
        options.Methods.ToFrozenDictionary(method => method.Name, StringComparer.Ordinal);

    private readonly JsonDocumentOptions _parsing = new() { MaxDepth = options.NestingMax };

    /// <summary>
    /// Whether a message is answered before another thread could have been woken for it: a ping, by all that can be seen before
    /// it is read. The handler of one that only looks like it still leaves the thread that others wait for.
    /// </summary>
    internal static bool IsShort(ReadOnlySpan<byte> message) =>
        message.Length <= ShortBytesMax && message.IndexOf("\"ping\""u8) >= 0;

    /// <summary>Leaves the answer in <see cref="Workbench.Answer"/>; empty when there is none to send.</summary>
    internal ValueTask AnswerAsync(JsonRpcConnection connection, ReadOnlyMemory<byte> message, Workbench bench)
    {
        switch (Envelope.Read(message, options.NestingMax, options.BatchMembersMax, out Request single, out var members))
        {
            case EnvelopeShape.Single:
                return ServeAsync(connection, single, bench, inBatch: false);
            case EnvelopeShape.Batch:
                return ServeBatchAsync(connection, message, members!, bench);
            case EnvelopeShape.BatchEmptyOrTooLong:
                JsonRpcAnswer wrong = JsonRpcError.InvalidRequest($"A batch has 1 to {options.BatchMembersMax} members.");
                return ServeAsync(connection, Request.Bad(wrong), bench, inBatch: false);
            default:
                return ServeAsync(connection, Request.Bad(ParseError), bench, inBatch: false);
        }
    }

    private async ValueTask ServeBatchAsync(
        JsonRpcConnection connection, ReadOnlyMemory<byte> message, List<Range> members, Workbench bench)
    {
        foreach (Range member in members)
        {
            Request request = Envelope.ReadMember(message[member], options.NestingMax);
            await ServeAsync(connection, request, bench, inBatch: true);
        }

        if (bench.Answer.Length > 0)
        {
            bench.Answer.Append((byte)']');
        }
    }

    private async ValueTask ServeAsync(JsonRpcConnection connection, Request request, Workbench bench, bool inBatch)
    {
        JsonDocument? document = null;
        bool leftBehind = false;
        JsonRpcAnswer answer;
        try
        {
            JsonRpcAnswer? refusal = Admit(connection, request, bench, out JsonRpcCall? call);
            if (refusal is null && !request.Params.IsEmpty)
            {
                document = JsonDocument.Parse(request.Params, _parsing);
                call!.Params = document.RootElement;
            }

            answer = refusal ?? await RunAsync(call!, bench);
        }
        catch (OperationCanceledException) when (bench.Cancellation.IsCancellationRequested)
        {
            leftBehind = bench.HandlerLeftBehind;
            string id = connection.NextRequestId();
            if (bench.CancelledBecause != Workbench.ConnectionLost)
            {
                LogCutShort(id, request.Method, bench.CancelledBecause, leftBehind);
            }

            answer = JsonRpcError.Internal(bench.CancelledBecause ?? "cancelled", id);
        }
        catch (Exception failure)
        {
            answer = Unexpected(connection, request.Method, failure);
        }

        if (request.HasId || request.Method is null)
        {
            Append(connection, bench, request.Id, answer, inBatch);
        }

        if (!leftBehind)
        {
            document?.Dispose();
        }
    }

    private JsonRpcAnswer? Admit(JsonRpcConnection connection, Request request, Workbench bench, out JsonRpcCall? call)
    {
        call = null;
        if (options.Rate?.Invoke(connection, request.Method) is JsonRpcError tooFast)
        {
            return tooFast;
        }

        if (request.Method is null)
        {
            return request.Refusal ?? JsonRpcError.InvalidRequest(request.Fault!);
        }

        if (!_methods.TryGetValue(request.Method, out JsonRpcMethod? method))
        {
            return MethodNotFound;
        }

        call = new JsonRpcCall(connection, method, bench.Cancellation) { IsNotification = !request.HasId };
        if (options.Gate?.Invoke(call) is JsonRpcError refusal)
        {
            return refusal;
        }

        bench.Cancellation.ThrowIfCancellationRequested();
        return request.ParamsIsArray ? ParamsArray
            : JsonText.IsUnicode(request.Params.Span, options.NestingMax) ? null
            : ParamsNotUnicode;
    }

    private async ValueTask<JsonRpcAnswer> RunAsync(JsonRpcCall call, Workbench bench)
    {
        await (call.Method.Name == Ping ? Task.CompletedTask : Poller.LeaveAsync());
        ValueTask<JsonRpcAnswer> running = call.Method.Handler(call);
        if (running.IsCompleted)
        {
            return await running;
        }

        Task<JsonRpcAnswer> task = running.AsTask();
        try
        {
            return await task.WaitAsync(bench.Cancellation);
        }
        catch (OperationCanceledException) when (!task.IsCompleted)
        {
            try
            {
                return await task.WaitAsync(NoticeWait, options.Clock, CancellationToken.None);
            }
            catch (TimeoutException)
            {
                bench.HandlerLeftBehind = true;
                _ = WatchLeftBehindAsync(task, call.Method.Name);
                throw new OperationCanceledException(bench.Cancellation);
            }
        }
    }

    private async Task WatchLeftBehindAsync(Task<JsonRpcAnswer> task, string method)
    {
        try
        {
            await task;
        }
        catch (Exception failure)
        {
            LogLeftBehindFailed(failure, method);
        }
    }

    /// <summary>Writes one response object (JSON-RPC 2.0, section 5); one that fails or is too long becomes -32603.</summary>
    private void Append(
        JsonRpcConnection connection, Workbench bench, ReadOnlyMemory<byte> id, JsonRpcAnswer answer, bool inBatch)
    {
        if (inBatch)
        {
            bench.Answer.Append(bench.Answer.Length == 0 ? (byte)'[' : (byte)',');
        }

        int mark = bench.Answer.Length;
        try
        {
            Write(bench, id, answer);
            if (bench.Answer.Length <= options.AnswerBytesMax)
            {
                return;
            }

            throw new TextTooLongException();
        }
        catch (Exception failure)
        {
            bench.Answer.CutAt(mark);
            Write(bench, id, Unexpected(connection, null, failure));
        }
    }

    private static void Write(Workbench bench, ReadOnlyMemory<byte> id, JsonRpcAnswer answer)
    {
        Utf8JsonWriter writer = bench.Writer;
        writer.Reset(bench.Answer);
        writer.WriteStartObject();
        writer.WriteString("jsonrpc"u8, "2.0"u8);
        writer.WritePropertyName("id"u8);
        if (id.IsEmpty)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteRawValue(id.Span, skipInputValidation: true);
        }

        answer.Write(writer);
        writer.WriteEndObject();
        writer.Flush();
    }

    private JsonRpcError Unexpected(JsonRpcConnection connection, string? method, Exception failure)
    {
        string id = connection.NextRequestId();
        LogFailed(failure, id, method);
        return JsonRpcError.Internal(failure is TextTooLongException ? "answer_too_long" : "unexpected", id);
    }

    [LoggerMessage(EventId = 5001, Level = LogLevel.Error, Message = "Request {RequestId} for {Method} failed")]
    private partial void LogFailed(Exception failure, string requestId, string? method);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Warning,
        Message = "Request {RequestId} for {Method} was cut short: {Reason}; handler still running: {LeftBehind}")]
    private partial void LogCutShort(string requestId, string? method, string? reason, bool leftBehind);

    [LoggerMessage(EventId = 5003, Level = LogLevel.Warning, Message = "A handler of {Method} failed after its time limit")]
    private partial void LogLeftBehindFailed(Exception failure, string method);
}
