using Events.Application.Contracts;
using Events.Host.Control;
using Events.Host.Security;

namespace Events.Host;

/// <summary>
/// What no address answers by itself: something that we need is away (503), a request that cannot be read (400, 413), or
/// an account that asks too often (429). All in words, and none is a failure of this program.
/// </summary>
internal static partial class HttpBoundary
{
    public static async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (DependencyUnavailableException away) when (!context.Response.HasStarted)
        {
            context.Response.Headers.RetryAfter = "1";
            await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, $"dependency.{away.Dependency}", away.Message);
        }
        catch (TooManyRequestsException often) when (!context.Response.HasStarted)
        {
            await AddressGuard.RefuseAsync(context, often.Wait, often.Message);
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, bad.StatusCode, "request.bad", bad.Message);
        }
        catch (FootageUnreadableException unreadable) when (context.Response.HasStarted)
        {
            // In the middle of a download: its end must not look like the file's.
            ILoggerFactory logs = context.RequestServices.GetRequiredService<ILoggerFactory>();
            LogCutOff(logs.CreateLogger(typeof(HttpBoundary)), context.Request.Path, unreadable.Message);
            context.Abort();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Whoever asked has gone.
            context.Abort();
        }
    }

    [LoggerMessage(2971, LogLevel.Warning, "The download of {Path} was cut off: {Why}")]
    private static partial void LogCutOff(ILogger logger, PathString path, string why);

    private static Task AnswerAsync(HttpContext context, int status, string code, string message) =>
        (context.Request.Path.StartsWithSegments("/control", StringComparison.Ordinal)
            ? Results.Json(new ControlProblem(code, message), ControlJson.Default.ControlProblem, statusCode: status)
            : Results.Problem(message, statusCode: status)).ExecuteAsync(context);
}
