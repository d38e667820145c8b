using System.Buffers.Binary;

namespace Events.Media.Mp4;

/// <summary>Writes boxes into one growing buffer that is used again.</summary>
internal sealed class BoxWriter
{
    private byte[] _bytes = new byte[1024];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    /// <returns>Where the box begins, for <see cref="Close"/>.</returns>
    public int Open(uint type)
    {
        int start = Length;
        U32(0);
        U32(type);
        return start;
    }

    public int Open(uint type, byte version, uint flags)
    {
        int start = Open(type);
        U32(((uint)version << 24) | flags);
        return start;
    }

    public void Close(int start) => PatchU32(start, (uint)(Length - start));

    public void PatchU32(int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(_bytes.AsSpan(at), value);

    public void U16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Take(2), value);

    public void U32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(4), value);

    public void U64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Take(8), value);

    public void Zeros(int count) => Take(count).Clear();

    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    private Span<byte> Take(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        }

        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }
}
