using System.Buffers.Binary;

namespace Events.Media.Rtp;

/// <summary>What the payload formats of H.264 (RFC 6184) and H.265 (RFC 7798) do differently.</summary>
internal abstract class NalFormat
{
    public static readonly NalFormat H264 = new Avc();

    public static readonly NalFormat H265 = new Hevc();

    /// <summary>In bytes, of each NAL unit.</summary>
    public abstract int HeaderBytes { get; }

    /// <summary>In bytes, before each piece of a NAL unit that is cut.</summary>
    public int FragmentHeaderBytes => HeaderBytes + 1;

    public abstract int TypeOf(ReadOnlySpan<byte> header);

    /// <summary>Whether the type is one that a stream may have; the others mean something else inside RTP.</summary>
    public abstract bool IsStreamType(int type);

    /// <summary>Marks where a picture begins; stands before everything else.</summary>
    public abstract bool IsDelimiter(int type);

    /// <summary>The parameter set that says how large pictures are; where it is, the others are, too.</summary>
    public abstract bool IsSequenceSet(int type);

    /// <summary>Several NAL units in one packet: makes their common header out of theirs, one after the other.</summary>
    public abstract void Aggregate(ReadOnlySpan<byte> header, Span<byte> common, bool isFirst);

    public abstract void WriteFragmentHeader(ReadOnlySpan<byte> header, bool isFirst, bool isLast, Span<byte> to);

    private sealed class Avc : NalFormat
    {
        private const int StapA = 24;
        private const int FuA = 28;

        public override int HeaderBytes => 1;

        public override int TypeOf(ReadOnlySpan<byte> header) => header[0] & 0x1f;

        public override bool IsStreamType(int type) => type is > 0 and < StapA;

        public override bool IsDelimiter(int type) => type == 9;

        public override bool IsSequenceSet(int type) => type == 7;

        /// <summary>RFC 6184, 5.7: forbidden if any is, and as important as the most important one.</summary>
        public override void Aggregate(ReadOnlySpan<byte> header, Span<byte> common, bool isFirst)
        {
            int before = isFirst ? 0 : common[0];
            int importance = Math.Max(before & 0x60, header[0] & 0x60);
            common[0] = (byte)(((before | header[0]) & 0x80) | importance | StapA);
        }

        public override void WriteFragmentHeader(ReadOnlySpan<byte> header, bool isFirst, bool isLast, Span<byte> to)
        {
            to[0] = (byte)((header[0] & 0xe0) | FuA);
            to[1] = (byte)((isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | (header[0] & 0x1f));
        }
    }

    private sealed class Hevc : NalFormat
    {
        private const int Ap = 48;
        private const int Fu = 49;

        public override int HeaderBytes => 2;

        public override int TypeOf(ReadOnlySpan<byte> header) => (header[0] >> 1) & 0x3f;

        public override bool IsStreamType(int type) => type is >= 0 and < Ap;

        public override bool IsDelimiter(int type) => type == 35;

        public override bool IsSequenceSet(int type) => type == 33;

        /// <summary>RFC 7798, 4.4.2: forbidden if any is, with the lowest layer and the lowest temporal id of them.</summary>
        public override void Aggregate(ReadOnlySpan<byte> header, Span<byte> common, bool isFirst)
        {
            int one = BinaryPrimitives.ReadUInt16BigEndian(header);
            int before = isFirst ? one : BinaryPrimitives.ReadUInt16BigEndian(common);
            int forbidden = (one | before) & 0x8000;
            int layer = Math.Min(one & 0x1f8, before & 0x1f8);
            int temporal = Math.Min(one & 0x7, before & 0x7);
            BinaryPrimitives.WriteUInt16BigEndian(common, (ushort)(forbidden | (Ap << 9) | layer | temporal));
        }

        public override void WriteFragmentHeader(ReadOnlySpan<byte> header, bool isFirst, bool isLast, Span<byte> to)
        {
            to[0] = (byte)((header[0] & 0x81) | (Fu << 1));
            to[1] = header[1];
            to[2] = (byte)((isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | TypeOf(header));
        }
    }
}
