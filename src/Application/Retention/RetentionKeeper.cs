using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Kernel;
using Events.Domain.Retention;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Application.Retention;

/// <summary>How the keeper works.</summary>
/// <param name="MeasurePause">Between two looks at how full the disk is.</param>
/// <param name="CleanupPause">Between two cleanups when nothing calls for one earlier.</param>
/// <param name="FirstPolicy">Set once, when nobody has set a policy yet; null for none.</param>
public sealed record RetentionOptions(TimeSpan MeasurePause, TimeSpan CleanupPause, SetRetentionPolicy? FirstPolicy = null);

/// <summary>
/// Holds the footage to the policy, and tells when the disk fills up or is free again. Runs at intervals, and at once when a
/// policy was set or the disk's level changed. Every pass goes by the log and its views alone, so it may run at any time and
/// again.
/// </summary>
public sealed partial class RetentionKeeper(
    IChanges changes,
    ILog log,
    IEventStore store,
    FootageCheck check,
    FootageRemoval removal,
    StorageWatch storage,
    FileCleaner cleaner,
    RetentionOptions options,
    TimeProvider time,
    ILogger<RetentionKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A policy that no whole cleanup followed yet.</summary>
    private StoredFact? _policySet;

    /// <summary>The newest level in the log; null before the first look.</summary>
    private StorageLevel? _told;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // It looks at the files as they are: none may go meanwhile.
        await check.Done.WaitAsync(stoppingToken);
        long position = await UntilDoneAsync(() => log.HeadAsync(stoppingToken), stoppingToken);
        await UntilDoneAsync(() => SetFirstPolicyAsync(stoppingToken), stoppingToken);
        await Task.WhenAll(FollowAsync(position, stoppingToken), PassAsync(stoppingToken));
    }

    /// <summary>Once somebody has set one, by whichever way, what stands in a file of settings counts no more.</summary>
    /// <returns>Whether it was set.</returns>
    private async Task<bool> SetFirstPolicyAsync(CancellationToken cancellationToken)
    {
        IStreams streams = store.For(Caller.System("keeper", RetentionPolicy.Key).Origin);
        if (options.FirstPolicy is not { } first
            || await streams.LoadAsync(RetentionPolicy.Decider, RetentionPolicy.Key, cancellationToken)
                is not RetentionPolicy.Unset)
        {
            return false;
        }

        await streams.TransactAsync(RetentionPolicy.Decider, RetentionPolicy.Key, first, cancellationToken);
        return true;
    }

    private async Task FollowAsync(long position, CancellationToken cancellationToken)
    {
        await foreach (StoredFact stored in changes.FollowAsync(position, cancellationToken))
        {
            if (stored.Fact is RetentionPolicySet)
            {
                Volatile.Write(ref _policySet, stored);
                Volatile.Read(ref _called).TrySetResult();
            }
        }
    }

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        bool isDue = true;
        long cleanedAt = 0;
        while (true)
        {
            bool hasChanged = await UntilDoneAsync(() => MeasureAsync(cancellationToken), cancellationToken);
            if (isDue || hasChanged || time.GetElapsedTime(cleanedAt) >= options.CleanupPause)
            {
                StoredFact? cause = Volatile.Read(ref _policySet);
                isDue = await UntilDoneAsync(() => CleanAsync(cause, cancellationToken), cancellationToken);
                cleanedAt = time.GetTimestamp();
                if (!isDue)
                {
                    Interlocked.CompareExchange(ref _policySet, null, cause);
                }
            }

            isDue = isDue || await IsCalledAsync(cancellationToken);
        }
    }

    /// <returns>Whether the disk's level is another than it was.</returns>
    private async Task<bool> MeasureAsync(CancellationToken cancellationToken)
    {
        StorageReading reading = storage.Look();
        if (reading.Level == _told)
        {
            return false;
        }

        var told = await store.For(Caller.System("keeper", Storage.Key).Origin).TransactAsync(
            Storage.Decider,
            Storage.Key,
            new ReportStorageUse(storage.Rule, reading.Usage.TotalBytes, reading.Usage.AvailableBytes),
            cancellationToken);
        _told = told.State.Level;
        storage.Recall(told.State.Level);
        if (told.Position == 0)
        {
            return false;
        }

        LogLevelChanged(told.State.Level, reading.Usage.UsedPercent);
        return true;
    }

    /// <param name="cause">The policy that it is the first cleanup after; null for none.</param>
    /// <returns>Whether there is more to do at once.</returns>
    private async Task<bool> CleanAsync(StoredFact? cause, CancellationToken cancellationToken)
    {
        CleanupId id = CleanupId.New();
        IStreams streams = store.For(
            (Caller.System("keeper", id.ToString()) with { CausationId = cause?.Id.ToString("d") }).Origin);
        RetentionPolicy policy = await streams.LoadAsync(RetentionPolicy.Decider, RetentionPolicy.Key, cancellationToken);
        if (policy.LimitsFor(isByHand: false) is not { } limits)
        {
            await removal.FinishAsync(cancellationToken);
            return false;
        }

        CleanupOutcome outcome = await cleaner.RunAsync(limits, streams, cancellationToken);
        if (outcome.FilesDeleted == 0)
        {
            return false;
        }

        // Files are gone: that is written down also while the host stops.
        await streams.TransactAsync(
            Cleanup.Decider,
            id.ToString(),
            new FinishCleanup(id, CleanupTrigger.Scheduled, outcome),
            CancellationToken.None);
        LogCleaned(outcome.RecordingsDeleted, outcome.SnapshotsDeleted, outcome.BytesFreed);
        return outcome.FilesDeleted == FileCleaner.FilesMax;
    }

    /// <summary>Rests until it is called, or for one pause.</summary>
    private async Task<bool> IsCalledAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _called.Task.WaitAsync(options.MeasurePause, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return false;
        }

        Volatile.Write(ref _called, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return true;
    }

    private async Task<T> UntilDoneAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await work();
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                LogRetry(e);
                await Task.Delay(RetryPause, time, cancellationToken);
            }
        }
    }

    [LoggerMessage(EventId = 2421, Level = LogLevel.Warning, Message = "Retention: trying again in a second")]
    private partial void LogRetry(Exception exception);

    [LoggerMessage(EventId = 2422, Level = LogLevel.Warning,
        Message = "Storage is {Level} now: the disk is {UsedPercent:0.0} % full")]
    private partial void LogLevelChanged(StorageLevel level, double usedPercent);

    [LoggerMessage(EventId = 2423, Level = LogLevel.Information,
        Message = "Cleaned up: {Recordings} recordings and {Snapshots} snapshots deleted, {Bytes} bytes freed")]
    private partial void LogCleaned(int recordings, int snapshots, long bytes);
}
