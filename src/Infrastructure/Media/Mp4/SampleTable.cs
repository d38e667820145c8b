namespace Events.Media.Mp4;

/// <summary>One coded picture, as a fragment's table has it; times in source ticks.</summary>
internal readonly record struct TableEntry(int Size, ulong DecodeTime, uint Duration, int CompositionOffset, bool IsKey);

/// <summary>Reads a <c>moof</c> into entries (ISO/IEC 14496-12, 8.8).</summary>
internal static class SampleTable
{
    /// <summary>
    /// Of one fragment. A second of the fastest camera, many times over; bounds the memory that a table can ask for.
    /// </summary>
    public const int SamplesMax = 8_192;

    /// <summary>In bytes, of one picture. A 4K key frame at the highest quality has about 4 MB.</summary>
    public const int SampleBytesMax = 8 * 1024 * 1024;

    private const uint IsNotSync = 0x0001_0000;

    /// <param name="moof">The box's body.</param>
    /// <param name="entries">Cleared and filled, in decode order.</param>
    /// <exception cref="MalformedMediaException">A field is missing, impossible, or beyond a bound.</exception>
    public static void Read(ReadOnlySpan<byte> moof, SampleDefaults defaults, List<TableEntry> entries)
    {
        entries.Clear();
        ulong decodeTime = 0;
        var boxes = new BoxCursor(BoxCursor.Find(moof, Box.Traf));
        while (boxes.Next())
        {
            switch (boxes.Type)
            {
                case Box.Tfhd:
                    defaults = ReadDefaults(boxes.Body, defaults);
                    break;
                case Box.Tfdt:
                    decodeTime = ReadDecodeTime(boxes.Body);
                    break;
                case Box.Trun:
                    decodeTime = ReadRun(boxes.Body, defaults, decodeTime, entries);
                    break;
            }
        }
    }

    private static SampleDefaults ReadDefaults(ReadOnlySpan<byte> tfhd, SampleDefaults defaults)
    {
        var fields = new FieldReader(tfhd);
        uint flags = fields.U32();
        fields.Skip(4 + ((flags & 0x1) != 0 ? 8 : 0) + ((flags & 0x2) != 0 ? 4 : 0));
        uint duration = (flags & 0x8) != 0 ? fields.U32() : defaults.Duration;
        uint size = (flags & 0x10) != 0 ? fields.U32() : defaults.Size;
        return new SampleDefaults(duration, size, (flags & 0x20) != 0 ? fields.U32() : defaults.Flags);
    }

    private static ulong ReadDecodeTime(ReadOnlySpan<byte> tfdt)
    {
        var fields = new FieldReader(tfdt);
        ulong time = fields.U32() >> 24 == 1 ? fields.U64() : fields.U32();
        return time <= MediaTime.SourceTicksMax ? time : throw new MalformedMediaException("A decode time is out of range.");
    }

    private static ulong ReadRun(ReadOnlySpan<byte> trun, SampleDefaults defaults, ulong decodeTime, List<TableEntry> entries)
    {
        var fields = new FieldReader(trun);
        uint flags = fields.U32();
        uint count = fields.U32();
        if (count > SamplesMax - entries.Count)
        {
            throw new MalformedMediaException("A fragment has too many pictures.");
        }

        fields.Skip((flags & 0x1) != 0 ? 4 : 0);
        uint? firstFlags = (flags & 0x4) != 0 ? fields.U32() : null;
        for (uint i = 0; i < count; i++)
        {
            uint duration = (flags & 0x100) != 0 ? fields.U32() : defaults.Duration;
            uint size = (flags & 0x200) != 0 ? fields.U32() : defaults.Size;
            uint own = (flags & 0x400) != 0 ? fields.U32() : i == 0 && firstFlags is uint first ? first : defaults.Flags;
            int offset = (flags & 0x800) != 0 ? fields.I32() : 0;
            if (size is 0 or > SampleBytesMax)
            {
                throw new MalformedMediaException("A picture has an impossible size.");
            }

            entries.Add(new TableEntry((int)size, decodeTime, duration, offset, (own & IsNotSync) == 0));
            decodeTime += duration;
        }

        return decodeTime <= MediaTime.SourceTicksMax
            ? decodeTime
            : throw new MalformedMediaException("A decode time is out of range.");
    }
}
