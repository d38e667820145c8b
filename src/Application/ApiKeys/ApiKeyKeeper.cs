using Events.Application.Contracts;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Application.ApiKeys;

/// <param name="ReportPause">Time between two reports of how keys were used.</param>
/// <param name="Node">This host, as reports name it.</param>
public sealed record ApiKeyTimes(TimeSpan ReportPause, string Node);

/// <summary>
/// Keeps the ring of keys as the log says, on each node, and tells the log what was used, and what has expired.
/// </summary>
public sealed partial class ApiKeyKeeper(
    ApiKeyTimes times,
    ApiKeyRing ring,
    CommandBus bus,
    RowsAndFacts past,
    ICommits commits,
    ILog log,
    TimeProvider time,
    ILogger<ApiKeyKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>A last report must not hold up an end for longer.</summary>
    private static readonly TimeSpan LastReportMax = TimeSpan.FromSeconds(5);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LastReportMax);
        await TryReportAsync(limit.Token);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(FollowAsync(stoppingToken), ReportAsync(stoppingToken));

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        long? position = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                position ??= await LoadAsync(cancellationToken);
                await foreach (StoredFact stored in commits.FollowAsync(position.Value, cancellationToken))
                {
                    Take(stored);
                    position = stored.Position;
                    ring.Reach(stored.Position);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                LogRetry(e);
                await Task.Delay(RetryPause, time, cancellationToken);
            }
        }
    }

    /// <summary>The fact itself counts: the view may stand still, be built anew, or have been told to pass over it.</summary>
    private void Take(StoredFact stored)
    {
        if (stored.Fact is ApiKeyEvent fact and not ApiKeyUsed)
        {
            ring.Take(new Recorded<ApiKeyEvent>(fact, stored.Position, stored.Version));
        }
    }

    private void PutUnlessOver(ApiKeyView row)
    {
        if (row.Status is ApiKeyStatus.Active or ApiKeyStatus.Suspended)
        {
            ring.Put(row);
        }
    }

    private async Task<long> LoadAsync(CancellationToken cancellationToken)
    {
        long head = await log.HeadAsync(cancellationToken);
        long rows = await past.WaitAsync(ApiKeyViewProjection.View, head, cancellationToken);

        // All of them: a list of those that are good would pass over one when others end between two of its pages.
        await past.EachRowAsync(ApiKeyViewProjection.View, [], PutUnlessOver, cancellationToken);
        await past.EachFactAsync(
            ApiKeyViewProjection.View, rows, head, static type => type != typeof(ApiKeyUsed), Take, cancellationToken);
        ring.Reach(head);
        return head;
    }

    private async Task ReportAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(times.ReportPause, time, cancellationToken);
            await TryReportAsync(cancellationToken);
        }
    }

    /// <summary>What cannot be told now is lost: a count of uses is no reason to hold anything up.</summary>
    private async Task TryReportAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach ((ApiKeyId id, ApiKeyUse.Counted use) in ring.TakeUse())
            {
                await SendAsync(
                    new ReportApiKeyUse(id, times.Node, use.Count, use.FirstAt, use.LastAt), cancellationToken);
            }

            foreach (ApiKeyId id in ring.Due(time.GetUtcNow()))
            {
                await SendAsync(new ExpireApiKey(id), cancellationToken);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogLost(e);
        }
        catch (OperationCanceledException)
        {
            // The host ends, and the log is slower than it.
        }
    }

    private Task<CommandResult> SendAsync(ApiKeyCommand command, CancellationToken cancellationToken) =>
        bus.SendAsync(command, Caller.System("keeper", command.KeyId.ToString()), cancellationToken);

    [LoggerMessage(EventId = 2801, Level = LogLevel.Warning, Message = "Keys: following the log again in a second")]
    private partial void LogRetry(Exception exception);

    [LoggerMessage(EventId = 2802, Level = LogLevel.Warning, Message = "Keys: their use could not be written down")]
    private partial void LogLost(Exception exception);
}
