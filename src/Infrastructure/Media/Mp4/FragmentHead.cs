namespace Events.Media.Mp4;

/// <summary>Writes a <c>moof</c> and the head of the <c>mdat</c> behind it (ISO/IEC 14496-12, 8.8).</summary>
internal static class FragmentHead
{
    private const uint KeyFlags = 0x0200_0000;
    private const uint OtherFlags = 0x0101_0000;

    /// <param name="sampleCount">How many of the fragment's first pictures to take.</param>
    /// <returns>Bytes of those pictures: what has to follow.</returns>
    public static int Write(BoxWriter to, Fragment fragment, int sampleCount, uint sequence, long decodeTime) =>
        Write(to, fragment.Samples.Take(sampleCount), (uint)sampleCount, sequence, decodeTime);

    /// <returns>Bytes of the pictures: what has to follow.</returns>
    public static int Write(
        BoxWriter to, IEnumerable<Sample> samples, uint sampleCount, uint sequence, long decodeTime, uint track = 1)
    {
        int moof = to.Open(Box.Moof);
        int mfhd = to.Open(Box.Mfhd, 0, 0);
        to.U32(sequence);
        to.Close(mfhd);

        int traf = to.Open(Box.Traf);
        int tfhd = to.Open(Box.Tfhd, 0, 0x02_0000); // default-base-is-moof
        to.U32(track);
        to.Close(tfhd);
        int tfdt = to.Open(Box.Tfdt, 1, 0);
        to.U64((ulong)decodeTime);
        to.Close(tfdt);

        int trun = to.Open(Box.Trun, 1, 0x1 | 0x100 | 0x200 | 0x400 | 0x800);
        to.U32(sampleCount);
        int dataOffsetAt = to.Length;
        to.U32(0);
        int dataBytes = 0;
        foreach (Sample sample in samples)
        {
            to.U32(sample.Duration);
            to.U32((uint)sample.Size);
            to.U32(sample.IsKey ? KeyFlags : OtherFlags);
            to.U32((uint)sample.CompositionOffset);
            dataBytes += sample.Size;
        }

        to.Close(trun);
        to.Close(traf);
        to.Close(moof);
        to.PatchU32(dataOffsetAt, (uint)(to.Length - moof + Box.HeadBytes));
        to.U32((uint)(dataBytes + Box.HeadBytes));
        to.U32(Box.Mdat);
        return dataBytes;
    }
}
