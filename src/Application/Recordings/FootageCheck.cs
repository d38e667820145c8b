using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Application.Snapshots;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Microsoft.Extensions.Logging;

namespace Events.Application.Recordings;

/// <summary>What a start found when it held the files against the log.</summary>
/// <param name="Recovered">Segments that were on disk, but not in the log, and are now.</param>
/// <param name="WithoutFile">Files that the log knows and the disk does not have.</param>
/// <param name="WithoutFact">Files that the log does not know. They are left alone.</param>
public sealed record FootageFindings(int Recovered, IReadOnlyList<string> WithoutFile, IReadOnlyList<string> WithoutFact);

/// <summary>
/// After a start: brings files and facts together again. Open recordings get what a crash left on disk, and are marked
/// interrupted; deletions that broke off are finished; what fits nothing is reported, never removed.
/// </summary>
public sealed partial class FootageCheck(
    IFootage footage,
    IFootageKeys keys,
    FootageRemoval removal,
    IReadModels views,
    IEventStore store,
    ILogger<FootageCheck> logger)
{
    /// <summary>Findings named one by one; more are counted. Bounds the answer and the log.</summary>
    private const int NamedCountMax = 100;

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Null before the first check has ended.</summary>
    public FootageFindings? Findings { get; private set; }

    /// <summary>Completes when the first check has ended.</summary>
    public Task Done => _done.Task;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        HashSet<string> strayFolders = [.. footage.ListRecordings()];
        HashSet<string> straySnapshots = [.. footage.ListSnapshots()];
        List<string> withoutFile = [];
        int recovered = 0;

        await foreach (RecordingView recording in AllAsync(RecordingViewProjection.View, cancellationToken))
        {
            bool isOnDisk = strayFolders.Remove(recording.Name);
            if (recording.ShreddedAt is not null)
            {
                // A crash may have come between the fact and the end of the key, or somebody put the row back.
                await keys.DestroyAsync(recording.Id, cancellationToken);
            }

            if (recording.IsOpen)
            {
                recovered += await RecoverAsync(recording, withoutFile, cancellationToken);
            }
            else if (recording.Status is RecordingStatus.Deleted && isOnDisk)
            {
                await removal.RemoveRecordingAsync(recording.Name);
            }
            else if (recording is { Status: not RecordingStatus.Deleted, SegmentCount: > 0 } && !isOnDisk)
            {
                withoutFile.Add($"recordings/{recording.Name}");
            }
        }

        await foreach (SnapshotView snapshot in AllAsync(SnapshotViewProjection.View, cancellationToken))
        {
            // Where no picture came of it, the name may be another one's, whose file this is.
            bool isOnDisk = snapshot.Status is not SnapshotStatus.Failed && straySnapshots.Remove(snapshot.FileName);
            if (snapshot.ShreddedAt is not null)
            {
                // As for a recording.
                await keys.DestroyAsync(snapshot.Id, cancellationToken);
            }

            if (snapshot.Status is SnapshotStatus.Deleted && isOnDisk)
            {
                await removal.RemoveSnapshotAsync(snapshot.FileName);
            }
            else if (snapshot.Status is SnapshotStatus.Taken && !isOnDisk)
            {
                withoutFile.Add($"snapshots/{snapshot.FileName}");
            }
        }

        string[] withoutFact =
            [.. strayFolders.Select(name => $"recordings/{name}"), .. straySnapshots.Select(name => $"snapshots/{name}")];
        Report(new FootageFindings(recovered, withoutFile, withoutFact));
    }

    private async Task<int> RecoverAsync(RecordingView view, List<string> withoutFile, CancellationToken cancellationToken)
    {
        IStreams streams = store.For(Caller.System("keeper", view.Id.ToString()).Origin);
        string key = view.Id.ToString();
        List<int> committed = [];
        await foreach (SegmentView segment in SegmentsAsync(view.Id, cancellationToken))
        {
            committed.Add(segment.Number);
        }

        List<int> missing = [];
        FootageKey? footageKey = await KeyOfAsync(view, cancellationToken);
        var found = await footage.RecoverAsync(view.Name, committed, missing, footageKey, cancellationToken);
        withoutFile.AddRange(missing.Select(number => $"recordings/{view.Name}/{number:d6}.mp4"));
        foreach (SegmentFile file in found)
        {
            await streams.TransactAsync(
                Recording.Decider, key, MediaReports.SegmentOf(view.Id, file) as RecordingCommand, cancellationToken);
            LogRecovered(view.Name, file.Number, file.FrameCount);
        }

        if (view.Status is RecordingStatus.Requested && found.Count > 0)
        {
            await streams.TransactAsync(
                Recording.Decider,
                key,
                new ConfirmRecordingStarted(view.Id, found[0].StartedAt) as RecordingCommand,
                cancellationToken);
        }

        await streams.TransactAsync(
            Recording.Decider,
            key,
            new ReportRecordingInterrupted(view.Id, "host_stopped") as RecordingCommand,
            cancellationToken);
        return found.Count;
    }

    /// <returns>Null also for one that does not open: the check of all other files goes on.</returns>
    private async Task<FootageKey?> KeyOfAsync(RecordingView view, CancellationToken cancellationToken)
    {
        try
        {
            return await keys.FindAsync(view.Id, cancellationToken);
        }
        catch (FootageUnreadableException e)
        {
            LogKeyUnreadable(view.Name, e.Message);
            return null;
        }
    }

    private async IAsyncEnumerable<SegmentView> SegmentsAsync(
        RecordingId id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int offset = 0; ; offset += ViewQuery.LimitMax)
        {
            var page = await views.ListAsync(SegmentViewProjection.View, SegmentView.Of(id, offset), cancellationToken);
            foreach (SegmentView segment in page.Rows)
            {
                yield return segment;
            }

            if (offset + page.Rows.Count >= page.Total)
            {
                yield break;
            }
        }
    }

    private async IAsyncEnumerable<TRow> AllAsync<TRow>(
        View<TRow> view, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        where TRow : class
    {
        for (int offset = 0; ; offset += ViewQuery.LimitMax)
        {
            var page = await views.ListAsync(view, ViewQuery.All with { Offset = offset }, cancellationToken);
            foreach (TRow row in page.Rows)
            {
                yield return row;
            }

            if (offset + page.Rows.Count >= page.Total)
            {
                yield break;
            }
        }
    }

    private void Report(FootageFindings findings)
    {
        Findings = findings;
        foreach (string path in findings.WithoutFile.Take(NamedCountMax))
        {
            LogWithoutFile(path);
        }

        foreach (string path in findings.WithoutFact.Take(NamedCountMax))
        {
            LogWithoutFact(path);
        }

        LogDone(findings.Recovered, findings.WithoutFile.Count, findings.WithoutFact.Count);
        _done.TrySetResult();
    }

    [LoggerMessage(EventId = 2301, Level = LogLevel.Information,
        Message = "Recording {Name}: segment {Number} with {Frames} frames was on disk and is in the log now")]
    private partial void LogRecovered(string name, int number, int frames);

    [LoggerMessage(EventId = 2305, Level = LogLevel.Error, Message = "Recording {Name}: {Why}")]
    private partial void LogKeyUnreadable(string name, string why);

    [LoggerMessage(EventId = 2302, Level = LogLevel.Error, Message = "{Path} is in the log, but not on disk")]
    private partial void LogWithoutFile(string path);

    [LoggerMessage(EventId = 2303, Level = LogLevel.Warning, Message = "{Path} is on disk, but not in the log; it is left alone")]
    private partial void LogWithoutFact(string path);

    [LoggerMessage(EventId = 2304, Level = LogLevel.Information,
        Message = "Files and facts compared: {Recovered} segments recovered, {WithoutFile} facts without file, "
            + "{WithoutFact} files without fact")]
    private partial void LogDone(int recovered, int withoutFile, int withoutFact);
}
