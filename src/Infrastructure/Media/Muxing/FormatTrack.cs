using Events.Media.Mp4;

namespace Events.Media.Muxing;

/// <summary>
/// The formats that a track has had. Its header can tell a decoder one only; another one's parameter sets go before each of its
/// key frames, where decoders look for them, too (avc3 and hev1 of ISO/IEC 14496-15).
/// </summary>
internal sealed class FormatTrack(StreamHeader first)
{
    private readonly int _lengthBytes = CodecSetup.Of(first).LengthBytes;

    public StreamHeader First { get; } = first;

    public bool HasChanged { get; private set; }

    /// <summary>The same codec, and units counted the same way: a decoder can go on.</summary>
    public bool CanHold(StreamHeader header) =>
        header.Codec == First.Codec && CodecSetup.Of(header).LengthBytes == _lengthBytes;

    /// <returns>What goes before each key frame; empty while the format is the first one.</returns>
    public byte[] PrefixFor(StreamHeader header)
    {
        HasChanged |= !First.HasSameFormatAs(header);
        if (!HasChanged)
        {
            return [];
        }

        using var bytes = new MemoryStream();
        foreach (byte[] set in CodecSetup.Of(header).ParameterSets)
        {
            for (int i = _lengthBytes - 1; i >= 0; i--)
            {
                bytes.WriteByte((byte)(set.Length >> (8 * i)));
            }

            bytes.Write(set);
        }

        return bytes.ToArray();
    }
}
