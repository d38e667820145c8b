using System.Collections.Concurrent;
using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media.Devices;
using Events.Media.Live;
using Events.Media.Mp4;
using Events.Media.Recordings;
using Events.Media.Storage;
using Microsoft.Extensions.Logging;

namespace Events.Media;

/// <summary>The embedded engine: one ffmpeg per camera, everything else in this process.</summary>
internal sealed partial class MediaEngine : IMediaControl, ILiveOutput, IAsyncDisposable
{
    /// <summary>How long an engine that is disposed without having been drained still tries to tell its reports.</summary>
    private static readonly TimeSpan DisposeGrace = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<CameraId, CameraSession> _cameras = new();
    private readonly Lock _roster = new();
    private readonly CameraSurroundings _around;
    private readonly JpegMaker _jpegs;
    private readonly ILogger<MediaEngine> _logger;
    private DeviceWatch? _devices;
    private bool _isDrained;

    public MediaEngine(
        MediaOptions options,
        StorageFolder storage,
        IChildProcesses processes,
        Func<IMediaListener> listener,
        TimeProvider time,
        ILogger<MediaEngine> logger)
    {
        _around = new CameraSurroundings(options, storage, processes, listener, time, logger);
        _jpegs = new JpegMaker(options, processes, time);
        _logger = logger;
    }

    public Task WatchAsync(CameraTarget target, CancellationToken cancellationToken)
    {
        lock (_roster)
        {
            ObjectDisposedException.ThrowIf(_isDrained, this);
            if (SourceDevice.IsDevice(target.Source))
            {
                // Only where there is a camera on this machine: a watch costs one of few that an account may have.
                _devices ??= new DeviceWatch(_around.Options.DeviceFolder, LookAtDevices, _logger);
            }

            if (_cameras.TryGetValue(target.CameraId, out CameraSession? camera))
            {
                return camera.RetargetAsync(target, cancellationToken);
            }

            _cameras[target.CameraId] = new CameraSession(target, _around);
        }

        string name = target.Number.ToString();
        LogWatched(name, target.Source.Scheme);
        return Task.CompletedTask;
    }

    public async Task ForgetAsync(CameraId cameraId, CancellationToken cancellationToken)
    {
        if (_cameras.TryRemove(cameraId, out CameraSession? camera))
        {
            // Even when the listener takes nothing any more, the file must be closed and the program ended.
            Task stopping = camera.StopAsync(null, byHost: false, cancellationToken);
            await stopping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await EndAsync(camera, null, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public CameraSignal? SignalOf(CameraId cameraId) =>
        _cameras.TryGetValue(cameraId, out CameraSession? camera)
            ? camera.Feed.ToSignal(camera.Recording) with { Process = camera.Process }
            : null;

    public Task<MediaStart> StartAsync(RecordingTarget target, CancellationToken cancellationToken)
    {
        _ = _around.Storage.RecordingFolder(target.Name); // A bad name is the caller's fault, and it should see it at once.
        return _cameras.TryGetValue(target.CameraId, out CameraSession? camera)
            ? camera.StartAsync(target, cancellationToken)
            : Task.FromResult<MediaStart>(new MediaStart.Unreachable("The camera is not watched."));
    }

    public async Task<DateTimeOffset?> StopAsync(RecordingId recordingId, CancellationToken cancellationToken)
    {
        CameraSession? camera = _cameras.Values.FirstOrDefault(camera => camera.Recording == recordingId);
        return camera is null ? null : await camera.StopAsync(recordingId, byHost: false, cancellationToken);
    }

    public async Task<MediaSnapshot> TakeSnapshotAsync(
        CameraId cameraId, string fileName, FootageKey? key, CancellationToken cancellationToken)
    {
        string path = _around.Storage.SnapshotFile(fileName);
        if (!_cameras.TryGetValue(cameraId, out CameraSession? camera))
        {
            return new MediaSnapshot.Failed("The camera is not watched.");
        }

        try
        {
            return await camera.JpegAsync(_jpegs, cancellationToken) is (Jpeg jpeg, DateTimeOffset capturedAt)
                ? Write(path, jpeg, capturedAt, key)
                : new MediaSnapshot.Failed(camera.LastTrouble ?? "The camera shows no picture.");
        }
        catch (DependencyUnavailableException e)
        {
            return new MediaSnapshot.Failed(e.Message, e.Dependency);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            bool isFull = DiskFullException.Is(e);
            LogSnapshotFailed(camera.Target.Number.ToString(), isFull ? null : e, e.Message);
            return new MediaSnapshot.Failed(isFull ? "The disk is full." : "The disk does not take the picture.", "storage");
        }
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        List<CameraSession> cameras;
        lock (_roster)
        {
            _isDrained = true;
            cameras = [.. _cameras.Values];
            _cameras.Clear();
        }

        await Task.WhenAll(cameras.Select(camera => DrainAsync(camera, cancellationToken)));
    }

    public ILiveViewer? Watch(CameraId cameraId) =>
        FeedOf(cameraId) is CameraFeed feed ? new FragmentViewer(feed, _around.Time) : null;

    /// <returns>Null for a camera that is not watched.</returns>
    public CameraFeed? FeedOf(CameraId cameraId) =>
        _cameras.TryGetValue(cameraId, out CameraSession? camera) ? camera.Feed : null;

    public bool HasHls(CameraId cameraId) => FeedOf(cameraId) is CameraFeed feed && feed.WithHls(hls => !hls.IsEmpty);

    public async Task<string?> HlsPlaylistAsync(
        CameraId cameraId, string folder, string query, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_around.Options.FirstFrameTimeout, _around.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        for (; ; )
        {
            CameraFeed? feed = FeedOf(cameraId);
            Task? nextKey = feed?.PresentHeader() is not null ? feed.NextKey() : null;
            string? playlist = feed?.WithHls(hls => hls.ToPlaylist(folder, query));
            if (playlist is not null || nextKey is null)
            {
                return playlist;
            }

            try
            {
                await nextKey.WaitAsync(both.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return null;
            }
        }
    }

    public ReadOnlyMemory<byte>? HlsHeaderOf(CameraId cameraId, int generation) =>
        _cameras.TryGetValue(cameraId, out CameraSession? camera)
        && camera.Feed.WithHls(hls => hls.HeaderOf(generation)) is StreamHeader header
            ? FileHead.Write(header, null)
            : default(ReadOnlyMemory<byte>?);

    public ReadOnlyMemory<byte>? HlsSegmentOf(CameraId cameraId, long sequence) =>
        _cameras.TryGetValue(cameraId, out CameraSession? camera)
            ? camera.Feed.WithHls(hls => hls.Find(sequence)?.ToBytes())
            : default(ReadOnlyMemory<byte>?);

    public async Task<ReadOnlyMemory<byte>?> JpegOfAsync(CameraId cameraId, CancellationToken cancellationToken) =>
        _cameras.TryGetValue(cameraId, out CameraSession? camera)
        && await camera.JpegAsync(_jpegs, cancellationToken) is (Jpeg jpeg, _)
            ? jpeg.Bytes
            : default(ReadOnlyMemory<byte>?);

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(DisposeGrace, _around.Time);
        await DrainAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _devices?.Dispose();
        _jpegs.Dispose();
    }

    private void LookAtDevices()
    {
        foreach (CameraSession camera in _cameras.Values)
        {
            camera.DeviceChanged();
        }
    }

    private static async Task DrainAsync(CameraSession camera, CancellationToken cancellationToken)
    {
        Task stopping = camera.StopAsync(null, byHost: true, cancellationToken);
        await stopping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await EndAsync(camera, "The host stops.", cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static async Task EndAsync(CameraSession camera, string? why, CancellationToken cancellationToken)
    {
        await camera.EndAsync(why);
        await camera.Reports.FlushAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await camera.Reports.DisposeAsync();
        camera.Dispose();
    }

    private static MediaSnapshot.Taken Write(string path, Jpeg jpeg, DateTimeOffset capturedAt, FootageKey? key)
    {
        string folder = Path.GetDirectoryName(path)!;

        // Not made from the name, which may be as long as the file system allows.
        string temporary = Path.Combine(folder, $".{Guid.CreateVersion7():n}.tmp");
        string? storedHash;
        try
        {
            using (var file = SegmentOutput.Create(temporary, key, FootageKey.SnapshotNumber))
            {
                file.Append([jpeg.Bytes]);
                storedHash = file.Finish();
            }

            File.Move(temporary, path, overwrite: true);
            Folder.Sync(folder);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        string hash = Convert.ToHexStringLower(SHA256.HashData(jpeg.Bytes.Span));
        return new MediaSnapshot.Taken(jpeg.Bytes.Length, hash, jpeg.Width, jpeg.Height, capturedAt, storedHash);
    }

    [LoggerMessage(EventId = 5401, Level = LogLevel.Information, Message = "{Camera}: taken in from now on ({Scheme})")]
    private partial void LogWatched(string camera, string scheme);

    [LoggerMessage(EventId = 5402, Level = LogLevel.Error, Message = "{Camera}: the snapshot could not be written: {Why}")]
    private partial void LogSnapshotFailed(string camera, Exception? exception, string why);
}
