using System.Buffers.Binary;
using Events.Media.Live;
using Events.Media.Mp4;

namespace Events.Media.Rtp;

/// <summary>
/// Cuts a picture into RTP payloads: NAL units that fit go whole, small neighbours share a packet (STAP-A of RFC 6184, AP of RFC
/// 7798), large ones are cut (FU-A, FU). Before a key frame it puts the parameter sets that the picture does not carry itself, so
/// that a viewer may begin at any of them. One picture at a time; not thread-safe.
/// </summary>
internal sealed class Packetizer
{
    /// <summary>
    /// In bytes. With RTP, UDP and IP headers less than the 1,500 of an Ethernet frame, and room for a tunnel's.
    /// </summary>
    public const int PayloadBytesMax = 1_388;

    /// <summary>A picture of more NAL units than this is damaged or hostile; the rest is left out.</summary>
    private const int NalUnitsMax = 4_096;

    private const int SizeBytes = 2;

    private readonly CodecSetup _setup;
    private readonly NalFormat _format;
    private readonly int _payloadBytesMax;
    private readonly List<NalUnit> _units = [];
    private AccessUnit? _picture;
    private int _next;
    private int _sent;

    public Packetizer(CodecSetup setup, int payloadBytesMax = PayloadBytesMax)
    {
        _setup = setup;
        _format = setup.IsHevc ? NalFormat.H265 : NalFormat.H264;
        _payloadBytesMax = payloadBytesMax;
    }

    /// <summary>All of the picture is packed: the last packet was the one to carry the marker.</summary>
    public bool IsDone => _next == _units.Count;

    /// <summary>Takes up a picture. Damaged lengths end it early; it never fails.</summary>
    public void Begin(AccessUnit picture)
    {
        _picture = picture;
        _units.Clear();
        (_next, _sent) = (0, 0);
        bool hasSets = false;
        Span<byte> prefix = stackalloc byte[4];
        for (int at = 0; at + _setup.LengthBytes <= picture.Length && _units.Count < NalUnitsMax;)
        {
            Span<byte> length = prefix[..];
            length.Clear();
            picture.CopyTo(at, length[(4 - _setup.LengthBytes)..]);
            uint size = BinaryPrimitives.ReadUInt32BigEndian(length);
            at += _setup.LengthBytes;
            if (size > picture.Length - at)
            {
                break;
            }

            var unit = new NalUnit(null, at, (int)size);
            at += (int)size;
            if (unit.Length >= _format.HeaderBytes && _format.IsStreamType(TypeOf(unit)))
            {
                hasSets |= _format.IsSequenceSet(TypeOf(unit));
                _units.Add(unit);
            }
        }

        if (picture.IsKey && !hasSets && _units.Count > 0)
        {
            int place = _format.IsDelimiter(TypeOf(_units[0])) ? 1 : 0;
            _units.InsertRange(place, _setup.ParameterSets.Select(set => new NalUnit(set, 0, set.Length)));
        }
    }

    /// <summary>Writes the next payload.</summary>
    /// <param name="to">At least the payload's largest size.</param>
    /// <returns>Its bytes; 0 when there is none left.</returns>
    public int Next(Span<byte> to)
    {
        if (IsDone)
        {
            return 0;
        }

        NalUnit unit = _units[_next];
        if (unit.Length > _payloadBytesMax)
        {
            return WriteFragment(unit, to);
        }

        int together = CountThatFit();
        if (together > 1)
        {
            return WriteTogether(together, to);
        }

        _next++;
        Copy(unit, 0, to[..unit.Length]);
        return unit.Length;
    }

    private int CountThatFit()
    {
        int bytes = _format.HeaderBytes;
        int count = 0;
        while (_next + count < _units.Count
            && (bytes += SizeBytes + _units[_next + count].Length) <= _payloadBytesMax)
        {
            count++;
        }

        return count;
    }

    private int WriteTogether(int count, Span<byte> to)
    {
        int at = _format.HeaderBytes;
        for (int i = 0; i < count; i++)
        {
            NalUnit unit = _units[_next++];
            BinaryPrimitives.WriteUInt16BigEndian(to[at..], (ushort)unit.Length);
            Span<byte> body = to.Slice(at + SizeBytes, unit.Length);
            Copy(unit, 0, body);
            _format.Aggregate(body[.._format.HeaderBytes], to[.._format.HeaderBytes], isFirst: i == 0);
            at += SizeBytes + unit.Length;
        }

        return at;
    }

    private int WriteFragment(NalUnit unit, Span<byte> to)
    {
        bool isFirst = _sent == 0;
        _sent = isFirst ? _format.HeaderBytes : _sent; // The header goes into each piece's own.
        int now = Math.Min(unit.Length - _sent, _payloadBytesMax - _format.FragmentHeaderBytes);
        bool isLast = _sent + now == unit.Length;
        Span<byte> header = stackalloc byte[2];
        header = header[.._format.HeaderBytes];
        Copy(unit, 0, header);
        _format.WriteFragmentHeader(header, isFirst, isLast, to);
        Copy(unit, _sent, to.Slice(_format.FragmentHeaderBytes, now));
        _sent += now;
        if (isLast)
        {
            _next++;
            _sent = 0;
        }

        return _format.FragmentHeaderBytes + now;
    }

    private int TypeOf(NalUnit unit)
    {
        Span<byte> header = stackalloc byte[2];
        header = header[.._format.HeaderBytes];
        Copy(unit, 0, header);
        return _format.TypeOf(header);
    }

    private void Copy(NalUnit unit, int offset, Span<byte> to)
    {
        if (unit.Own is byte[] own)
        {
            own.AsSpan(unit.Offset + offset, to.Length).CopyTo(to);
        }
        else
        {
            _picture!.CopyTo(unit.Offset + offset, to);
        }
    }

    /// <param name="Own">Where the bytes lie; null for the picture itself.</param>
    private readonly record struct NalUnit(byte[]? Own, int Offset, int Length);
}
