using Events.Media.Mp4;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class A_fragment_reader
{
    [Fact]
    public async Task finds_every_picture_of_a_real_stream()
    {
        byte[] bytes = await File.ReadAllBytesAsync(await Clips.FragmentedAsync(), Studio.Cancel);
        Samples found = Read(bytes, chunkBytes: 7);

        Assert.Equal(("h264", 640, 360), (found.Header!.Codec, found.Header.Width, found.Header.Height));
        Assert.Equal(90, found.All.Count);
        Assert.Equal(4, found.All.Count(sample => sample.IsKey));
        Assert.All(found.All.Zip(found.All.Skip(1)), pair => Assert.Equal(3000, pair.Second.DecodeTime - pair.First.DecodeTime));
        Assert.Equal(Read(bytes, int.MaxValue).Bytes, found.Bytes);
    }

    [Fact]
    public async Task takes_any_damage_calmly()
    {
        byte[] whole = await File.ReadAllBytesAsync(await Clips.FragmentedAsync(), Studio.Cancel);
        byte[] start = whole[..Math.Min(whole.Length, 60_000)];
        var damage = Gen.Choose(0, start.Length - 1).Zip(Gen.Choose(0, 255)).ListOf(4);
        Prop.ForAll(damage.ToArbitrary(), changes =>
        {
            byte[] bytes = [.. start];
            foreach ((int at, int value) in changes)
            {
                // Half of the damage goes where it hurts: into the header and the first tables.
                bytes[at % 2 == 0 ? at % 2_000 : at] = (byte)value;
            }

            return IsCalm(bytes);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Fact]
    public void takes_any_nonsense_calmly() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => IsCalm(bytes) && IsCalm([0, 0, 0, 9, .. "moov"u8, .. bytes]))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Fact]
    public void refuses_a_table_that_asks_for_gigabytes()
    {
        byte[] bytes = [0x7f, 0xff, 0xff, 0xff, .. "moov"u8, .. new byte[64]];
        Assert.Throws<MalformedMediaException>(() => Read(bytes, int.MaxValue));
    }

    private static bool IsCalm(byte[] bytes)
    {
        try
        {
            Read(bytes, 4_096);
        }
        catch (MalformedMediaException)
        {
            return true;
        }

        return true;
    }

    private static Samples Read(byte[] bytes, int chunkBytes)
    {
        var samples = new Samples();
        using var reader = new FragmentReader(new Trickle(bytes, chunkBytes), samples);
        reader.ReadToEnd();
        return samples;
    }

    private sealed class Samples : ISampleSink
    {
        public StreamHeader? Header { get; private set; }

        public List<SampleInfo> All { get; } = [];

        public long Bytes { get; private set; }

        public void TakeHeader(StreamHeader header) => Header = header;

        public void TakeSample(in SampleInfo sample, ReadOnlySpan<byte> data)
        {
            All.Add(sample);
            Bytes += data.Length;
        }
    }

    private sealed class Trickle(byte[] bytes, int chunkBytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, chunkBytes));
    }
}
