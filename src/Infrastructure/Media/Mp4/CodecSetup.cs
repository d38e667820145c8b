using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Events.Media.Mp4;

/// <summary>
/// What a decoder has to be told before the first picture: read from the <c>avcC</c> or <c>hvcC</c> box of a sample entry
/// (ISO/IEC 14496-15, 5.3.3 and 8.3.3).
/// </summary>
internal sealed class CodecSetup
{
    /// <summary>Usual are two or three; each goes before every key frame.</summary>
    private const int ParameterSetsMax = 64;

    private const int HevcFixedBytes = 22;

    private CodecSetup(bool isHevc, int lengthBytes, string codecs, byte[] profile, IReadOnlyList<byte[]> parameterSets)
    {
        IsHevc = isHevc;
        LengthBytes = lengthBytes;
        Codecs = codecs;
        Profile = profile;
        ParameterSets = parameterSets;
    }

    /// <summary>H.265; otherwise H.264.</summary>
    public bool IsHevc { get; }

    /// <summary>Bytes of the length before each NAL unit: 1, 2 or 4.</summary>
    public int LengthBytes { get; }

    /// <summary>As <c>codecs=</c> of a media type has it, e.g. <c>avc1.42c01f</c> (RFC 6381, section 3.3).</summary>
    public string Codecs { get; }

    /// <summary>
    /// H.264: profile, constraints and level, three bytes. H.265: space, tier and profile in one byte, and level.
    /// </summary>
    public byte[] Profile { get; }

    /// <summary>NAL units without length or start code, in the order in which a decoder wants them.</summary>
    public IReadOnlyList<byte[]> ParameterSets { get; }

    /// <exception cref="MalformedMediaException">The sample entry has no such box, or its fields are impossible.</exception>
    public static CodecSetup Of(StreamHeader header)
    {
        bool isHevc = header.Codec == "h265";
        ReadOnlySpan<byte> box = BoxCursor.Find(header.SampleEntryBoxes, isHevc ? Box.HvcC : Box.AvcC);
        string entry = Encoding.ASCII.GetString(header.SampleEntry, 4, 4);
        return isHevc ? Hevc(box, entry) : Avc(box, entry);
    }

    private static CodecSetup Avc(ReadOnlySpan<byte> box, string entry)
    {
        var fields = new FieldReader(box);
        fields.Skip(1);
        byte[] profile = fields.Bytes(3);
        ushort lengthAndCount = fields.U16();
        var sets = new List<byte[]>();
        AddSets(ref fields, lengthAndCount & 0x1f, sets);
        AddSets(ref fields, fields.U8(), sets);
        string codecs = $"{entry}.{Convert.ToHexStringLower(profile)}";
        return new CodecSetup(false, LengthOf(lengthAndCount >> 8), codecs, profile, sets);
    }

    private static CodecSetup Hevc(ReadOnlySpan<byte> box, string entry)
    {
        if (box.Length <= HevcFixedBytes)
        {
            throw new MalformedMediaException("The codec's configuration is too short.");
        }

        var fields = new FieldReader(box[HevcFixedBytes..]);
        var sets = new List<byte[]>[] { [], [], [] };
        for (int arrays = fields.U8(); arrays > 0; arrays--)
        {
            int type = fields.U8() & 0x3f;
            var found = type is >= 32 and <= 34 ? sets[type - 32] : [];
            AddSets(ref fields, fields.U16(), found);
        }

        return new CodecSetup(
            true, LengthOf(box[21]), HevcCodecs(box, entry), [box[1], box[12]], [.. sets[0], .. sets[1], .. sets[2]]);
    }

    /// <summary>
    /// ISO/IEC 14496-15, E.3: profile, compatibility (bits reversed), tier and level, constraints without zeros.
    /// </summary>
    private static string HevcCodecs(ReadOnlySpan<byte> box, string entry)
    {
        uint compatibility = BinaryPrimitives.ReadUInt32BigEndian(box[2..]);
        uint reversed = 0;
        for (int bit = 0; bit < 32; bit++)
        {
            reversed = (reversed << 1) | ((compatibility >> bit) & 1);
        }

        string space = (box[1] >> 6) switch { 0 => string.Empty, 1 => "A", 2 => "B", _ => "C" };
        char tier = (box[1] & 0x20) == 0 ? 'L' : 'H';
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{entry}.{space}{box[1] & 0x1f}.{reversed:X}.{tier}{box[12]}");
        ReadOnlySpan<byte> constraints = box[6..12].TrimEnd((byte)0);
        foreach (byte constraint in constraints)
        {
            text.Append(CultureInfo.InvariantCulture, $".{constraint:X}");
        }

        return text.ToString();
    }

    private static void AddSets(ref FieldReader fields, int count, List<byte[]> sets)
    {
        for (; count > 0; count--)
        {
            byte[] set = fields.Bytes(fields.U16());
            if (sets.Count == ParameterSetsMax)
            {
                throw new MalformedMediaException("The codec's configuration has too many parameter sets.");
            }

            if (set.Length > 0)
            {
                sets.Add(set);
            }
        }
    }

    private static int LengthOf(int bits) =>
        (bits & 3) is var minusOne and not 2
            ? minusOne + 1
            : throw new MalformedMediaException("The codec's configuration has an impossible length size.");
}
