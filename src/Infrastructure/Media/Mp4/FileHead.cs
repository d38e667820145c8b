using System.Buffers.Binary;

namespace Events.Media.Mp4;

/// <summary>
/// Writes and reads the header of our files: <c>ftyp</c>, for recordings a <c>uuid</c> box that says when the first picture
/// arrived, and a <c>moov</c> without samples. Players skip the <c>uuid</c> box (ISO/IEC 14496-12, 11.1).
/// </summary>
internal static class FileHead
{
    /// <summary>In seconds: from 1904, where MP4 counts from, to 1970.</summary>
    private const ulong MacEpochSeconds = 2_082_844_800;

    /// <summary>In bytes: extended type, version and flags, then arrival in microseconds since 1970.</summary>
    private const int StartBoxBodyBytes = 16 + 4 + 8;

    private static ReadOnlySpan<byte> StartBoxId =>
        [0x8e, 0x1d, 0x4b, 0x52, 0x6a, 0x07, 0x4f, 0x0e, 0x9c, 0x33, 0x51, 0x2f, 0x77, 0xa0, 0x0b, 0xd4];

    private static ReadOnlySpan<uint> UnitMatrix => [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

    /// <param name="startedAt">Arrival of the first picture; null for what is never a file of a recording.</param>
    public static byte[] Write(StreamHeader header, DateTimeOffset? startedAt) => Write([header], startedAt);

    /// <param name="tracks">In the order of their numbers, which count from 1.</param>
    /// <inheritdoc cref="Write(StreamHeader, DateTimeOffset?)"/>
    public static byte[] Write(IReadOnlyList<StreamHeader> tracks, DateTimeOffset? startedAt)
    {
        var to = new BoxWriter();
        int ftyp = to.Open(Box.Ftyp);
        to.Raw("iso6"u8);
        to.U32(0x200);
        to.Raw("iso6iso5mp41"u8);
        to.Close(ftyp);
        if (startedAt is DateTimeOffset at)
        {
            int start = to.Open(Box.Uuid);
            to.Raw(StartBoxId);
            to.U32(0);
            to.U64((ulong)((at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond));
            to.Close(start);
        }

        ulong created = MacEpochSeconds + (ulong)Math.Max(0, (startedAt ?? DateTimeOffset.UnixEpoch).ToUnixTimeSeconds());
        WriteMovie(to, tracks, created);
        return to.Written.ToArray();
    }

    /// <param name="body">Of a <c>uuid</c> box.</param>
    /// <returns>Null when the box is not ours.</returns>
    public static DateTimeOffset? ReadStart(ReadOnlySpan<byte> body)
    {
        if (body.Length < StartBoxBodyBytes || !body[..16].SequenceEqual(StartBoxId))
        {
            return null;
        }

        long microseconds = BinaryPrimitives.ReadInt64BigEndian(body[20..]);
        return microseconds is >= 0 and < 253_402_300_799_000_000 // the year 9999
            ? DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond)
            : null;
    }

    private static void WriteMovie(BoxWriter to, IReadOnlyList<StreamHeader> tracks, ulong created)
    {
        int moov = to.Open(Box.Moov);
        int mvhd = to.Open(Box.Mvhd, 1, 0);
        to.U64(created);
        to.U64(created);
        to.U32(MediaTime.Scale);
        to.U64(0);
        to.U32(0x1_0000); // rate 1
        to.U16(0x100); // volume 1
        to.Zeros(10);
        WriteMatrix(to);
        to.Zeros(24);
        to.U32((uint)tracks.Count + 1); // next track
        to.Close(mvhd);
        for (int i = 0; i < tracks.Count; i++)
        {
            WriteTrack(to, (uint)i + 1, tracks[i], created);
        }

        int mvex = to.Open(Box.Mvex);
        for (int i = 0; i < tracks.Count; i++)
        {
            int trex = to.Open(Box.Trex, 0, 0);
            to.U32((uint)i + 1);
            to.U32(1);
            to.Zeros(12);
            to.Close(trex);
        }

        to.Close(mvex);
        to.Close(moov);
    }

    private static void WriteTrack(BoxWriter to, uint number, StreamHeader header, ulong created)
    {
        int trak = to.Open(Box.Trak);
        int tkhd = to.Open(Box.Tkhd, 1, 3); // enabled, in movie
        to.U64(created);
        to.U64(created);
        to.U32(number);
        to.Zeros(4 + 8 + 8 + 8);
        WriteMatrix(to);
        to.U32((uint)header.Width << 16);
        to.U32((uint)header.Height << 16);
        to.Close(tkhd);
        WriteMedia(to, header, created);
        to.Close(trak);
    }

    private static void WriteMedia(BoxWriter to, StreamHeader header, ulong created)
    {
        int mdia = to.Open(Box.Mdia);
        int mdhd = to.Open(Box.Mdhd, 1, 0);
        to.U64(created);
        to.U64(created);
        to.U32(MediaTime.Scale);
        to.U64(0);
        to.U16(0x55c4); // language: undetermined
        to.U16(0);
        to.Close(mdhd);
        int hdlr = to.Open(Box.Hdlr, 0, 0);
        to.U32(0);
        to.Raw("vide"u8);
        to.Zeros(12);
        to.Raw("video\0"u8);
        to.Close(hdlr);

        int minf = to.Open(Box.Minf);
        int vmhd = to.Open(Box.Vmhd, 0, 1);
        to.Zeros(8);
        to.Close(vmhd);
        int dinf = to.Open(Box.Dinf);
        int dref = to.Open(Box.Dref, 0, 0);
        to.U32(1);
        to.Close(to.Open(Box.Url, 0, 1)); // in this file
        to.Close(dref);
        to.Close(dinf);
        WriteEmptyTables(to, header);
        to.Close(minf);
        to.Close(mdia);
    }

    private static void WriteEmptyTables(BoxWriter to, StreamHeader header)
    {
        int stbl = to.Open(Box.Stbl);
        int stsd = to.Open(Box.Stsd, 0, 0);
        to.U32(1);
        to.Raw(header.SampleEntry);
        to.Close(stsd);
        foreach (uint table in (ReadOnlySpan<uint>)[Box.Stts, Box.Stsc, Box.Stsz, Box.Stco])
        {
            int box = to.Open(table, 0, 0);
            to.Zeros(table == Box.Stsz ? 8 : 4);
            to.Close(box);
        }

        to.Close(stbl);
    }

    private static void WriteMatrix(BoxWriter to)
    {
        foreach (uint value in UnitMatrix)
        {
            to.U32(value);
        }
    }
}
