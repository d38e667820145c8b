using System.Threading.Channels;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media.Live;
using Events.Media.Mp4;
using Events.Media.Reports;
using Events.Media.Storage;
using Microsoft.Extensions.Logging;

namespace Events.Media.Recordings;

/// <summary>
/// Writes one recording, from its start to its stop, over losses of the camera and of the disk. Fragments wait in a bounded
/// queue, so that a slow disk holds up nobody; one loop does all file work and posts the reports in order.
/// </summary>
internal sealed partial class RecordingWriter : IFragmentSink, IAsyncDisposable
{
    /// <summary>In bytes. Half a minute of a 16 Mbit/s camera: longer than a healthy disk ever takes.</summary>
    public const long WaitingBytesMax = 64L * 1024 * 1024;

    private const string CameraLostCode = "camera_lost";
    private const string StorageFailedCode = "storage_failed";
    private const string StorageFullCode = "storage_full";
    private const string HostStoppedCode = "host_stopped";

    private static readonly TimeSpan RetryMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(30);

    private readonly RecordingTarget _target;
    private readonly StorageFolder _storage;
    private readonly MediaOptions _options;
    private readonly ReportQueue _reports;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<Item> _items = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _writing;
    private SegmentWriter? _segment;
    private int _number;
    private long _decodeTime;
    private DateTimeOffset? _end;
    private bool _isInterrupted;
    private TimeSpan _retryPause = RetryMin;
    private long? _retryTimestamp;
    private long _waitingBytes;
    private int _overflowed;

    public RecordingWriter(
        RecordingTarget target,
        StorageFolder storage,
        MediaOptions options,
        ReportQueue reports,
        TimeProvider time,
        ILogger logger)
    {
        (_target, _storage, _options, _reports, _time, _logger) = (target, storage, options, reports, time, logger);
        (_number, _decodeTime) = (target.NextSegment, MediaTime.Of(target.Offset));
        _writing = Task.Run(WriteAllAsync);
    }

    public RecordingTarget Target => _target;

    /// <summary>Set once, when the feed has given the first key frame.</summary>
    public DateTimeOffset FirstFrameAt { get; set; }

    public void Take(Fragment fragment)
    {
        if (Interlocked.Add(ref _waitingBytes, fragment.ByteCount) > WaitingBytesMax)
        {
            // The loop reports it; a recording with a hole must begin a new file.
            Interlocked.Add(ref _waitingBytes, -fragment.ByteCount);
            Interlocked.Exchange(ref _overflowed, 1);
            return;
        }

        if (!_items.Writer.TryWrite(new Item(fragment.Hold(), default)))
        {
            fragment.Release();
        }
    }

    public void CameraLost(DateTimeOffset at) => _items.Writer.TryWrite(new Item(null, at));

    /// <summary>Writes what was taken, closes the file, and posts its report.</summary>
    /// <param name="byHost">The host stops, not the recording: that is reported too.</param>
    /// <returns>When the last picture on disk ends, UTC; null when there is none.</returns>
    public async Task<DateTimeOffset?> FinishAsync(bool byHost)
    {
        _items.Writer.TryComplete();
        await _writing;
        if (byHost && !_isInterrupted)
        {
            Interrupt(HostStoppedCode, _time.GetUtcNow());
        }

        return _end;
    }

    public async ValueTask DisposeAsync()
    {
        await FinishAsync(byHost: false);
        _segment?.Dispose();
    }

    private async Task WriteAllAsync()
    {
        await foreach (Item item in _items.Reader.ReadAllAsync())
        {
            if (item.Fragment is Fragment fragment)
            {
                Interlocked.Add(ref _waitingBytes, -fragment.ByteCount);
                Guarded(() => Write(fragment), fragment.StartedAt);
                fragment.Release();
            }
            else
            {
                Guarded(CloseSegment, item.LostAt);
                Interrupt(CameraLostCode, item.LostAt);
            }
        }

        Guarded(CloseSegment, _time.GetUtcNow());
    }

    private void Write(Fragment fragment)
    {
        if (Interlocked.Exchange(ref _overflowed, 0) == 1)
        {
            throw new IOException("The disk is too slow: pictures were left out.");
        }

        if (_segment is not null && fragment.StartsWithKey && MustCut(_segment, fragment))
        {
            CloseSegment();
        }

        if (_segment is null && !TryOpen(fragment))
        {
            return;
        }

        if (_storage.Space().IsFullFor(fragment.ByteCount))
        {
            throw new DiskFullException();
        }

        _segment!.Write(fragment, _decodeTime);
        _decodeTime += fragment.Duration;
        _end = _segment.StartedAt + MediaTime.ToSpan(_segment.Duration);
        _retryTimestamp = null;
        if (_isInterrupted)
        {
            _isInterrupted = false;
            DateTimeOffset at = _segment.StartedAt;
            _reports.Post(new Report("recording resumed", false, (listener, token) =>
                listener.RecordingResumedAsync(_target.RecordingId, at, token)));
        }
    }

    private bool MustCut(SegmentWriter segment, Fragment next) =>
        segment.Duration >= MediaTime.Of(_options.SegmentDuration) || !segment.Header.HasSameFormatAs(next.Header);

    private bool TryOpen(Fragment fragment)
    {
        bool isEarly = _retryTimestamp is long since && _time.GetElapsedTime(since) < _retryPause;
        if (!fragment.StartsWithKey || isEarly)
        {
            return false;
        }

        if (!_storage.IsThere())
        {
            throw new IOException("The storage folder has gone.");
        }

        if (_retryTimestamp is not null && !_storage.Space().IsRoomy)
        {
            throw new DiskFullException();
        }

        string folder = _storage.RecordingFolder(_target.Name);
        Folder.Make(folder);

        // A clock set back between two connections must not make footage overlap.
        DateTimeOffset startedAt = _end is DateTimeOffset end && fragment.StartedAt < end ? end : fragment.StartedAt;
        _segment = new SegmentWriter(
            StorageFolder.SegmentFile(folder, _number), _number, fragment.Header, startedAt, _target.Key);
        return true;
    }

    private void CloseSegment()
    {
        if (_segment is not SegmentWriter segment)
        {
            return;
        }

        _segment = null;
        using (segment)
        {
            if (segment.IsEmpty)
            {
                segment.Discard();
                return;
            }

            _number++; // Also when this fails: the file stays, and the next start finds it under its number.
            SegmentFile file = segment.Commit();
            _reports.Post(new Report("segment closed", false, (listener, token) =>
                listener.SegmentClosedAsync(_target.RecordingId, file, token)));
        }
    }

    /// <summary>Does file work; when the disk refuses, closes what is whole and waits for better times.</summary>
    private void Guarded(Action act, DateTimeOffset at)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_retryTimestamp is null)
            {
                LogStorage(_target.RecordingId, DiskFullException.Is(e) ? null : e, e.Message);
            }

            CloseAfterFailure();
            _retryPause = _retryTimestamp is null ? RetryMin : _retryPause * 2 < RetryMax ? _retryPause * 2 : RetryMax;
            _retryTimestamp = _time.GetTimestamp();
            Interrupt(DiskFullException.Is(e) ? StorageFullCode : StorageFailedCode, at);
        }
    }

    private void CloseAfterFailure()
    {
        try
        {
            CloseSegment();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUncommitted(_target.RecordingId, e);
        }
    }

    private void Interrupt(string why, DateTimeOffset at)
    {
        if (_isInterrupted)
        {
            return;
        }

        _isInterrupted = true;
        DateTimeOffset reportedAt = _end is DateTimeOffset end && at < end ? end : at;
        _reports.Post(new Report("recording interrupted", false, (listener, token) =>
            listener.RecordingInterruptedAsync(_target.RecordingId, why, reportedAt, token)));
    }

    [LoggerMessage(EventId = 5101, Level = LogLevel.Error, Message = "Recording {RecordingId}: the disk refuses: {Why}")]
    private partial void LogStorage(RecordingId recordingId, Exception? exception, string why);

    [LoggerMessage(EventId = 5102, Level = LogLevel.Error,
        Message = "Recording {RecordingId}: a file could not be committed; the next start finds it")]
    private partial void LogUncommitted(RecordingId recordingId, Exception exception);

    /// <param name="Fragment">Held; null for "the camera is lost".</param>
    private readonly record struct Item(Fragment? Fragment, DateTimeOffset LostAt);
}
