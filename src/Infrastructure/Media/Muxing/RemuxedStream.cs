using Events.Media.Mp4;
using Events.Media.Recordings;
using Events.Media.Storage;

namespace Events.Media.Muxing;

/// <summary>
/// A recording's segment files as one file of another kind, made while it is read: nothing of it lies on disk, and any part can
/// be had. Holds one file open, one fragment in memory, and 24 bytes for each other fragment. Not thread-safe.
/// </summary>
internal sealed class RemuxedStream : SeekableStream
{
    private readonly IMuxer _muxer;
    private readonly IReadOnlyList<FilePart> _parts;
    private readonly List<Place> _places = [];
    private readonly List<TableEntry> _entries = [];
    private readonly ReadOnlyMemory<byte> _head;
    private long _length;
    private SegmentBytes? _file;
    private int _openFile = -1;
    private ReadOnlyMemory<byte> _made;
    private int _madePlace = -1;

    /// <param name="parts">Whole segment files, up to the length that the log knows.</param>
    /// <exception cref="MalformedMediaException">A header cannot be read, or the muxer cannot hold what is in them.</exception>
    public RemuxedStream(IReadOnlyList<FilePart> parts, IMuxer muxer)
    {
        (_muxer, _parts) = (muxer, parts);
        for (int i = 0; i < parts.Count; i++)
        {
            (int number, FilePart part) = (i, parts[i]);
            using SegmentBytes file = part.Open();
            (ScannedSegment found, StreamHeader header) = SegmentScan.ReadHeader(file, part.Length);
            muxer.Begin(header, found.StartedAt);
            SegmentScan.ReadFragments(file, part.Length, found, (at, entries) =>
            {
                _places.Add(new Place(_length, at, number));
                _length += muxer.Plan(entries);
            });
        }

        _head = muxer.Head();
        _length += _head.Length;
    }

    public override long Length => _length;

    public override int Read(Span<byte> buffer)
    {
        if (Position >= Length || buffer.IsEmpty)
        {
            return 0;
        }

        ReadOnlySpan<byte> from = Position < _head.Length ? _head.Span[(int)Position..] : PartAt(Position - _head.Length);
        int count = Math.Min(buffer.Length, from.Length);
        from[..count].CopyTo(buffer);
        Position += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        _file?.Dispose();
        base.Dispose(disposing);
    }

    /// <returns>The rest of the part that <paramref name="position"/> lies in.</returns>
    private ReadOnlySpan<byte> PartAt(long position)
    {
        int low = 0;
        for (int high = _places.Count - 1; low < high;)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = _places[middle].At <= position ? (middle, high) : (low, middle - 1);
        }

        if (_madePlace != low)
        {
            _madePlace = -1;
            _made = Make(_places[low]);
            _madePlace = low;
        }

        return _made.Span[(int)(position - _places[low].At)..];
    }

    private ReadOnlyMemory<byte> Make(Place place)
    {
        if (_openFile != place.File)
        {
            _file?.Dispose();
            _openFile = -1;
            _file = _parts[place.File].Open();
            _openFile = place.File;
        }

        try
        {
            byte[] pictures = SegmentScan.ReadFragment(_file!, place.FragmentAt, _entries);
            return _muxer.Make(place.File, _entries, pictures);
        }
        catch (MalformedMediaException e)
        {
            throw new EndOfStreamException("A file of the recording became shorter.", e);
        }
    }

    /// <param name="At">Where the fragment's part begins, in bytes behind the head.</param>
    /// <param name="FragmentAt">Where the fragment begins in its file.</param>
    private readonly record struct Place(long At, long FragmentAt, int File);
}
