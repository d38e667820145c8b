using System.Buffers.Binary;
using Events.Media.Live;
using Events.Media.Mp4;

namespace Events.Tests.Engines.Media;

/// <summary>Pictures out of NAL units, with the header of a real stream.</summary>
internal static class Pictures
{
    private const uint Duration = 3_000;

    /// <summary>As ffmpeg writes it for a small clip.</summary>
    public static async Task<StreamHeader> HeaderAsync(string codec)
    {
        var sink = new HeaderSink();
        using var reader = new FragmentReader(File.OpenRead(await Clips.FragmentedAsync(codec)), sink);
        reader.ReadToEnd();
        return sink.Header!;
    }

    /// <summary>NAL units with their lengths before them, as the ingest gives them.</summary>
    public static byte[] Join(IEnumerable<byte[]> units) => [.. units.SelectMany(unit => Length(unit).Concat(unit))];

    public static Fragment Fragment(
        StreamHeader header, bool isKey, byte[] sample, int generation = 1, long decodeTime = 0, DateTimeOffset at = default)
    {
        var fragment = new Fragment(header, generation, isKey, decodeTime, at);
        fragment.Add(new SampleInfo(decodeTime, Duration, 0, isKey), sample);
        return fragment;
    }

    public static AccessUnit Unit(
        StreamHeader header, bool isKey, byte[] sample, int generation = 1, long decodeTime = 0, DateTimeOffset at = default) =>
        AccessUnit.Newest(Fragment(header, isKey, sample, generation, decodeTime, at));

    private static byte[] Length(byte[] unit)
    {
        byte[] prefix = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(prefix, unit.Length);
        return prefix;
    }

    private sealed class HeaderSink : ISampleSink
    {
        public StreamHeader? Header { get; private set; }

        public void TakeHeader(StreamHeader header) => Header = header;

        public void TakeSample(in SampleInfo sample, ReadOnlySpan<byte> data)
        {
        }
    }
}
