using System.Buffers.Binary;

namespace Events.Media.Mp4;

/// <summary>What a fragmented MP4's <c>moov</c> says of its one video track.</summary>
internal sealed class StreamHeader
{
    /// <summary>Bytes of a visual sample entry before its boxes (ISO/IEC 14496-12, 12.1.3), head included.</summary>
    private const int SampleEntryFixedBytes = 86;

    private StreamHeader(string codec, int width, int height, uint timeScale, byte[] sampleEntry)
    {
        Codec = codec;
        Width = width;
        Height = height;
        TimeScale = timeScale;
        SampleEntry = sampleEntry;
    }

    /// <summary><c>h264</c> or <c>h265</c>.</summary>
    public string Codec { get; }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Source ticks in a second.</summary>
    public uint TimeScale { get; }

    /// <summary>The whole <c>avc1</c> or <c>hvc1</c> box: all a decoder has to know, and what tells two formats apart.</summary>
    public byte[] SampleEntry { get; }

    /// <summary>The boxes inside the sample entry: the codec's configuration and what else the source said.</summary>
    public ReadOnlySpan<byte> SampleEntryBoxes => SampleEntry.AsSpan(SampleEntryFixedBytes);

    private uint DefaultDuration { get; init; }

    private uint DefaultSize { get; init; }

    private uint DefaultFlags { get; init; }

    public SampleDefaults Defaults => new(DefaultDuration, DefaultSize, DefaultFlags);

    public bool HasSameFormatAs(StreamHeader other) => SampleEntry.AsSpan().SequenceEqual(other.SampleEntry);

    /// <summary>The same, but parameter sets may lie among the pictures, too: <c>avc3</c> or <c>hev1</c>.</summary>
    public StreamHeader WithParameterSetsInPictures()
    {
        byte[] entry = [.. SampleEntry];
        BinaryPrimitives.WriteUInt32BigEndian(entry.AsSpan(4), Codec == "h265" ? Box.Hev1 : Box.Avc3);
        return new StreamHeader(Codec, Width, Height, TimeScale, entry);
    }

    /// <param name="moov">The box's body.</param>
    /// <exception cref="MalformedMediaException">No video track of a codec that is known here.</exception>
    public static StreamHeader Parse(ReadOnlySpan<byte> moov)
    {
        ReadOnlySpan<byte> media = BoxCursor.Find(BoxCursor.Find(moov, Box.Trak), Box.Mdia);
        ReadOnlySpan<byte> table = BoxCursor.Find(BoxCursor.Find(BoxCursor.Find(media, Box.Minf), Box.Stbl), Box.Stsd);
        if (table.Length < 8 + SampleEntryFixedBytes)
        {
            throw new MalformedMediaException("The source has no video track.");
        }

        ReadOnlySpan<byte> entry = table[8..];
        uint size = BinaryPrimitives.ReadUInt32BigEndian(entry);
        if (size < SampleEntryFixedBytes || size > entry.Length)
        {
            throw new MalformedMediaException("The sample entry has an impossible size.");
        }

        int width = BinaryPrimitives.ReadUInt16BigEndian(entry[32..]);
        int height = BinaryPrimitives.ReadUInt16BigEndian(entry[34..]);
        if (width == 0 || height == 0)
        {
            throw new MalformedMediaException("The source does not say how large its pictures are.");
        }

        string codec = CodecOf(BinaryPrimitives.ReadUInt32BigEndian(entry[4..]));
        var trex = new FieldReader(BoxCursor.Find(BoxCursor.Find(moov, Box.Mvex), Box.Trex));
        trex.Skip(12);
        return new StreamHeader(codec, width, height, TimeScaleOf(media), entry[..(int)size].ToArray())
        {
            DefaultDuration = trex.U32(),
            DefaultSize = trex.U32(),
            DefaultFlags = trex.U32(),
        };
    }

    private static string CodecOf(uint type) =>
        type switch
        {
            Box.Avc1 or Box.Avc3 => "h264",
            Box.Hvc1 or Box.Hev1 => "h265",
            _ => throw new MalformedMediaException("The source's video is neither H.264 nor H.265."),
        };

    private static uint TimeScaleOf(ReadOnlySpan<byte> media)
    {
        var fields = new FieldReader(BoxCursor.Find(media, Box.Mdhd));
        bool isLong = fields.U32() >> 24 == 1;
        fields.Skip(isLong ? 16 : 8);
        uint scale = fields.U32();
        return scale > 0 ? scale : throw new MalformedMediaException("The track has no time scale.");
    }
}

/// <summary>What holds for a sample that says nothing else (<c>trex</c>, <c>tfhd</c>).</summary>
internal readonly record struct SampleDefaults(uint Duration, uint Size, uint Flags);
