using System.Buffers;
using System.Buffers.Binary;

namespace Events.Media.Mp4;

/// <summary>One picture as it arrives; times in ticks of <see cref="MediaTime"/>.</summary>
internal readonly record struct SampleInfo(long DecodeTime, uint Duration, int CompositionOffset, bool IsKey);

/// <summary>Takes what a <see cref="FragmentReader"/> finds, in order, on the reading thread.</summary>
internal interface ISampleSink
{
    void TakeHeader(StreamHeader header);

    /// <param name="data">One access unit, NAL units with 4-byte lengths. Valid during the call only.</param>
    void TakeSample(in SampleInfo sample, ReadOnlySpan<byte> data);
}

/// <summary>
/// Reads a fragmented MP4 from a stream that never ends: header first, then each access unit as soon as its last byte is
/// there. One buffer is used again and again, so a picture costs no allocation.
/// </summary>
internal sealed class FragmentReader(Stream stream, ISampleSink sink) : IDisposable
{
    /// <summary>In bytes. A <c>moov</c> or <c>moof</c> of ours has about 1 kB.</summary>
    public const int TableBytesMax = 1024 * 1024;

    /// <summary>In ticks: 10 s. Reordering spans a few pictures; more is nonsense and is cut down.</summary>
    private const long CompositionOffsetMax = 10L * MediaTime.Scale;

    /// <summary>In bytes. What a pipe holds on Linux.</summary>
    private const int BufferBytesMin = 64 * 1024;

    private readonly List<TableEntry> _entries = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytesMin);
    private int _start;
    private int _end;
    private StreamHeader? _header;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>Reads to the end of the stream. Ends without a word when the stream ends, even inside a box.</summary>
    /// <exception cref="MalformedMediaException">The bytes are not such an MP4.</exception>
    public void ReadToEnd()
    {
        while (Buffer(Box.HeadBytes))
        {
            long size = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start));
            uint type = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start + 4));
            _start += Box.HeadBytes;
            if (!ReadBox(type, size - Box.HeadBytes))
            {
                return;
            }
        }
    }

    private bool ReadBox(uint type, long bodyBytes)
    {
        if (bodyBytes < 0)
        {
            throw new MalformedMediaException("A box has an impossible size.");
        }

        switch (type)
        {
            case Box.Moov or Box.Moof:
                return ReadTable(type, bodyBytes);
            case Box.Mdat:
                return ReadSamples(bodyBytes);
            default:
                if (_header is null && type != Box.Ftyp && bodyBytes > TableBytesMax)
                {
                    throw new MalformedMediaException("The stream does not begin as an MP4 does.");
                }

                return Skip(bodyBytes);
        }
    }

    private bool ReadTable(uint type, long bodyBytes)
    {
        if (bodyBytes > TableBytesMax)
        {
            throw new MalformedMediaException("A table is too large.");
        }

        if (!Buffer((int)bodyBytes))
        {
            return false;
        }

        ReadOnlySpan<byte> body = _buffer.AsSpan(_start, (int)bodyBytes);
        if (type == Box.Moov)
        {
            _header = StreamHeader.Parse(body);
            sink.TakeHeader(_header);
        }
        else
        {
            SampleTable.Read(body, Header().Defaults, _entries);
        }

        _start += (int)bodyBytes;
        return true;
    }

    private bool ReadSamples(long bodyBytes)
    {
        uint scale = Header().TimeScale;
        foreach (TableEntry entry in _entries)
        {
            if (entry.Size > bodyBytes)
            {
                throw new MalformedMediaException("A fragment has less data than its table says.");
            }

            if (!Buffer(entry.Size))
            {
                return false;
            }

            // Differences of converted times, so that rounding never adds up.
            long decodeTime = MediaTime.FromSource(entry.DecodeTime, scale);
            long next = MediaTime.FromSource(entry.DecodeTime + entry.Duration, scale);
            int offset = (int)Math.Clamp(
                (long)entry.CompositionOffset * MediaTime.Scale / scale, -CompositionOffsetMax, CompositionOffsetMax);
            var sample = new SampleInfo(decodeTime, (uint)Math.Min(next - decodeTime, uint.MaxValue), offset, entry.IsKey);
            sink.TakeSample(sample, _buffer.AsSpan(_start, entry.Size));
            _start += entry.Size;
            bodyBytes -= entry.Size;
        }

        _entries.Clear();
        return Skip(bodyBytes);
    }

    private StreamHeader Header() =>
        _header ?? throw new MalformedMediaException("A fragment came before the header.");

    private bool Skip(long count)
    {
        while (count > 0)
        {
            if (!Buffer(1))
            {
                return false;
            }

            int now = (int)Math.Min(count, _end - _start);
            _start += now;
            count -= now;
        }

        return true;
    }

    /// <summary>Reads until <paramref name="count"/> bytes lie in the buffer.</summary>
    /// <returns>False when the stream ends before.</returns>
    private bool Buffer(int count)
    {
        if (_buffer.Length - _start < count)
        {
            MakeRoom(count);
        }

        while (_end - _start < count)
        {
            int got = stream.Read(_buffer, _end, _buffer.Length - _end);
            if (got == 0)
            {
                return false;
            }

            _end += got;
        }

        return true;
    }

    private void MakeRoom(int count)
    {
        byte[] target = count <= _buffer.Length ? _buffer : ArrayPool<byte>.Shared.Rent(count);
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }

        _end -= _start;
        _start = 0;
    }
}
