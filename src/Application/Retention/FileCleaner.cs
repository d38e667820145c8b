using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Application.Snapshots;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Microsoft.Extensions.Logging;

namespace Events.Application.Retention;

/// <summary>
/// Deletes what the limits and the disk say is due, the oldest first, by the same handlers as a person's deletion: so nothing
/// under legal hold, nothing that is being written, and never a file before its fact. One run at a time.
/// </summary>
public sealed partial class FileCleaner(
    ILog log,
    IReadModels views,
    StorageWatch storage,
    FootageRemoval removal,
    DeleteRecordingHandler recordings,
    DeleteSnapshotHandler snapshots,
    TimeProvider time,
    ILogger<FileCleaner> logger)
    : IDisposable
{
    /// <summary>
    /// Files that one run deletes. At 7 ms each, as measured, it ends well before a caller's patience of 30 s does.
    /// </summary>
    public const int FilesMax = 500;

    private readonly SemaphoreSlim _turn = new(1, 1);

    public void Dispose() => _turn.Dispose();

    /// <summary>
    /// Deletes at most <see cref="FilesMax"/> files. When the caller goes away it leaves off behind a whole file.
    /// </summary>
    /// <exception cref="DependencyUnavailableException">
    /// The log, its views or the storage folder is away. What was deleted until then stays so; repeating is safe.
    /// </exception>
    public async Task<CleanupOutcome> RunAsync(CleanupLimits limits, IStreams streams, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            CleanupOutcome outcome = new(0, 0, 0, IsComplete: false);
            if (!await removal.FinishAsync(cancellationToken))
            {
                // A disk that lets no file go must not get one deletion after the other on record.
                return outcome;
            }

            CleanupRule rule = await RuleAsync(limits, cancellationToken);
            var due = await views.ListAsync(
                FootageViewProjection.View, FootageView.Deletable with { Limit = FilesMax }, cancellationToken);
            foreach (FootageView file in due.Rows)
            {
                if (rule.ReasonFor(file.EndedAt!.Value, time.GetUtcNow()) is not { } reason)
                {
                    return outcome with { IsComplete = true };
                }

                if (cancellationToken.IsCancellationRequested)
                {
                    return outcome;
                }

                // A whole file: whoever leaves now, leaves behind it.
                CommandResult result = await DeleteAsync(file, reason, streams);
                if (result.Failure is not null)
                {
                    return outcome;
                }

                if (result is { Refusal: null, Position: > 0 })
                {
                    LogDeleted(file.Name, reason, file.Bytes);
                    rule = rule.Without(file.Bytes);
                    outcome = Count(outcome, file);
                }
            }

            return outcome with { IsComplete = due.Rows.Count == due.Total };
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Measured against views that know every deletion so far; else the next run would count gone files again.</summary>
    private async Task<CleanupRule> RuleAsync(CleanupLimits limits, CancellationToken cancellationToken)
    {
        long head = await log.HeadAsync(cancellationToken);
        if (!await views.WaitForAsync(head, CommandBus.VisibilityTimeout, cancellationToken)
            && !await IsFootageAtAsync(head, cancellationToken))
        {
            throw new DependencyUnavailableException("projections", "The views lag behind the log. Try again shortly.");
        }

        long footage = await SumAsync("is_held", false, cancellationToken);
        long deletable = await SumAsync("is_deletable", true, cancellationToken);
        (StorageUsage usage, StorageLevel level) = storage.Look();
        return new CleanupRule(
            limits,
            footage,
            storage.Rule.MissingBytes(level, usage.TotalBytes, usage.AvailableBytes, deletable));
    }

    /// <summary>That another view stands still must not let the disk fill up.</summary>
    private async Task<bool> IsFootageAtAsync(long position, CancellationToken cancellationToken) =>
        (await views.StatusAsync(cancellationToken)).Any(view =>
            view.Name == FootageViewProjection.View.Name && view.Fault is null && view.Position >= position);

    private Task<long> SumAsync(string flag, bool value, CancellationToken cancellationToken) =>
        views.SumAsync(
            FootageViewProjection.View, "bytes", [new ViewFilter(flag, ViewOperator.Equal, value)], cancellationToken);

    private Task<CommandResult> DeleteAsync(FootageView file, string reason, IStreams streams) =>
        file.Kind switch
        {
            FootageKind.Recording => recordings.HandleAsync(
                new DeleteRecording(new RecordingId(file.Id), reason), streams, CancellationToken.None),
            FootageKind.Snapshot => snapshots.HandleAsync(
                new DeleteSnapshot(new SnapshotId(file.Id), reason), streams, CancellationToken.None),
            _ => throw new InvalidOperationException($"Unknown kind of file: {file.Kind}."),
        };

    private static CleanupOutcome Count(CleanupOutcome outcome, FootageView file) =>
        outcome with
        {
            RecordingsDeleted = outcome.RecordingsDeleted + (file.Kind is FootageKind.Recording ? 1 : 0),
            SnapshotsDeleted = outcome.SnapshotsDeleted + (file.Kind is FootageKind.Snapshot ? 1 : 0),
            BytesFreed = outcome.BytesFreed + file.Bytes,
        };

    [LoggerMessage(EventId = 2411, Level = LogLevel.Information, Message = "{Name} was deleted: {Reason}, {Bytes} bytes")]
    private partial void LogDeleted(string name, string reason, long bytes);
}
