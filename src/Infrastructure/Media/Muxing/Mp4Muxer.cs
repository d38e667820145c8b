using Events.Media.Mp4;

namespace Events.Media.Muxing;

/// <summary>Fragmented MP4 of a recording whose format changed. One whose format did not needs no muxer.</summary>
internal sealed class Mp4Muxer : IMuxer
{
    private readonly BoxWriter _part = new();
    private readonly List<byte[]> _prefixes = [];
    private FormatTrack? _track;
    private DateTimeOffset? _startedAt;

    public void Begin(StreamHeader header, DateTimeOffset? startedAt)
    {
        _track ??= new FormatTrack(header);
        _startedAt ??= startedAt;
        if (!_track.CanHold(header))
        {
            throw new MalformedMediaException("The recording has pictures of two codecs.");
        }

        _prefixes.Add(_track.PrefixFor(header));
    }

    public long Plan(IReadOnlyList<TableEntry> entries)
    {
        _part.Clear();
        int pictureBytes = WriteHead(_prefixes.Count - 1, entries);
        return _part.Length + pictureBytes;
    }

    public ReadOnlyMemory<byte> Head() => FileHead.Write(_track!.First.WithParameterSetsInPictures(), _startedAt);

    public ReadOnlyMemory<byte> Make(int segment, IReadOnlyList<TableEntry> entries, ReadOnlySpan<byte> pictures)
    {
        _part.Clear();
        WriteHead(segment, entries);
        foreach (TableEntry entry in entries)
        {
            _part.Raw(entry.IsKey ? _prefixes[segment] : []);
            _part.Raw(pictures[..entry.Size]);
            pictures = pictures[entry.Size..];
        }

        return _part.Written;
    }

    private int WriteHead(int segment, IReadOnlyList<TableEntry> entries) =>
        FragmentHead.Write(
            _part,
            entries.Select(entry => new Sample(
                entry.Size + (entry.IsKey ? _prefixes[segment].Length : 0),
                entry.Duration,
                entry.CompositionOffset,
                entry.IsKey)),
            (uint)entries.Count,
            SequenceOf(entries),
            (long)entries[0].DecodeTime);

    /// <summary>Rises from one fragment to the next, and is the same however often it is made.</summary>
    private static uint SequenceOf(IReadOnlyList<TableEntry> entries) =>
        (uint)MediaTime.ToMilliseconds((long)entries[0].DecodeTime) + 1;
}
