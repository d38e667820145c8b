namespace Events.EventStore.Seals.Canonical;

/// <summary>Bytes that are written one behind the other and then used at once. Kept over many uses.</summary>
internal sealed class ByteRow
{
    /// <summary>In bytes. One large body must not leave its memory with the process for ever.</summary>
    private const int KeptMax = 1024 * 1024;

    private const int First = 4 * 1024;

    private byte[] _bytes = new byte[First];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > KeptMax)
        {
            _bytes = new byte[First];
        }
    }

    /// <returns>Room for at least so many bytes; what is used of it is told to <see cref="Advance"/>.</returns>
    public Span<byte> Room(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Grow(count);
        }

        return _bytes.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    public void Add(byte value)
    {
        if (Length == _bytes.Length)
        {
            Grow(1);
        }

        _bytes[Length++] = value;
    }

    public void Add(ReadOnlySpan<byte> values)
    {
        values.CopyTo(Room(values.Length));
        Length += values.Length;
    }

    public ReadOnlySpan<byte> Slice(int start, int length) => _bytes.AsSpan(start, length);

    private void Grow(int count)
    {
        // Doubling as a long first: a body may be larger than half of what an array holds.
        long wanted = Math.Max(Length + (long)count, Math.Min(_bytes.Length * 2L, Array.MaxLength));
        Array.Resize(ref _bytes, checked((int)wanted));
    }
}
