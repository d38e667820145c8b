using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media.Ingest;
using Events.Media.Mp4;
using Events.Media.Reports;

namespace Events.Media.Live;

/// <summary>Takes a camera's fragments: a recording.</summary>
internal interface IFragmentSink
{
    /// <summary>Must not block. Holds the fragment if it keeps it.</summary>
    void Take(Fragment fragment);

    void CameraLost(DateTimeOffset at);
}

/// <summary>A key frame with what decodes it. Release it after use.</summary>
internal sealed record KeyFrame(Fragment Fragment, DateTimeOffset ArrivedAt);

/// <summary>
/// One camera's pictures inside the host: builds fragments from single pictures, keeps the present group of pictures, and
/// hands each fragment on once to the recording and to HLS, and each picture at once to live viewers. Pictures come in on the
/// reading thread; everything else may come from any thread. One lock guards it all and is never held over I/O.
/// </summary>
internal sealed class CameraFeed(CameraId cameraId, MediaOptions options, ReportQueue reports, TimeProvider time) : ISampleSink
{
    /// <summary>In ticks: 2 s. What is in an unfinished fragment is lost when the host is killed.</summary>
    public const long FragmentDurationMax = 2L * MediaTime.Scale;

    /// <summary>In bytes. A second of 4K video at 60 Mbit/s; bounds what one fragment holds in memory.</summary>
    public const int FragmentBytesMax = 8 * 1024 * 1024;

    /// <summary>
    /// In bytes, of the kept group of pictures. When a camera's groups are larger, recordings wait for the next key.
    /// </summary>
    public const int GroupBytesMax = 32 * 1024 * 1024;

    /// <summary>In pictures: a minute at 30 per second.</summary>
    public const int GroupSamplesMax = 1_800;

    private readonly Lock _lock = new();
    private readonly ArrivalClock _clock = new(time);
    private readonly HlsRing _hls = new(options, time);
    private readonly RateMeter _rate = new();
    private readonly List<Fragment> _group = [];
    private Fragment? _open;
    private StreamHeader? _header;
    private IFragmentSink? _sink;

    /// <summary>Null without viewers, so that they cost one comparison per picture.</summary>
    private List<ViewerQueue>? _viewers;
    private TaskCompletionSource _nextKey = NewSignal();
    private bool _isConnected;
    private bool _isCleared;
    private int _generation;
    private DateTimeOffset? _lastFrameAt;
    private long _framesIn;
    private long _bytesIn;
    private long _lastSampleTimestamp;

    /// <summary>What the source could send, too; null when nobody can say. Set before a connection begins.</summary>
    public CameraModes? Modes { get; set; }

    /// <summary>By the steady clock, for the watchdog; 0 before the connection's first picture.</summary>
    public long LastSampleTimestamp => Interlocked.Read(ref _lastSampleTimestamp);

    public void TakeHeader(StreamHeader header)
    {
        lock (_lock)
        {
            _header = header;
            _generation++;
            _clock.Restart();
            _rate.Restart();
        }
    }

    public void TakeSample(in SampleInfo sample, ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            DateTimeOffset now = _clock.Now();
            Interlocked.Exchange(ref _lastSampleTimestamp, time.GetTimestamp());
            _lastFrameAt = now;
            _framesIn++;
            _bytesIn += data.Length;
            _rate.Add(sample.Duration, data.Length);
            Place(sample, data, now);
            if (sample.IsKey)
            {
                Announce(now);
            }
        }
    }

    /// <summary>The connection's pictures end here. Reports the loss if the camera had been there.</summary>
    public void Lost(string why, bool isReported)
    {
        lock (_lock)
        {
            Interlocked.Exchange(ref _lastSampleTimestamp, 0);
            DateTimeOffset now = _clock.Now();
            Seal();
            _hls.Finish();
            DropGroup();
            if (!_isConnected)
            {
                return;
            }

            _isConnected = false;
            _sink?.CameraLost(now);
            if (isReported)
            {
                reports.Post(new Report("camera disconnected", true, (listener, token) =>
                    listener.CameraDisconnectedAsync(cameraId, why, now, token)));
            }
        }
    }

    /// <summary>From now on the sink takes every fragment, beginning with the key frame of the present group.</summary>
    /// <returns>When that key frame arrived; null when there is none now: nothing is attached then.</returns>
    public DateTimeOffset? TryAttach(IFragmentSink sink)
    {
        lock (_lock)
        {
            Fragment? first = _group.Count > 0 ? _group[0] : _open;
            if (first is not { StartsWithKey: true } || first.Samples.Count == 0)
            {
                return null;
            }

            _sink = sink;
            _group.ForEach(sink.Take);
            return first.StartedAt;
        }
    }

    /// <summary>Gives the sink everything received so far, then no more.</summary>
    public void Detach(IFragmentSink sink)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_sink, sink))
            {
                Seal();
                _sink = null;
            }
        }
    }

    /// <summary>
    /// From now on the viewer gets every picture, beginning with the present group of pictures, if there is one.
    /// </summary>
    public void Attach(ViewerQueue viewer)
    {
        lock (_lock)
        {
            if (_isCleared)
            {
                viewer.End();
                return;
            }

            (_viewers ??= []).Add(viewer);
            viewer.Begin(_group.Append(_open).OfType<Fragment>().SelectMany(AccessUnit.AllOf));
        }
    }

    public void Detach(ViewerQueue viewer)
    {
        lock (_lock)
        {
            _viewers?.Remove(viewer);
            _viewers = _viewers is { Count: > 0 } ? _viewers : null;
        }
    }

    /// <returns>What the camera sends now; null while it shows nothing.</returns>
    public StreamHeader? PresentHeader()
    {
        lock (_lock)
        {
            return _isConnected ? _header : null;
        }
    }

    /// <summary>Completes at the next key frame.</summary>
    public Task NextKey()
    {
        lock (_lock)
        {
            return _nextKey.Task;
        }
    }

    /// <returns>Null while there is nothing to show.</returns>
    public KeyFrame? NewestKeyFrame()
    {
        lock (_lock)
        {
            Fragment? first = _group.Count > 0 ? _group[0] : _open;
            return first is { StartsWithKey: true } && first.Samples.Count > 0
                ? new KeyFrame(first.Hold(), first.StartedAt)
                : null;
        }
    }

    public CameraSignal ToSignal(RecordingId? recording)
    {
        lock (_lock)
        {
            long bitsPerSecond = _isConnected ? _rate.BitsPerSecond : 0;
            return new CameraSignal(_isConnected, Format(), _lastFrameAt, _framesIn, _bytesIn, recording, bitsPerSecond);
        }
    }

    /// <summary>Reads the HLS ring under the lock.</summary>
    public TResult WithHls<TResult>(Func<HlsRing, TResult> read)
    {
        lock (_lock)
        {
            return read(_hls);
        }
    }

    /// <summary>Makes an MP4 of a key frame alone.</summary>
    public byte[] ToFile(KeyFrame key)
    {
        lock (_lock)
        {
            var head = new BoxWriter();
            var pieces = new List<ReadOnlyMemory<byte>>();
            head.Raw(FileHead.Write(key.Fragment.Header, null));
            int count = FragmentHead.Write(head, key.Fragment, 1, 1, 0);
            key.Fragment.AddPieces(pieces, count);
            byte[] file = new byte[head.Length + count];
            head.Written.CopyTo(file);
            int at = head.Length;
            foreach (ReadOnlyMemory<byte> piece in pieces)
            {
                piece.CopyTo(file.AsMemory(at));
                at += piece.Length;
            }

            return file;
        }
    }

    /// <summary>Gives all memory back. Nothing may come in afterwards.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _open?.Release();
            _open = null;
            DropGroup();
            _hls.Clear();
            _isCleared = true;
            _viewers?.ForEach(viewer => viewer.End());
            _viewers = null;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Place(in SampleInfo sample, ReadOnlySpan<byte> data, DateTimeOffset now)
    {
        if (sample.IsKey)
        {
            Seal();
            _hls.KeyCame();
            DropGroup();
        }
        else if (_open is null && _group.Count == 0 && _sink is null && _viewers is null)
        {
            return; // Nothing can be decoded before a key frame, or the group was too large to keep.
        }
        else if (_open is not null && IsFull(_open, sample, data.Length))
        {
            Seal();
        }

        _open ??= new Fragment(_header!, _generation, sample.IsKey, sample.DecodeTime, now);
        _open.Add(sample, data);
        Show(_open);
    }

    private void Show(Fragment fragment)
    {
        if (_viewers is null)
        {
            return;
        }

        var unit = AccessUnit.Newest(fragment);
        foreach (ViewerQueue viewer in _viewers)
        {
            viewer.Offer(unit);
        }
    }

    private static bool IsFull(Fragment open, in SampleInfo next, int nextBytes) =>
        open.Duration + next.Duration > FragmentDurationMax || open.ByteCount + nextBytes > FragmentBytesMax;

    private void Seal()
    {
        if (_open is not Fragment sealedOne)
        {
            return;
        }

        _open = null;
        _hls.Add(sealedOne);
        _sink?.Take(sealedOne);
        _group.Add(sealedOne);
        if (_group.Sum(fragment => (long)fragment.ByteCount) > GroupBytesMax
            || _group.Sum(fragment => fragment.Samples.Count) > GroupSamplesMax)
        {
            DropGroup();
        }
    }

    private void DropGroup()
    {
        _group.ForEach(fragment => fragment.Release());
        _group.Clear();
    }

    private void Announce(DateTimeOffset now)
    {
        if (!_isConnected)
        {
            _isConnected = true;
            VideoFormat format = Format()!;
            reports.Post(new Report("camera connected", true, (listener, token) =>
                listener.CameraConnectedAsync(cameraId, format, now, token)));
        }

        TaskCompletionSource seen = _nextKey;
        _nextKey = NewSignal();
        seen.SetResult();
    }

    private VideoFormat? Format() =>
        _header is null ? null : new VideoFormat(_header.Codec, _header.Width, _header.Height, _rate.PerSecond, Modes);
}
