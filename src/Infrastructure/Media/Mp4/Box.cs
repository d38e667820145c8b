namespace Events.Media.Mp4;

/// <summary>Box types of ISO/IEC 14496-12 and -15 that are read or written here, as big-endian numbers.</summary>
internal static class Box
{
    public const uint Ftyp = 0x66747970;
    public const uint Moov = 0x6d6f6f76;
    public const uint Moof = 0x6d6f6f66;
    public const uint Mdat = 0x6d646174;
    public const uint Mvhd = 0x6d766864;
    public const uint Trak = 0x7472616b;
    public const uint Tkhd = 0x746b6864;
    public const uint Mdia = 0x6d646961;
    public const uint Mdhd = 0x6d646864;
    public const uint Hdlr = 0x68646c72;
    public const uint Minf = 0x6d696e66;
    public const uint Vmhd = 0x766d6864;
    public const uint Dinf = 0x64696e66;
    public const uint Dref = 0x64726566;
    public const uint Url = 0x75726c20;
    public const uint Stbl = 0x7374626c;
    public const uint Stsd = 0x73747364;
    public const uint Stts = 0x73747473;
    public const uint Stsc = 0x73747363;
    public const uint Stsz = 0x7374737a;
    public const uint Stco = 0x7374636f;
    public const uint Mvex = 0x6d766578;
    public const uint Trex = 0x74726578;
    public const uint Mfhd = 0x6d666864;
    public const uint Traf = 0x74726166;
    public const uint Tfhd = 0x74666864;
    public const uint Tfdt = 0x74666474;
    public const uint Trun = 0x7472756e;
    public const uint Uuid = 0x75756964;
    public const uint Avc1 = 0x61766331;
    public const uint Avc3 = 0x61766333;
    public const uint Hvc1 = 0x68766331;
    public const uint Hev1 = 0x68657631;
    public const uint AvcC = 0x61766343;
    public const uint HvcC = 0x68766343;

    /// <summary>In bytes: size and type.</summary>
    public const int HeadBytes = 8;
}

/// <summary>
/// The bytes are not the MP4 that this room reads. The message names what was wrong and holds none of the bytes.
/// </summary>
internal sealed class MalformedMediaException(string message) : Exception(message);
