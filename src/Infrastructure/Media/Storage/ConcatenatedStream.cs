using Events.Application.Contracts;

namespace Events.Media.Storage;

/// <summary>Part of a segment's file.</summary>
/// <param name="Offset">In its clear bytes, as <paramref name="Length"/>.</param>
/// <param name="Key">Null for a file that is not encrypted.</param>
internal sealed record FilePart(string Path, int Number, long Offset, long Length, FootageKey? Key)
{
    /// <exception cref="FootageUnreadableException">It cannot be read with that key, or was cut off.</exception>
    public SegmentBytes Open() => SegmentBytes.Open(Path, Key, Number);
}

/// <summary>Parts of files, one behind the other, as one seekable stream. Holds one file open at a time.</summary>
internal sealed class ConcatenatedStream(IReadOnlyList<FilePart> parts) : SeekableStream
{
    private readonly long[] _starts = StartsOf(parts);
    private SegmentBytes? _file;
    private int _openPart = -1;

    public override long Length => _starts[^1];

    public override int Read(Span<byte> buffer)
    {
        int got = Locate(buffer.Length) is (SegmentBytes file, long at, int count)
            ? Checked(file.Read(buffer[..count], at), count)
            : 0;
        Position += got;
        return got;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int got = Locate(buffer.Length) is (SegmentBytes file, long at, int count)
            ? Checked(await file.ReadAsync(buffer[..count], at, cancellationToken), count)
            : 0;
        Position += got;
        return got;
    }

    protected override void Dispose(bool disposing)
    {
        _file?.Dispose();
        base.Dispose(disposing);
    }

    private static long[] StartsOf(IReadOnlyList<FilePart> parts)
    {
        long[] starts = new long[parts.Count + 1];
        for (int i = 0; i < parts.Count; i++)
        {
            starts[i + 1] = starts[i] + parts[i].Length;
        }

        return starts;
    }

    private static int Checked(int got, int wanted) =>
        got > 0 || wanted == 0 ? got : throw new EndOfStreamException("A file of the recording became shorter.");

    /// <returns>Where the next bytes are; null at the end.</returns>
    private (SegmentBytes File, long At, int Count)? Locate(int wanted)
    {
        if (Position >= Length)
        {
            return null;
        }

        int found = Array.BinarySearch(_starts, Position);
        int part = found >= 0 ? found : ~found - 1;
        while (parts[part].Length == 0)
        {
            part++;
        }

        if (part != _openPart)
        {
            _file?.Dispose();
            _openPart = -1;
            _file = parts[part].Open();
            _openPart = part;
        }

        long within = Position - _starts[part];
        return (_file!, parts[part].Offset + within, (int)Math.Min(wanted, parts[part].Length - within));
    }
}
