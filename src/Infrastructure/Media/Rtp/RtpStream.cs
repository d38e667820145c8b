using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Events.Media.Live;
using Events.Media.Mp4;

namespace Events.Media.Rtp;

/// <summary>
/// One viewer's RTP stream (RFC 3550): sequence numbers, time stamps, and what its reports say. Numbers begin at random (section
/// 5.1); time is the camera's own clock, and reports tell how it stands to the wall clock.
/// </summary>
internal sealed class RtpStream
{
    /// <summary>A dynamic payload type (RFC 3551, section 6).</summary>
    public const byte PayloadType = 96;

    /// <summary>In bytes, of RTP without extensions.</summary>
    public const int HeaderBytes = 12;

    /// <summary>In bytes, header included. Reports are smaller.</summary>
    public const int PacketBytesMax = HeaderBytes + Packetizer.PayloadBytesMax;

    /// <summary>In seconds, from 1900, where NTP counts from, to 1970.</summary>
    private const long NtpEpochSeconds = 2_208_988_800;

    private const byte Version = 0x80;

    /// <summary>How much of a new measurement goes into the clock: fast enough for a drift, slow enough for jitter.</summary>
    private const double ClockGain = 1.0 / 32;

    private readonly ViewerTimeline _timeline = new();
    private readonly uint _source = BinaryPrimitives.ReadUInt32BigEndian(RandomNumberGenerator.GetBytes(4));
    private readonly uint _firstTimestamp = BinaryPrimitives.ReadUInt32BigEndian(RandomNumberGenerator.GetBytes(4));
    private ushort _sequence = BinaryPrimitives.ReadUInt16BigEndian(RandomNumberGenerator.GetBytes(2));
    private int _generation = -1;
    private double? _clockOffsetS;
    private uint _timestamp;
    private uint _packetCount;
    private uint _payloadByteCount;

    public uint Source => _source;

    public ushort NextSequence => _sequence;

    /// <summary>Packets sent so far.</summary>
    public long PacketCount => _packetCount;

    /// <summary>What the picture's packets will carry: when it is to be shown (RFC 6184, section 5.1).</summary>
    public uint TimestampOf(AccessUnit unit) =>
        unchecked((uint)(_timeline.Map(unit) + unit.Sample.CompositionOffset) + _firstTimestamp);

    /// <summary>Call once before the packets of a picture.</summary>
    public void Begin(AccessUnit unit)
    {
        _timestamp = TimestampOf(unit);
        double measured = SecondsOf(unit.ArrivedAt) - ((double)_timeline.Map(unit) / MediaTime.Scale);
        bool isNew = _clockOffsetS is null || unit.Fragment.Generation != _generation;
        _clockOffsetS = isNew ? measured : _clockOffsetS + ((measured - _clockOffsetS) * ClockGain);
        _generation = unit.Fragment.Generation;
    }

    /// <summary>Packs the next part of a picture.</summary>
    /// <returns>Bytes of the packet; 0 when the picture has no packet left.</returns>
    public int Write(Packetizer from, Span<byte> to)
    {
        int payloadBytes = from.Next(to[HeaderBytes..]);
        if (payloadBytes == 0)
        {
            return 0;
        }

        to[0] = Version;
        to[1] = (byte)(PayloadType | (from.IsDone ? 0x80 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], _sequence++);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], _timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(to[8..], _source);
        _packetCount++;
        _payloadByteCount += (uint)payloadBytes;
        return HeaderBytes + payloadBytes;
    }

    /// <summary>Writes a sender report with our name (sections 6.4.1 and 6.5).</summary>
    /// <param name="name">At most 255 bytes.</param>
    /// <param name="isLast">Says good-bye, too (section 6.6).</param>
    /// <returns>Its bytes; 0 while no picture has been sent, so that there is no time to tell.</returns>
    public int WriteReport(Span<byte> to, string name, DateTimeOffset now, bool isLast)
    {
        if (_clockOffsetS is not double offset)
        {
            return 0;
        }

        double seconds = SecondsOf(now);
        long ticks = (long)((seconds - offset) * MediaTime.Scale);
        to[0] = Version;
        to[1] = 200;
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], 6);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], _source);
        BinaryPrimitives.WriteUInt32BigEndian(to[8..], unchecked((uint)(now.ToUnixTimeSeconds() + NtpEpochSeconds)));
        double fraction = (double)(now.Ticks % TimeSpan.TicksPerSecond) / TimeSpan.TicksPerSecond;
        BinaryPrimitives.WriteUInt32BigEndian(to[12..], (uint)(fraction * (1L << 32)));
        BinaryPrimitives.WriteUInt32BigEndian(to[16..], unchecked((uint)ticks + _firstTimestamp));
        BinaryPrimitives.WriteUInt32BigEndian(to[20..], _packetCount);
        BinaryPrimitives.WriteUInt32BigEndian(to[24..], _payloadByteCount);
        int at = 28 + WriteName(to[28..], name);
        return isLast ? at + WriteGoodBye(to[at..]) : at;
    }

    private int WriteName(Span<byte> to, string name)
    {
        int nameBytes = Encoding.UTF8.GetBytes(name, to[10..]);
        int words = (4 + 2 + nameBytes + 1 + 3) / 4; // source, item head, name, an end, padding
        to[0] = Version | 1;
        to[1] = 202;
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)words);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], _source);
        to[8] = 1; // CNAME
        to[9] = (byte)nameBytes;
        to[(10 + nameBytes)..(4 + (4 * words))].Clear();
        return 4 + (4 * words);
    }

    private int WriteGoodBye(Span<byte> to)
    {
        to[0] = Version | 1;
        to[1] = 203;
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], _source);
        return 8;
    }

    private static double SecondsOf(DateTimeOffset at) =>
        (double)(at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerSecond;
}
