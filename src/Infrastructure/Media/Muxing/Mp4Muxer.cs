using Events.Media.Mp4;

namespace Events.Media.Muxing;

/// <summary>
/// Fragmented MP4 of a recording whose format changed. One whose format did not needs no muxer. Another codec is another track,
/// which begins where that codec does: no decoder could go on within one.
/// </summary>
internal sealed class Mp4Muxer : IMuxer
{
    private readonly BoxWriter _part = new();
    private readonly FormatTracks _tracks = new();
    private DateTimeOffset? _startedAt;

    public void Begin(StreamHeader header, DateTimeOffset? startedAt)
    {
        _startedAt ??= startedAt;
        _tracks.Begin(header);
    }

    public long Plan(IReadOnlyList<TableEntry> entries)
    {
        _part.Clear();
        int pictureBytes = WriteHead(_tracks.Last, entries);
        return _part.Length + pictureBytes;
    }

    public ReadOnlyMemory<byte> Head() =>
        FileHead.Write([.. _tracks.All.Select(track => track.First.WithParameterSetsInPictures())], _startedAt);

    public ReadOnlyMemory<byte> Make(int segment, IReadOnlyList<TableEntry> entries, ReadOnlySpan<byte> pictures)
    {
        _part.Clear();
        TrackSegment inTrack = _tracks[segment];
        WriteHead(inTrack, entries);
        foreach (TableEntry entry in entries)
        {
            _part.Raw(entry.IsKey ? inTrack.Prefix : []);
            _part.Raw(pictures[..entry.Size]);
            pictures = pictures[entry.Size..];
        }

        return _part.Written;
    }

    private int WriteHead(TrackSegment segment, IReadOnlyList<TableEntry> entries) =>
        FragmentHead.Write(
            _part,
            entries.Select(entry => new Sample(
                entry.Size + (entry.IsKey ? segment.Prefix.Length : 0),
                entry.Duration,
                entry.CompositionOffset,
                entry.IsKey)),
            (uint)entries.Count,
            SequenceOf(entries),
            (long)entries[0].DecodeTime,
            (uint)segment.Number);

    /// <summary>Rises from one fragment to the next, and is the same however often it is made.</summary>
    private static uint SequenceOf(IReadOnlyList<TableEntry> entries) =>
        (uint)MediaTime.ToMilliseconds((long)entries[0].DecodeTime) + 1;
}
