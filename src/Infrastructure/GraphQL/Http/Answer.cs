using Events.GraphQL.Transports;
using Microsoft.AspNetCore.Http;

namespace Events.GraphQL.Http;

/// <summary>Writes single results and faults (GraphQL over HTTP, section 6).</summary>
internal static class Answer
{
    internal static async Task WriteAsync(
        HttpContext context, GraphQLResult result, Form form, int bytesMax, CancellationToken cancellation)
    {
        using var body = new PooledBuffer(bytesMax);
        if (TryWrite(result, body, bytesMax))
        {
            await SendAsync(context, StatusOf(context, result, form), form, body, cancellation);
        }
        else
        {
            await WriteAsync(context, Fault.ResultTooLarge, form, cancellation);
        }
    }

    internal static async Task WriteAsync(HttpContext context, Fault fault, Form form, CancellationToken cancellation)
    {
        using var body = new PooledBuffer(int.MaxValue);
        fault.WriteTo(body);
        int status = fault.IsWellFormed && form == Form.Json ? StatusCodes.Status200OK : fault.Status;
        await SendAsync(context, status, form, body, cancellation);
    }

    /// <summary>Appends a result. False: it is too long, and nothing was appended.</summary>
    internal static bool TryWrite(GraphQLResult result, PooledBuffer into, int bytesMax)
    {
        int mark = into.Length;
        try
        {
            result.WriteTo(into);
            if (into.Length - mark <= bytesMax)
            {
                return true;
            }
        }
        catch (TextTooLongException)
        {
            // Told below, as when it is noticed only at the end.
        }

        into.CutAt(mark);
        return false;
    }

    private static int StatusOf(HttpContext context, GraphQLResult result, Form form)
    {
        if (result.Phase == GraphQLPhase.Execute)
        {
            return StatusCodes.Status200OK;
        }

        // Whoever cannot read streams cannot subscribe by POST either, so only a mutation is told to try that.
        if (result.Phase == GraphQLPhase.NotAllowed
            && HttpMethods.IsGet(context.Request.Method)
            && result.Operation != GraphQLOperations.Subscription)
        {
            context.Response.Headers.Allow = HttpMethods.Post;
            return StatusCodes.Status405MethodNotAllowed;
        }

        return form == Form.Json ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
    }

    private static async Task SendAsync(
        HttpContext context, int status, Form form, PooledBuffer body, CancellationToken cancellation)
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = form == Form.GraphQLResponse
            ? "application/graphql-response+json; charset=utf-8"
            : "application/json; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.Vary = "Accept";
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body.Written, cancellation);
    }
}
