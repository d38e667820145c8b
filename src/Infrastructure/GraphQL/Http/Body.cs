using System.IO.Pipelines;
using Events.GraphQL.Transports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Events.GraphQL.Http;

/// <summary>Takes the body of a POST in, within its bound, whether or not its length was announced.</summary>
internal static class Body
{
    /// <summary>Only what a form of another site cannot send without being asked about it first.</summary>
    internal static bool IsJson(HttpRequest request)
    {
        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            return false;
        }

        return MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue
                || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Reads all of it into <paramref name="into"/>.</summary>
    /// <returns>Why it cannot be taken; null when it was.</returns>
    /// <exception cref="OperationCanceledException">It took too long, or the client has gone.</exception>
    internal static async ValueTask<Fault?> ReadAsync(
        HttpContext context, PooledBuffer into, int bytesMax, CancellationToken cancellation)
    {
        // The server's own bound may be lower; ours is kept here.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
        {
            bound.MaxRequestBodySize = null;
        }

        if (context.Request.ContentLength > bytesMax)
        {
            return Refused(context, bytesMax);
        }

        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult part = await reader.ReadAsync(cancellation);
            if (into.Length + part.Buffer.Length > bytesMax)
            {
                reader.AdvanceTo(part.Buffer.End);
                return Refused(context, bytesMax);
            }

            foreach (ReadOnlyMemory<byte> piece in part.Buffer)
            {
                into.Append(piece.Span);
            }

            reader.AdvanceTo(part.Buffer.End);
            if (part.IsCompleted)
            {
                return null;
            }
        }
    }

    /// <summary>What is still to come is not read, so the connection cannot be used again.</summary>
    private static Fault Refused(HttpContext context, int bytesMax)
    {
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        return Fault.BodyTooLarge(bytesMax);
    }
}
