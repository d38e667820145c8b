using Events.Application.Contracts;
using Events.Domain.Access;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Application.Access;

/// <summary>Tells the log who came in, who did not, and who looked at what; soon, but not one by one.</summary>
public sealed partial class AccessKeeper(
    AccessTimes times, AccessLedger ledger, IEventStore store, TimeProvider time, ILogger<AccessKeeper> logger)
    : BackgroundService
{
    /// <summary>Between two batches.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>A last batch must not hold up an end for longer.</summary>
    private static readonly TimeSpan LastMax = TimeSpan.FromSeconds(5);

    private IReadOnlyList<AccessEvent> _untold = [];
    private DateTimeOffset _through;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LastMax);
        while (await TellAsync(isAll: true, limit.Token))
        {
            // A batch is bounded; the rest comes next.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await ledger.NewsAsync().WaitAsync(stoppingToken);
            await TellAsync(isAll: false, stoppingToken);
            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    /// <summary>What cannot be told now is told with the next batch, as it was taken: nothing is counted twice.</summary>
    /// <returns>Whether there was something, and it is in the log.</returns>
    private async Task<bool> TellAsync(bool isAll, CancellationToken cancellationToken)
    {
        if (_untold.Count == 0)
        {
            _untold = ledger.Take(isAll);
            _through = time.GetUtcNow() > _through ? time.GetUtcNow() : _through.AddTicks(10);
        }

        if (_untold.Count == 0)
        {
            return false;
        }

        try
        {
            await store.For(Caller.System("keeper", times.Node).Origin).TransactAsync(
                AccessLog.Decider, AccessLog.KeyOf(times.Node, _through), new RecordAccess(_untold, _through), cancellationToken);
            _untold = [];
            return true;
        }
        catch (Exception e) when (e is DependencyUnavailableException or TimeoutException)
        {
            LogLater(e);
            return false;
        }
        catch (OperationCanceledException)
        {
            return false; // The host ends, and the log is slower than it.
        }
    }

    [LoggerMessage(EventId = 2951, Level = LogLevel.Warning, Message = "Accesses: they are written down later")]
    private partial void LogLater(Exception exception);
}
