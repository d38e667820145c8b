using Events.Media.Mp4;

namespace Events.Media.Muxing;

/// <summary>Matroska (RFC 9559): a cluster for each fragment, with a simple block for each picture.</summary>
internal sealed class MatroskaMuxer : IMuxer
{
    /// <summary>Players seek to the nearest of these.</summary>
    private const long CueEveryMs = 2_000;

    private const uint ClusterId = 0x1f43b675;
    private const uint TimestampId = 0xe7;
    private const uint SimpleBlockId = 0xa3;
    private const byte TrackMark = 0x80;
    private const byte KeyFlag = 0x80;

    /// <summary>In bytes: identifier, length and value of the cluster's time.</summary>
    private const int TimestampBytes = 1 + 4 + 8;

    /// <summary>In bytes: identifier and length of the cluster, and its time.</summary>
    private const int ClusterHeadBytes = 4 + 4 + TimestampBytes;

    /// <summary>In bytes: track, time and flags of a block.</summary>
    private const int BlockFieldsBytes = 1 + 2 + 1;

    /// <summary>In bytes, before each picture: identifier and length, then the fields.</summary>
    private const int BlockHeadBytes = 1 + 4 + BlockFieldsBytes;

    private static readonly DateTimeOffset Epoch = new(2001, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FormatTracks _tracks = new();
    private readonly List<Cue> _cues = [];
    private readonly EbmlWriter _cluster = new();
    private DateTimeOffset? _startedAt;
    private long _length;
    private long _endMs;

    public void Begin(StreamHeader header, DateTimeOffset? startedAt)
    {
        _startedAt ??= startedAt;
        _tracks.Begin(header);
    }

    public long Plan(IReadOnlyList<TableEntry> entries)
    {
        (int track, byte[] prefix) = _tracks.Last;
        long timeMs = MediaTime.ToMilliseconds((long)entries[0].DecodeTime);
        if (entries[0].IsKey && (_cues.Count == 0 || timeMs >= _cues[^1].TimeMs + CueEveryMs))
        {
            _cues.Add(new Cue(timeMs, track, _length));
        }

        _endMs = MediaTime.ToMilliseconds((long)(entries[^1].DecodeTime + entries[^1].Duration));
        long size = SizeOf(entries, prefix);
        _length += size;
        return size;
    }

    public ReadOnlyMemory<byte> Head()
    {
        // Numbers take the same room whatever they say: once to see how long it becomes, once with what that leads to.
        EbmlWriter to = new();
        int content = WriteHead(to, _cues, 0, 0);
        int clustersAt = to.Length - content;
        to.Clear();
        WriteHead(to, _cues, clustersAt + _length, clustersAt);
        return to.Written;
    }

    public ReadOnlyMemory<byte> Make(int segment, IReadOnlyList<TableEntry> entries, ReadOnlySpan<byte> pictures)
    {
        (int track, byte[] prefix) = _tracks[segment];
        long timeMs = MediaTime.ToMilliseconds((long)entries[0].DecodeTime);
        _cluster.Clear();
        _cluster.Head(ClusterId, (int)SizeOf(entries, prefix) - ClusterHeadBytes + TimestampBytes);
        _cluster.Number(TimestampId, timeMs);
        foreach (TableEntry entry in entries)
        {
            ReadOnlySpan<byte> before = entry.IsKey ? prefix : [];
            long shownMs = MediaTime.ToMilliseconds((long)entry.DecodeTime + entry.CompositionOffset);
            _cluster.Head(SimpleBlockId, BlockFieldsBytes + before.Length + entry.Size);
            _cluster.Raw([(byte)(TrackMark | track)]);

            // A fragment has at most 2 s; a picture that a broken source shows far from the others is shown as near as may be.
            _cluster.U16((ushort)(short)Math.Clamp(shownMs - timeMs, short.MinValue, short.MaxValue));
            _cluster.Raw([entry.IsKey ? KeyFlag : (byte)0]);
            _cluster.Raw(before);
            _cluster.Raw(pictures[..entry.Size]);
            pictures = pictures[entry.Size..];
        }

        return _cluster.Written;
    }

    private static long SizeOf(IReadOnlyList<TableEntry> entries, byte[] prefix)
    {
        long size = ClusterHeadBytes;
        foreach (TableEntry entry in entries)
        {
            size += BlockHeadBytes + entry.Size + (entry.IsKey ? prefix.Length : 0);
        }

        return size;
    }

    /// <returns>Where the segment's content begins.</returns>
    private int WriteHead(EbmlWriter to, List<Cue> cues, long segmentLength, long clustersAt)
    {
        int ebml = to.Open(0x1a45dfa3);
        to.Number(0x4286, 1); // EBMLVersion
        to.Number(0x42f7, 1); // EBMLReadVersion
        to.Number(0x42f2, 4); // EBMLMaxIDLength
        to.Number(0x42f3, 8); // EBMLMaxSizeLength
        to.Text(0x4282, "matroska");
        to.Number(0x4287, 4); // DocTypeVersion
        to.Number(0x4285, 2); // DocTypeReadVersion
        to.Close(ebml);
        to.LargeHead(0x18538067, segmentLength);
        int content = to.Length;

        int info = to.Open(0x1549a966);
        to.Number(0x2ad7b1, 1_000_000); // TimestampScale: milliseconds
        to.Real(0x4489, _endMs); // Duration
        if (_startedAt is { } startedAt)
        {
            to.Number(0x4461, (startedAt - Epoch).Ticks * 100); // DateUTC, in nanoseconds
        }

        to.Text(0x4d80, "Events"); // MuxingApp
        to.Text(0x5741, "Events"); // WritingApp
        to.Close(info);
        WriteTracks(to);

        int all = to.Open(0x1c53bb6b); // Cues
        foreach (Cue cue in cues)
        {
            int point = to.Open(0xbb);
            to.Number(0xb3, cue.TimeMs);
            int place = to.Open(0xb7);
            to.Number(0xf7, cue.Track);
            to.Number(0xf1, clustersAt + cue.At);
            to.Close(place);
            to.Close(point);
        }

        to.Close(all);
        return content;
    }

    private void WriteTracks(EbmlWriter to)
    {
        int tracks = to.Open(0x1654ae6b);
        for (int i = 0; i < _tracks.All.Count; i++)
        {
            StreamHeader header = _tracks.All[i].First;
            bool isHevc = header.Codec == "h265";
            int entry = to.Open(0xae);
            to.Number(0xd7, i + 1); // TrackNumber
            to.Number(0x73c5, i + 1); // TrackUID
            to.Number(0x83, 1); // TrackType: video
            to.Number(0x9c, 0); // FlagLacing
            to.Text(0x86, isHevc ? "V_MPEGH/ISO/HEVC" : "V_MPEG4/ISO/AVC");
            to.Bytes(0x63a2, BoxCursor.Find(header.SampleEntryBoxes, isHevc ? Box.HvcC : Box.AvcC));
            int video = to.Open(0xe0);
            to.Number(0xb0, header.Width);
            to.Number(0xba, header.Height);
            to.Close(video);
            to.Close(entry);
        }

        to.Close(tracks);
    }

    /// <param name="At">Where its cluster begins, in bytes behind the head.</param>
    private readonly record struct Cue(long TimeMs, int Track, long At);
}
