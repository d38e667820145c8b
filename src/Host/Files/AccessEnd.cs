namespace Events.Host.Files;

/// <summary>
/// Cuts a response off once the access that it was begun with is over, however slowly it is read: a key that was revoked hands
/// out no more, and neither does a session or a link. The bytes do not pass through it, so it costs a download nothing.
/// </summary>
internal sealed partial class AccessEnd : IDisposable
{
    /// <summary>What is good for longer needs no timer: no response lasts so long, and timers have a maximum.</summary>
    private static readonly TimeSpan TimerMax = TimeSpan.FromDays(30);

    private readonly HttpContext _context;
    private readonly PathString _path;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource? _timer;
    private readonly CancellationTokenRegistration _onEnded;
    private readonly CancellationTokenRegistration _onTime;

    private AccessEnd(HttpContext context, DateTimeOffset until, TimeProvider time, ILogger logger, CancellationToken ended)
    {
        (_context, _path, _logger) = (context, context.Request.Path, logger);
        TimeSpan left = until - time.GetUtcNow();
        if (left < TimerMax)
        {
            _timer = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
            _onTime = _timer.Token.UnsafeRegister(static own => ((AccessEnd)own!).Cut(), this);
        }

        _onEnded = ended.UnsafeRegister(static own => ((AccessEnd)own!).Cut(), this);
    }

    /// <summary>Until the response has ended.</summary>
    /// <param name="ended">Cancelled when the access ends before its time.</param>
    public static void Watch(
        HttpContext context, DateTimeOffset until, TimeProvider time, ILogger logger, CancellationToken ended) =>
        context.Response.RegisterForDispose(new AccessEnd(context, until, time, logger, ended));

    /// <summary>Waits for a cut that has begun: the server uses the context again for the connection's next request.</summary>
    public void Dispose()
    {
        _onEnded.Dispose();
        _onTime.Dispose();
        _timer?.Dispose();
    }

    private void Cut()
    {
        LogCutOff(_logger, _path, "The key, session or token behind it is good no longer.");
        _context.Abort();
    }

    [LoggerMessage(2972, LogLevel.Information, "The download of {Path} was cut off: {Why}")]
    private static partial void LogCutOff(ILogger logger, PathString path, string why);
}
