using Events.Application.Contracts;
using Microsoft.Extensions.Logging;

namespace Events.Media.Reports;

/// <summary>What the listener is told next.</summary>
/// <param name="IsStatus">Of the camera, not of a recording: an older one may be left out when the queue is full.</param>
internal sealed record Report(string What, bool IsStatus, Func<IMediaListener, CancellationToken, Task> Tell);

/// <summary>
/// Tells the listener what one camera has to say: one at a time, in order, each until the listener takes it.
/// </summary>
internal sealed partial class ReportQueue : IAsyncDisposable
{
    /// <summary>
    /// In reports. An hour without the log, at a segment a minute and a loss of the camera a minute, holds about 240.
    /// </summary>
    public const int WaitingMax = 1_024;

    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(15);

    private readonly Func<IMediaListener> _listener;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _camera;
    private readonly Lock _lock = new();
    private readonly LinkedList<(long Number, Report Report)> _waiting = [];
    private readonly List<(long Number, TaskCompletionSource Done)> _flushes = [];
    private readonly SemaphoreSlim _news = new(0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _telling;
    private long _posted;
    private long _settled;

    public ReportQueue(string camera, Func<IMediaListener> listener, TimeProvider time, ILogger logger)
    {
        (_camera, _listener, _time, _logger) = (camera, listener, time, logger);
        _telling = Task.Run(() => TellAllAsync(_end.Token));
    }

    public void Post(Report report)
    {
        lock (_lock)
        {
            if (_waiting.Count >= WaitingMax && !DropOldStatus())
            {
                LogLost(_camera, report.What);
                return;
            }

            _waiting.AddLast((++_posted, report));
        }

        _news.Release();
    }

    /// <summary>Returns once everything posted so far has been taken or left out.</summary>
    public Task FlushAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_settled == _posted)
            {
                return Task.CompletedTask;
            }

            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _flushes.Add((_posted, done));
            return done.Task.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _telling;
        lock (_lock)
        {
            if (_waiting.Count > 0)
            {
                LogUntold(_camera, _waiting.Count);
            }

            _flushes.ForEach(flush => flush.Done.TrySetCanceled());
        }

        _end.Dispose();
        _news.Dispose();
    }

    private async Task TellAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _news.WaitAsync(cancellationToken);
                if (Peek() is Report report)
                {
                    await TellAsync(report, cancellationToken);
                    SettleFirst();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogStopped(_camera);
        }
    }

    private async Task TellAsync(Report report, CancellationToken cancellationToken)
    {
        for (TimeSpan pause = PauseMin; ; pause = pause * 2 < PauseMax ? pause * 2 : PauseMax)
        {
            try
            {
                await report.Tell(_listener(), cancellationToken);
                return;
            }
            catch (Exception e)
            {
                cancellationToken.ThrowIfCancellationRequested();
                LogRefused(_camera, report.What, pause.TotalSeconds, e);
            }

            await Task.Delay(pause, _time, cancellationToken);
        }
    }

    private Report? Peek()
    {
        lock (_lock)
        {
            return _waiting.First?.Value.Report;
        }
    }

    private void SettleFirst()
    {
        lock (_lock)
        {
            // The one being told is never dropped, so it is still the first.
            _waiting.RemoveFirst();
            Advance();
        }
    }

    private bool DropOldStatus()
    {
        for (LinkedListNode<(long Number, Report Report)>? node = _waiting.First?.Next; node is not null; node = node.Next)
        {
            if (node.Value.Report.IsStatus)
            {
                _waiting.Remove(node);
                Advance();
                return true;
            }
        }

        return false;
    }

    private void Advance()
    {
        _settled = _waiting.First is { } first ? first.Value.Number - 1 : _posted;
        for (int i = _flushes.Count - 1; i >= 0; i--)
        {
            if (_flushes[i].Number <= _settled)
            {
                _flushes[i].Done.TrySetResult();
                _flushes.RemoveAt(i);
            }
        }
    }

    [LoggerMessage(EventId = 5001, Level = LogLevel.Warning,
        Message = "{Camera}: the report '{What}' was not taken; again in {PauseS} s")]
    private partial void LogRefused(string camera, string what, double pauseS, Exception exception);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Error,
        Message = "{Camera}: too many reports are waiting, '{What}' is left out; the next start finds its file")]
    private partial void LogLost(string camera, string what);

    [LoggerMessage(EventId = 5003, Level = LogLevel.Error,
        Message = "{Camera}: {Count} reports were never taken; the next start finds their files")]
    private partial void LogUntold(string camera, int count);

    [LoggerMessage(EventId = 5004, Level = LogLevel.Debug, Message = "{Camera}: reports end")]
    private partial void LogStopped(string camera);
}
