using Events.GraphQL.Transports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Events.GraphQL.Http;

/// <summary>
/// Answers by Server-Sent Events (graphql-sse, distinct connections mode): <c>next</c> for each result, also for errors
/// before execution, then <c>complete</c>. A reader that does not take them stops the source; one that takes nothing for
/// long is cut off.
/// </summary>
internal sealed class EventStream(
    GraphQLTransportOptions options, GraphQLTraffic traffic, Operations operations, CancellationToken stopping)
{
    /// <summary>What a stream keeps between two results: enough for most, little for a thousand streams.</summary>
    private const int KeptBytesMax = 16 * 1024;

    private static ReadOnlySpan<byte> Comment => ":\n\n"u8;

    /// <param name="admission">When it ends, the stream does.</param>
    internal async Task WriteAsync(HttpContext context, Operation operation, GraphQLAdmission admission)
    {
        traffic.EventStreamOpened();
        using var text = new PooledBuffer(options.ResultBytesMax);
        try
        {
            Begin(context);
            if (operation.IsStream)
            {
                text.Append(Comment);
                await FlushAsync(context, text);
                await CopyAsync(context, operation, text, admission);
            }
            else if (operation.Fault is { } fault)
            {
                AppendNext(text, fault);
            }
            else
            {
                AppendNext(text, operation.Result!);
            }

            text.Append("event: complete\ndata:\n\n"u8);
            await FlushAsync(context, text);
        }
        finally
        {
            traffic.EventStreamEnded();
        }
    }

    private static void Begin(HttpContext context)
    {
        HttpResponse response = context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";

        // nginx would otherwise keep events back until it has a buffer full.
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }

    private async Task CopyAsync(HttpContext context, Operation operation, PooledBuffer text, GraphQLAdmission admission)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, admission.Ended);
        try
        {
            while (await NextAsync(context, operation, text, admission.Until, ending.Token) is { } more)
            {
                if (!more)
                {
                    return;
                }

                AppendNext(text, operation.Current!);
                await FlushAsync(context, text);
            }

            AppendNext(text, stopping.IsCancellationRequested ? Fault.Stopping : Fault.AdmissionEnded);
        }
        catch (GraphQLStreamException failed)
        {
            AppendNext(text, failed.Errors);
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or IOException))
        {
            AppendNext(text, operations.Unexpected(failure));
        }
    }

    /// <returns>Whether there is a next result; null: the stream is ended from here.</returns>
    private async Task<bool?> NextAsync(
        HttpContext context, Operation operation, PooledBuffer text, DateTimeOffset? until, CancellationToken ending)
    {
        ValueTask<bool> waiting = operation.MoveNextAsync();
        if (waiting.IsCompletedSuccessfully && !IsOver(until, ending))
        {
            return waiting.Result;
        }

        Task<bool> next = waiting.AsTask();
        while (!IsOver(until, ending))
        {
            try
            {
                return await next.WaitAsync(options.KeepAliveInterval, options.Clock, ending);
            }
            catch (TimeoutException) when (!next.IsCompleted)
            {
                text.Append(Comment);
                await FlushAsync(context, text);
            }
            catch (TimeoutException)
            {
                // It came at the moment when the wait for it was over; if it failed, its own failure is told.
                return await next;
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return null;
            }
        }

        return null;
    }

    private bool IsOver(DateTimeOffset? until, CancellationToken ending) =>
        ending.IsCancellationRequested || (until is { } end && options.Clock.GetUtcNow() >= end);

    private void AppendNext(PooledBuffer text, GraphQLResult result)
    {
        text.Append("event: next\ndata: "u8);
        int mark = text.Length;
        if (!Answer.TryWrite(result, text, options.ResultBytesMax))
        {
            Fault.ResultTooLarge.WriteTo(text);
        }

        OneLine(text.WrittenSpan[mark..]);
        text.Append("\n\n"u8);
    }

    private static void AppendNext(PooledBuffer text, Fault fault)
    {
        text.Append("event: next\ndata: "u8);
        fault.WriteTo(text);
        text.Append("\n\n"u8);
    }

    /// <summary>A line break would end the event's data. In JSON it stands between tokens only, where a space will do.</summary>
    private static void OneLine(Span<byte> json)
    {
        json.Replace((byte)'\n', (byte)' ');
        json.Replace((byte)'\r', (byte)' ');
    }

    private async Task FlushAsync(HttpContext context, PooledBuffer text)
    {
        Task sending = SendAsync(context, text.Written);
        if (!sending.IsCompletedSuccessfully)
        {
            try
            {
                await sending.WaitAsync(options.SendStallMax, options.Clock, CancellationToken.None);
            }
            catch (TimeoutException)
            {
                traffic.SlowConsumerEnded();
                context.Abort();
                throw new OperationCanceledException("The reader takes nothing.");
            }
        }

        if (text.Length > KeptBytesMax)
        {
            text.Dispose();
        }

        text.CutAt(0);
    }

    private static async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> text)
    {
        await context.Response.Body.WriteAsync(text, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
