namespace Events.Host.Security;

/// <summary>
/// What browsers are told, and asked, whatever the address: headers that keep pages apart, and the rule of origins. A page of
/// another origin that is not in the settings reads nothing and changes nothing. Programs send no origin; they are not concerned.
/// </summary>
internal sealed class WebGuard(IReadOnlyList<string> allowedOrigins)
{
    private const string Methods = "GET, HEAD, POST";
    private const string Headers =
        "Authorization, Content-Type, X-API-Key, Range, Accept, Apollo-Require-Preflight, GraphQL-Require-Preflight, "
        + "X-Requested-With";

    private const string Exposed = "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Retry-After";

    /// <summary>In seconds. Browsers ask again after it.</summary>
    private const string PreflightSeconds = "600";

    /// <summary>In seconds: a year.</summary>
    private const string TransportSecurity = "max-age=31536000";

    public Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary told = context.Response.Headers;
        told.XContentTypeOptions = "nosniff";
        told.XFrameOptions = "SAMEORIGIN";
        told["Referrer-Policy"] = "no-referrer";
        told["Cross-Origin-Opener-Policy"] = "same-origin";
        told["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
        if (context.Request.IsHttps)
        {
            told.StrictTransportSecurity = TransportSecurity;
        }

        string origin = context.Request.Headers.Origin.ToString();
        return origin.Length == 0 || IsOwn(origin, context.Request) ? next(context) : OtherOriginAsync(context, origin, next);
    }

    private static bool IsOwn(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && page.Authority == request.Host.Value;

    private Task OtherOriginAsync(HttpContext context, string origin, RequestDelegate next)
    {
        IHeaderDictionary told = context.Response.Headers;

        // At the very end: what answers may vary by something else, too, and says so with a header of its own.
        context.Response.OnStarting(() =>
        {
            told.Append("Vary", "Origin");
            return Task.CompletedTask;
        });
        bool isAllowed = allowedOrigins.Contains(origin);
        bool isPreflight = HttpMethods.IsOptions(context.Request.Method)
            && context.Request.Headers.AccessControlRequestMethod.Count > 0;
        if (isAllowed)
        {
            told.AccessControlAllowOrigin = origin;
            told.AccessControlExposeHeaders = Exposed;
            if (isPreflight)
            {
                told.AccessControlAllowMethods = Methods;
                told.AccessControlAllowHeaders = Headers;
                told.AccessControlMaxAge = PreflightSeconds;
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return Task.CompletedTask;
            }
        }

        // What only reads is answered: the browser keeps the answer from the page. Sockets ask for origins themselves.
        return isAllowed || HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
            ? next(context)
            : Results.Problem("This origin is not allowed (setting Security.AllowedOrigins).", statusCode: 403)
                .ExecuteAsync(context);
    }
}
