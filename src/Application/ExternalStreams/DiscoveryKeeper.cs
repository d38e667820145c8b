using Events.Application.Contracts;
using Events.Domain.ExternalStreams;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Application.ExternalStreams;

/// <summary>Scans by itself at the interval that was set, or, before anybody did, at the configured one.</summary>
public sealed partial class DiscoveryKeeper(
    DiscoveryRule rule,
    StreamDiscovery discovery,
    IEventStore store,
    IChanges changes,
    ILog log,
    TimeProvider time,
    ILogger<DiscoveryKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private int _intervalSeconds = rule.IntervalSeconds;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>In seconds; 0 for scans on demand.</summary>
    public int IntervalSeconds => Volatile.Read(ref _intervalSeconds);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        rule.IsEnabled ? Task.WhenAll(FollowAsync(stoppingToken), ScanAsync(stoppingToken)) : Task.CompletedTask;

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        long? position = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                position ??= await LoadAsync(cancellationToken);
                await foreach (StoredFact stored in changes.FollowAsync(position.Value, cancellationToken))
                {
                    if (stored.Fact is DiscoveryIntervalSet fact)
                    {
                        Set(fact.Seconds);
                    }

                    position = stored.Position;
                }
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                LogRetry(e);
                await Task.Delay(RetryPause, time, cancellationToken);
            }
        }
    }

    private async Task<long> LoadAsync(CancellationToken cancellationToken)
    {
        long head = await log.HeadAsync(cancellationToken);
        Discovery discovered = await store.For(Caller.System("keeper", "discovery").Origin)
            .LoadAsync(Discovery.Decider, Discovery.Key, cancellationToken);
        Set(discovered.IntervalSeconds ?? rule.IntervalSeconds);
        return head;
    }

    private async Task ScanAsync(CancellationToken cancellationToken)
    {
        if (rule.ScansAtStart)
        {
            await TryScanAsync(cancellationToken);
        }

        while (true)
        {
            Task changed;
            int seconds;
            lock (_gate)
            {
                (changed, seconds) = (_changed.Task, _intervalSeconds);
            }

            using var awake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            TimeSpan pause = seconds == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);
            Task rest = Task.Delay(pause, time, awake.Token);
            bool isTime = await Task.WhenAny(rest, changed) == rest;
            await awake.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (isTime)
            {
                await TryScanAsync(cancellationToken);
            }
        }
    }

    private async Task TryScanAsync(CancellationToken cancellationToken)
    {
        try
        {
            await discovery.ScanAsync(new DiscoveryWish(Skydio: true, Generic: true, IsForced: true), cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogRetry(e);
        }
    }

    private void Set(int seconds)
    {
        lock (_gate)
        {
            if (_intervalSeconds != seconds)
            {
                _intervalSeconds = seconds;
                _changed.TrySetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    [LoggerMessage(EventId = 2701, Level = LogLevel.Warning, Message = "Discovery: trying again later")]
    private partial void LogRetry(Exception exception);
}
