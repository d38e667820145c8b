using System.Security.Cryptography;
using System.Text;
using Events.GraphQL.Transports;
using Events.GraphQL.WebSockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Events.GraphQL.Http;

/// <summary>
/// GraphQL over HTTP at one path: POST and GET, event streams, sockets, and GraphiQL for browsers. Checks that cost nothing
/// come first, the body is read last.
/// </summary>
internal sealed class GraphQLEndpoint(
    GraphQLTransportOptions options,
    Operations operations,
    GraphQLTraffic traffic,
    Handshake handshake,
    IHostApplicationLifetime lifetime)
{
    internal const string SchemaFile = "schema.graphql";

    /// <summary>Any of them makes a browser ask us before another site's request reaches us.</summary>
    private static readonly string[] PreflightHeaders =
        ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name"];

    private readonly GraphiQLPage _graphiQL = new(options);
    private readonly EventStream _events = new(options, traffic, operations, lifetime.ApplicationStopping);

    internal async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await ServeAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; nobody is left to answer.
        }
        catch (IOException)
        {
            // So it has, in the middle of a write or a read.
        }
    }

    internal async Task SchemaAsync(HttpContext context)
    {
        string? text = options.SchemaText?.Invoke();
        if (text is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (await AdmitAsync(context) is { IsAccepted: false } denied)
        {
            await Answer.WriteAsync(context, Fault.Denied(denied.Reason!), Form.Json, context.RequestAborted);
            return;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        string tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes)[..8])}\"";
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (context.Request.Headers.IfNoneMatch == tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    internal Task GraphiQLFileAsync(HttpContext context) =>
        _graphiQL.WriteFileAsync(context, context.Request.RouteValues["file"] as string);

    private Task ServeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (context.WebSockets.IsWebSocketRequest)
        {
            return handshake.OpenAsync(context);
        }

        if (request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase))
        {
            return Handshake.RefuseAsync(context);
        }

        bool isGet = HttpMethods.IsGet(request.Method);
        if (!isGet && !HttpMethods.IsPost(request.Method))
        {
            context.Response.Headers.Allow = "GET, POST";
            return Answer.WriteAsync(context, Fault.MethodNotAllowed, Form.Json, context.RequestAborted);
        }

        Accepted accepted = Negotiation.Of(request, offersHtml: isGet && options.GraphiQL);
        return accepted.Best switch
        {
            Form.None => Answer.WriteAsync(context, Fault.NotAcceptable, Form.Json, context.RequestAborted),
            Form.Html => _graphiQL.WriteAsync(context),
            _ => AnswerAsync(context, accepted, isGet),
        };
    }

    private async Task AnswerAsync(HttpContext context, Accepted accepted, bool isGet)
    {
        Form faultForm = accepted.Single == Form.EventStream ? Form.Json : accepted.Single;
        Fault? fault = RefusalOf(context.Request, isGet);
        GraphQLAdmission? admission = fault is null ? await AdmitAsync(context) : null;
        if (admission is { IsAccepted: false })
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            fault = Fault.Denied(admission.Reason!);
        }

        GraphQLRequest? request = null;
        if (fault is null)
        {
            (request, fault) = isGet
                ? (QueryString.Read(context.Request.QueryString.Value, options.NestingMax, out Fault? wrong), wrong)
                : await ReadBodyAsync(context, Math.Min(options.BodyBytesMax, admission!.BodyBytesMax ?? int.MaxValue));
        }

        if (fault is not null)
        {
            await Answer.WriteAsync(context, fault, faultForm, context.RequestAborted);
            return;
        }

        GraphQLOperations allowed = GraphQLOperations.Query
            | (isGet ? 0 : GraphQLOperations.Mutation)
            | (accepted.TakesStreams ? GraphQLOperations.Subscription : 0);
        await using Operation operation = await operations.StartAsync(
            request!, new Asker(admission!.User, allowed), context.RequestAborted);
        await AnswerAsync(context, accepted, operation, admission);
    }

    private Task AnswerAsync(HttpContext context, Accepted accepted, Operation operation, GraphQLAdmission admission)
    {
        // A mutation by GET is no answer of a stream either: it is refused before there is one.
        bool isForbidden = operation.Result is { Phase: GraphQLPhase.NotAllowed };
        if (operation.IsStream || (accepted.Single == Form.EventStream && !isForbidden))
        {
            return _events.WriteAsync(context, operation, admission);
        }

        Form form = accepted.Single == Form.EventStream ? Form.Json : accepted.Single;
        return operation.Fault is { } fault
            ? Answer.WriteAsync(context, fault, form, context.RequestAborted)
            : Answer.WriteAsync(context, operation.Result!, form, options.ResultBytesMax, context.RequestAborted);
    }

    private Fault? RefusalOf(HttpRequest request, bool isGet)
    {
        // The type of a POST is one of the things that a browser asks us about first.
        if (!isGet)
        {
            return Body.IsJson(request) ? null : Fault.UnsupportedMediaType;
        }

        bool isAsked = Array.Exists(PreflightHeaders, name => !string.IsNullOrEmpty(request.Headers[name]));
        return options.RequirePreflight && !isAsked ? Fault.PreflightRequired : null;
    }

    private ValueTask<GraphQLAdmission> AdmitAsync(HttpContext context) =>
        options.OnRequestAsync is { } ask
            ? ask(context)
            : new(GraphQLAdmission.Accept(context.User.Identity is { IsAuthenticated: true } ? context.User : null));

    private async ValueTask<(GraphQLRequest? Request, Fault? Fault)> ReadBodyAsync(HttpContext context, int bytesMax)
    {
        using var body = new PooledBuffer(bytesMax);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(options.RequestTimeout);
        try
        {
            if (await Body.ReadAsync(context, body, bytesMax, limit.Token) is { } fault)
            {
                return (null, fault);
            }
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            return (null, Fault.BodyTooSlow);
        }
        catch (BadHttpRequestException bad)
        {
            return (null, new Fault("BAD_REQUEST", "The body did not come in whole.", bad.StatusCode));
        }

        ReadOnlyMemory<byte> json = JsonText.WithoutMark(body.Written);
        return JsonText.Flaw(json.Span, options.NestingMax + RequestReader.EnvelopeLevels) is { } flaw
            ? (null, Fault.BadRequest("The body " + flaw))
            : (RequestReader.Read(json.Span, options.NestingMax, out Fault? wrong), wrong);
    }
}
