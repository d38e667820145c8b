using System.Buffers;
using System.Buffers.Binary;

namespace Events.Media.Rtp;

/// <summary>
/// Packets that are sent with one call, each behind a dollar sign, its channel and its length, as they go over an RTSP connection
/// (RFC 2326, section 10.12). A way over UDP takes the four bytes off again.
/// </summary>
internal sealed class PacketBatch : IDisposable
{
    /// <summary>In bytes, before each packet.</summary>
    public const int PrefixBytes = 4;

    public const byte Mark = (byte)'$';

    /// <summary>In bytes: two dozen packets. More would not cost the kernel less.</summary>
    private const int BytesMax = 32 * 1024;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(BytesMax);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Whether another packet of any size of ours fits.</summary>
    public bool HasRoom => BytesMax - Length >= PrefixBytes + RtpStream.PacketBytesMax;

    /// <summary>Where to write the next packet; <see cref="Close"/> it then.</summary>
    public Span<byte> Open() => _bytes.AsSpan(Length + PrefixBytes, RtpStream.PacketBytesMax);

    public void Close(byte channel, int packetBytes)
    {
        Span<byte> prefix = _bytes.AsSpan(Length, PrefixBytes);
        prefix[0] = Mark;
        prefix[1] = channel;
        BinaryPrimitives.WriteUInt16BigEndian(prefix[2..], (ushort)packetBytes);
        Length += PrefixBytes + packetBytes;
    }

    public void Clear() => Length = 0;

    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }
}
