using System.Text;
using Events.Media.Mp4;

namespace Events.Media.Muxing;

/// <summary>
/// Writes EBML elements (RFC 8794). Lengths and numbers take the same room whatever their value, so that a file's layout can be
/// known before its content.
/// </summary>
internal sealed class EbmlWriter
{
    /// <summary>Of an element's length in <see cref="Open"/>: four bytes, whose first bit that is set says so.</summary>
    private const uint LengthMark = 0x1000_0000;

    private readonly BoxWriter _to = new();

    public int Length => _to.Length;

    public ReadOnlyMemory<byte> Written => _to.Written;

    public void Clear() => _to.Clear();

    /// <returns>Where the content begins, for <see cref="Close"/>.</returns>
    public int Open(uint id)
    {
        Id(id);
        _to.U32(0);
        return _to.Length;
    }

    public void Close(int content) => _to.PatchU32(content - 4, LengthMark | (uint)(_to.Length - content));

    /// <param name="bytes">What follows; below 2^28.</param>
    public void Head(uint id, int bytes)
    {
        Id(id);
        _to.U32(LengthMark | (uint)bytes);
    }

    /// <summary>Eight bytes of length, for what may be larger than memory.</summary>
    public void LargeHead(uint id, long bytes)
    {
        Id(id);
        _to.U64((1UL << 56) | (ulong)bytes);
    }

    public void Number(uint id, long value)
    {
        Head(id, 8);
        _to.U64((ulong)value);
    }

    public void Real(uint id, double value) => Number(id, BitConverter.DoubleToInt64Bits(value));

    public void Text(uint id, string ascii) => Bytes(id, Encoding.ASCII.GetBytes(ascii));

    public void Bytes(uint id, ReadOnlySpan<byte> bytes)
    {
        Head(id, bytes.Length);
        _to.Raw(bytes);
    }

    public void Raw(ReadOnlySpan<byte> bytes) => _to.Raw(bytes);

    public void U16(ushort value) => _to.U16(value);

    /// <summary>An identifier carries its own length: as many bytes as its number has.</summary>
    private void Id(uint id)
    {
        for (int shift = 24; shift >= 0; shift -= 8)
        {
            if (id >> shift != 0)
            {
                _to.Raw([(byte)(id >> shift)]);
            }
        }
    }
}
