using System.Globalization;
using System.Text;
using Events.Media.Mp4;

namespace Events.Media.Live;

/// <summary>A finished HLS segment: fragments from one key frame to another.</summary>
internal sealed class HlsSegment(long sequence, bool isDiscontinuity, List<Fragment> fragments)
{
    private byte[]? _bytes;

    public long Sequence { get; } = sequence;

    /// <summary>The first of its connection, and not the first of all.</summary>
    public bool IsDiscontinuity { get; } = isDiscontinuity;

    public int Generation { get; } = fragments[0].Generation;

    public DateTimeOffset StartedAt { get; } = fragments[0].StartedAt;

    public long Duration { get; } = fragments.Sum(fragment => fragment.Duration);

    public int ByteCount { get; } = fragments.Sum(fragment => fragment.ByteCount);

    /// <summary>Made for the first viewer who asks, then kept as long as the segment.</summary>
    public ReadOnlyMemory<byte> ToBytes()
    {
        if (_bytes is null)
        {
            var head = new BoxWriter();
            var pieces = new List<ReadOnlyMemory<byte>>();
            using var bytes = new MemoryStream(ByteCount + 4096);
            foreach (Fragment fragment in fragments)
            {
                head.Clear();
                pieces.Clear();
                int count = FragmentHead.Write(head, fragment, fragment.Samples.Count, (uint)Sequence + 1, fragment.DecodeTime);
                fragment.AddPieces(pieces, count);
                bytes.Write(head.Written.Span);
                pieces.ForEach(piece => bytes.Write(piece.Span));
            }

            _bytes = bytes.ToArray();
        }

        return _bytes;
    }

    public void Release() => fragments.ForEach(fragment => fragment.Release());
}

/// <summary>
/// The newest seconds of a camera as HTTP Live Streaming with fragmented MP4 (RFC 8216). Not thread-safe: the feed's lock
/// guards it.
/// </summary>
internal sealed class HlsRing(MediaOptions options, TimeProvider time)
{
    /// <summary>Segments kept after they left the list, for viewers that still fetch them (RFC 8216, 6.2.2).</summary>
    private const int AfterlifeCount = 2;

    /// <summary>
    /// Segments kept for a player who may come: as many as it starts behind the newest one (RFC 8216, 6.3.3).
    /// </summary>
    private const int UnwatchedCount = 3;

    /// <summary>A player asks for the list about once per segment; so long after the last time, nobody watches.</summary>
    private static readonly TimeSpan WatchedFor = TimeSpan.FromMinutes(1);

    private readonly LinkedList<HlsSegment> _segments = [];
    private readonly Dictionary<int, StreamHeader> _headers = [];
    private List<Fragment> _open = [];
    private long _nextSequence;
    private long _discontinuitiesGone;
    private int _lastGeneration = -1;
    private long? _askedAt;
    private long _targetSeconds = Math.Max(1, (long)Math.Ceiling(options.HlsSegmentMin.TotalSeconds));

    /// <summary>Takes a finished fragment; holds it for as long as it is shown.</summary>
    public void Add(Fragment fragment)
    {
        if (_open.Count > 0 && _open[0].Generation != fragment.Generation)
        {
            Finish();
        }

        if (_open.Count == 0 && !fragment.StartsWithKey)
        {
            return;
        }

        _headers[fragment.Generation] = fragment.Header;
        _open.Add(fragment.Hold());
        if (_open.Sum(other => other.ByteCount) > options.HlsBytesMax)
        {
            _open.ForEach(other => other.Release());
            _open = [];
        }
    }

    /// <summary>A key frame came: what is open ends before it, unless it is too short yet.</summary>
    public void KeyCame()
    {
        if (_open.Sum(fragment => fragment.Duration) >= MediaTime.Of(options.HlsSegmentMin))
        {
            Finish();
        }
    }

    /// <summary>The camera is gone: what is open will not grow.</summary>
    public void Finish()
    {
        if (_open.Count == 0)
        {
            return;
        }

        var segment = new HlsSegment(
            _nextSequence++, _lastGeneration >= 0 && _lastGeneration != _open[0].Generation, _open);
        _lastGeneration = segment.Generation;
        _open = [];
        _segments.AddLast(segment);
        _targetSeconds = Math.Max(_targetSeconds, (long)Math.Round((double)segment.Duration / MediaTime.Scale));
        while (_segments.Count > 1
            && (_segments.Count > KeptCount
                || _segments.Sum(other => (long)other.ByteCount) > options.HlsBytesMax))
        {
            RemoveFirst();
        }
    }

    public void Clear()
    {
        _open.ForEach(fragment => fragment.Release());
        _open = [];
        while (_segments.Count > 0)
        {
            RemoveFirst();
        }
    }

    public HlsSegment? Find(long sequence) => _segments.FirstOrDefault(segment => segment.Sequence == sequence);

    public StreamHeader? HeaderOf(int generation) => _headers.GetValueOrDefault(generation);

    public bool IsEmpty => _segments.Count == 0;

    /// <summary>A camera nobody watches this way costs memory, and there may be many.</summary>
    private int KeptCount => _askedAt is { } at && time.GetElapsedTime(at) < WatchedFor
        ? options.HlsSegmentCount + AfterlifeCount
        : Math.Min(UnwatchedCount, options.HlsSegmentCount);

    /// <returns>Null while there is no whole segment.</returns>
    public string? ToPlaylist(string folder, string query)
    {
        _askedAt = time.GetTimestamp();
        if (_segments.Count == 0)
        {
            return null;
        }

        List<HlsSegment> shown = [.. _segments.TakeLast(options.HlsSegmentCount)];
        long discontinuities = _discontinuitiesGone
            + _segments.Take(_segments.Count - shown.Count).Count(segment => segment.IsDiscontinuity);
        var text = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.Append(culture, $"#EXT-X-TARGETDURATION:{_targetSeconds}\n#EXT-X-MEDIA-SEQUENCE:{shown[0].Sequence}\n");
        text.Append(culture, $"#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuities}\n");
        int generation = -1;
        foreach (HlsSegment segment in shown)
        {
            if (segment.IsDiscontinuity)
            {
                text.Append("#EXT-X-DISCONTINUITY\n");
            }

            if (segment.Generation != generation)
            {
                generation = segment.Generation;
                text.Append(culture, $"#EXT-X-MAP:URI=\"{folder}header-{generation}.mp4{query}\"\n");
            }

            text.Append(culture, $"#EXT-X-PROGRAM-DATE-TIME:{segment.StartedAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\n");
            text.Append(culture, $"#EXTINF:{(double)segment.Duration / MediaTime.Scale:F5},\n");
            text.Append(culture, $"{folder}segment-{segment.Sequence}.m4s{query}\n");
        }

        return text.ToString();
    }

    private void RemoveFirst()
    {
        HlsSegment first = _segments.First!.Value;
        _segments.RemoveFirst();
        _discontinuitiesGone += first.IsDiscontinuity ? 1 : 0;
        first.Release();
        int oldest = _segments.First?.Value.Generation ?? int.MaxValue;
        foreach (int gone in _headers.Keys.Where(generation => generation < oldest && IsOpen(generation) is false).ToList())
        {
            _headers.Remove(gone);
        }
    }

    private bool IsOpen(int generation) => _open.Count > 0 && _open[0].Generation == generation;
}
