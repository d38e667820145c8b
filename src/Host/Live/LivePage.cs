using Microsoft.Net.Http.Headers;

namespace Events.Host.Live;

/// <summary>
/// The page that plays one camera. It is the same for every camera and carries nothing of it; what it plays it asks for with its
/// own address. Nothing may run or be loaded that is not ours, and the address, which opens the camera, is told to nobody.
/// </summary>
internal static class LivePage
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

    public static IResult For(HttpContext context)
    {
        if (!TakesHtml(context.Request))
        {
            return Results.Problem("Here are a page for browsers and a WebSocket for it.", statusCode: 406);
        }

        context.Response.Headers.ContentSecurityPolicy = Policy;
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        return Results.Stream(Open("player.html"), "text/html; charset=utf-8");
    }

    public static IResult Script() => Results.Stream(Open("player.js"), "text/javascript; charset=utf-8");

    public static IResult Style() => Results.Stream(Open("player.css"), "text/css; charset=utf-8");

    private static bool TakesHtml(HttpRequest request) =>
        request.Headers.Accept.Count == 0
        || request.GetTypedHeaders().Accept.Any(type =>
            new MediaTypeHeaderValue("text/html").IsSubsetOf(new MediaTypeHeaderValue(type.MediaType)));

    private static Stream Open(string name) => typeof(LivePage).Assembly.GetManifestResourceStream(name)!;
}
