using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media.Ingest;
using Events.Media.Live;
using Events.Media.Recordings;
using Events.Media.Reports;
using Events.Media.Storage;
using Microsoft.Extensions.Logging;

namespace Events.Media;

/// <summary>What every camera needs of the engine.</summary>
internal sealed record CameraSurroundings(
    MediaOptions Options,
    StorageFolder Storage,
    IChildProcesses Processes,
    Func<IMediaListener> Listener,
    TimeProvider Time,
    ILogger Logger);

/// <summary>One watched camera: its feed, the loop that takes it in, and its recording.</summary>
internal sealed class CameraSession : IDisposable
{
    private readonly CameraSurroundings _around;
    private readonly SemaphoreSlim _turn = new(1);
    private CancellationTokenSource _ingestEnd = new();
    private CameraIngest _ingest;
    private Task _ingesting;
    private RecordingWriter? _recording;
    private Task<Jpeg?>? _jpeg;
    private DateTimeOffset _jpegAt;

    public CameraSession(CameraTarget target, CameraSurroundings around)
    {
        (Target, _around) = (target, around);
        Reports = new ReportQueue(target.Number.ToString(), around.Listener, around.Time, around.Logger);
        Feed = new CameraFeed(target.CameraId, around.Options, Reports, around.Time);
        (_ingest, _ingesting) = StartIngest();
    }

    public CameraTarget Target { get; private set; }

    public CameraFeed Feed { get; }

    public ReportQueue Reports { get; }

    public RecordingId? Recording => Volatile.Read(ref _recording)?.Target.RecordingId;

    public string? LastTrouble => _ingest.LastTrouble;

    public IngestProcess? Process => _ingest.Process;

    /// <summary>A device of this machine came or went; whether it was this camera's, it sees for itself.</summary>
    public void DeviceChanged() => _ingest.Device.Notice();

    public void Dispose()
    {
        _ingestEnd.Dispose();
        _turn.Dispose();
    }

    /// <summary>Connects anew if the target is another one.</summary>
    public async Task RetargetAsync(CameraTarget target, CancellationToken cancellationToken)
    {
        using Turn turn = await Turn.TakeAsync(_turn, cancellationToken);
        if (target == Target)
        {
            return;
        }

        await StopIngestAsync();
        Feed.Lost("The camera's source was changed.", isReported: true);
        Target = target;
        _ingestEnd.Dispose();
        _ingestEnd = new CancellationTokenSource();
        (_ingest, _ingesting) = StartIngest();
    }

    public async Task<MediaStart> StartAsync(RecordingTarget target, CancellationToken cancellationToken)
    {
        using Turn turn = await Turn.TakeAsync(_turn, cancellationToken);
        if (_recording is RecordingWriter running)
        {
            return running.Target.RecordingId == target.RecordingId
                ? new MediaStart.Running(running.FirstFrameAt)
                : new MediaStart.Unreachable("Another recording of this camera is running.");
        }

        var writer = new RecordingWriter(
            target, _around.Storage, _around.Options, Reports, _around.Time, _around.Logger);
        using var limit = new CancellationTokenSource(_around.Options.FirstFrameTimeout, _around.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            for (; ; )
            {
                Task nextKey = Feed.NextKey();
                if (Feed.TryAttach(writer) is DateTimeOffset firstFrameAt)
                {
                    writer.FirstFrameAt = firstFrameAt;
                    Volatile.Write(ref _recording, writer);
                    return new MediaStart.Running(firstFrameAt);
                }

                await nextKey.WaitAsync(both.Token);
            }
        }
        catch (OperationCanceledException)
        {
            await writer.FinishAsync(byHost: false);
            cancellationToken.ThrowIfCancellationRequested();
            return new MediaStart.Unreachable(LastTrouble ?? "The camera showed no picture in time.");
        }
    }

    /// <returns>When the last picture on disk ends; null when that recording does not run here, or nothing is on disk.</returns>
    public async Task<DateTimeOffset?> StopAsync(RecordingId? recordingId, bool byHost, CancellationToken cancellationToken)
    {
        DateTimeOffset? end = null;

        // Not the caller's token: the file is closed whether or not the caller still waits. A start holds its turn at most 10 s.
        using (await Turn.TakeAsync(_turn, CancellationToken.None))
        {
            if (_recording is RecordingWriter running
                && (recordingId is null || running.Target.RecordingId == recordingId))
            {
                Feed.Detach(running);
                end = await running.FinishAsync(byHost);
                Volatile.Write(ref _recording, null);
            }
        }

        await Reports.FlushAsync(cancellationToken);
        return end;
    }

    /// <summary>Stops taking the camera in; the feed gives its memory back.</summary>
    /// <param name="why">Reported when the camera was connected; null reports nothing.</param>
    public async Task EndAsync(string? why)
    {
        await StopIngestAsync();
        Feed.Lost(why ?? string.Empty, isReported: why is not null);
        Feed.Clear();
    }

    /// <returns>The newest key frame as a JPEG, made once for all who ask; null when there is none.</returns>
    public async Task<(Jpeg Jpeg, DateTimeOffset CapturedAt)?> JpegAsync(JpegMaker maker, CancellationToken cancellationToken)
    {
        if (Feed.NewestKeyFrame() is not KeyFrame key)
        {
            return null;
        }

        Task<Jpeg?> making;
        try
        {
            lock (Feed)
            {
                bool hasFailed = _jpeg is { IsFaulted: true } or { IsCompletedSuccessfully: true, Result: null };
                if (_jpeg is null || _jpegAt != key.ArrivedAt || hasFailed)
                {
                    byte[] file = Feed.ToFile(key);

                    // Shared with others, so that one caller's leaving must not end it; the maker has a limit of its own.
                    _jpeg = maker.MakeAsync(file, CancellationToken.None);
                    _jpegAt = key.ArrivedAt;
                }

                making = _jpeg;
            }
        }
        finally
        {
            key.Fragment.Release();
        }

        return await making.WaitAsync(cancellationToken) is Jpeg jpeg ? (jpeg, key.ArrivedAt) : null;
    }

    private (CameraIngest Ingest, Task Running) StartIngest()
    {
        var ingest = new CameraIngest(Target, Feed, _around.Options, _around.Processes, _around.Time, _around.Logger);
        CancellationToken end = _ingestEnd.Token;
        return (ingest, Task.Run(() => ingest.RunAsync(end), CancellationToken.None));
    }

    private async Task StopIngestAsync()
    {
        await _ingestEnd.CancelAsync();
        await _ingesting;
    }

    /// <summary>Held while a recording starts or stops, so that the two never overlap.</summary>
    private readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        public static async Task<Turn> TakeAsync(SemaphoreSlim turn, CancellationToken cancellationToken)
        {
            await turn.WaitAsync(cancellationToken);
            return new Turn(turn);
        }

        public void Dispose() => turn.Release();
    }
}
