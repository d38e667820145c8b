using System.Buffers.Binary;
using Events.Media.Live;
using Events.Media.Mp4;
using Events.Media.Rtp;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class An_rtp_stream
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("h264")]
    [InlineData("h265")]
    public async Task gives_back_every_picture_that_went_in(string codec)
    {
        StreamHeader header = await Pictures.HeaderAsync(codec);
        CodecSetup setup = CodecSetup.Of(header);
        var picture =
            from max in Gen.Choose(40, 1_388)
            from isKey in Gen.Elements(true, false)
            from units in Unit(setup.IsHevc).ListOf()
            select (Max: max, IsKey: isKey, Units: units.ToList());

        Prop.ForAll(picture.ToArbitrary(), one =>
        {
            var packetizer = new Packetizer(setup, one.Max);
            packetizer.Begin(Pictures.Unit(header, one.IsKey, Sample(one.Units)));
            List<byte[]> payloads = Payloads(packetizer, one.Max);
            Assert.Equal(Expected(one.IsKey, one.Units, setup), Unpack(payloads, setup.IsHevc));
            return payloads.All(payload => payload.Length <= one.Max);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Theory]
    [InlineData("h264")]
    [InlineData("h265")]
    public async Task takes_any_damage_calmly(string codec)
    {
        StreamHeader header = await Pictures.HeaderAsync(codec);
        var packetizer = new Packetizer(CodecSetup.Of(header));
        Prop.ForAll(ArbMap.Default.ArbFor<NonEmptyArray<byte>>(), bytes =>
        {
            packetizer.Begin(Pictures.Unit(header, true, bytes.Get));
            return Payloads(packetizer, Packetizer.PayloadBytesMax).Count < 100;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
    }

    [Fact]
    public async Task counts_its_packets_and_marks_the_last_of_a_picture()
    {
        StreamHeader header = await Pictures.HeaderAsync("h264");
        var stream = new RtpStream();
        var packetizer = new Packetizer(CodecSetup.Of(header));
        List<byte[]> packets = [];
        byte[] large = new byte[5_000];
        large[0] = 0x65;
        for (int i = 0; i < 3; i++)
        {
            packets.AddRange(Packets(stream, packetizer, Pictures.Unit(header, i == 0, Pictures.Join([large]), 1, i * 3_000)));
        }

        Assert.All(packets.Zip(packets.Skip(1)), pair => Assert.Equal((ushort)(Sequence(pair.First) + 1), Sequence(pair.Second)));
        uint[] times = [.. packets.Select(Time).Distinct()];
        Assert.Equal([3_000u, 3_000u], times.Zip(times.Skip(1), (one, next) => next - one));
        Assert.All(times, time => Assert.Equal(
            [.. packets.Where(packet => Time(packet) == time).SkipLast(1).Select(_ => false), true],
            packets.Where(packet => Time(packet) == time).Select(packet => packet[1] >> 7 == 1)));
        Assert.All(packets, packet => Assert.Equal((0x80, 96), ((int)packet[0], packet[1] & 0x7f)));
        Assert.Equal(packets.Count, stream.PacketCount);
    }

    [Fact]
    public async Task goes_on_by_the_arrivals_when_the_camera_comes_back_with_another_clock()
    {
        StreamHeader header = await Pictures.HeaderAsync("h264");
        var stream = new RtpStream();
        byte[] sample = Pictures.Join([[0x65, 1]]);
        uint first = stream.TimestampOf(Pictures.Unit(header, true, sample, 1, 900_000, Noon));
        uint second = stream.TimestampOf(Pictures.Unit(header, false, sample, 1, 903_000, Noon.AddMilliseconds(40)));
        uint again = stream.TimestampOf(Pictures.Unit(header, true, sample, 2, 77, Noon.AddSeconds(5)));

        Assert.Equal(3_000u, second - first);
        Assert.Equal((uint)(90 * 4_960), again - second);
    }

    [Fact]
    public async Task reports_how_its_time_stands_to_the_wall_clock()
    {
        StreamHeader header = await Pictures.HeaderAsync("h264");
        var stream = new RtpStream();
        byte[] to = new byte[200];
        Assert.Equal(0, stream.WriteReport(to, "camera0", Noon, isLast: false));
        AccessUnit unit = Pictures.Unit(header, true, Pictures.Join([[0x65, 1, 2]]), 1, 1_000_000, Noon);
        Packets(stream, new Packetizer(CodecSetup.Of(header)), unit);

        int bytes = stream.WriteReport(to, "camera0", Noon.AddMilliseconds(1_500), isLast: true);

        Assert.Equal([0x80, 200, 0, 6], to[..4]);
        Assert.Equal(2_208_988_800u + (uint)Noon.ToUnixTimeSeconds() + 1, U32(to, 8));
        Assert.Equal(0x8000_0000u, U32(to, 12));
        Assert.InRange(U32(to, 16) - stream.TimestampOf(unit), 134_999u, 135_001u);
        Assert.Equal((uint)stream.PacketCount, U32(to, 20));
        Assert.Equal([0x81, 202], to[28..30]);
        Assert.Equal("camera0"u8.ToArray(), to[38..45]);
        Assert.Equal([0x81, 203, 0, 1], to[(bytes - 8)..(bytes - 4)]);
        Assert.Equal(0, bytes % 4);
        Assert.True(ReceiverReport.TryRead(to.AsSpan(0, bytes), 1, out ReceiverReport? none));
        Assert.Null(none);
    }

    [Fact]
    public void reads_what_a_player_reports()
    {
        byte[] report = [0x81, 201, 0, 7, 0, 0, 0, 9, 0xaa, 0xbb, 0xcc, 0xdd, 25, 0, 0, 7, .. new byte[16]];

        Assert.True(ReceiverReport.TryRead(report, 0xaabbccdd, out ReceiverReport? found));
        Assert.Equal(7, found!.Value.LostCount);
        Assert.True(ReceiverReport.TryRead(report, 1, out found));
        Assert.Null(found);
        Assert.False(ReceiverReport.TryRead(report.AsSpan(0, 20), 0xaabbccdd, out _));
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => ReceiverReport.TryRead([0x81, 201, .. bytes], 0, out _) || true)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
    }

    private static Gen<byte[]> Unit(bool isHevc) =>
        from type in isHevc ? Gen.Choose(0, 47) : Gen.Choose(1, 23)
        from size in Gen.OneOf(Gen.Choose(isHevc ? 2 : 1, 60), Gen.Choose(2, 6_000))
        from fill in Gen.Choose(0, 255)
        from flags in Gen.Choose(0, 255)
        select Unit(isHevc, type, size, fill, flags);

    private static byte[] Unit(bool isHevc, int type, int size, int fill, int flags)
    {
        byte[] unit = [.. Enumerable.Range(0, size).Select(at => (byte)(fill + at))];
        unit[0] = (byte)(isHevc ? (flags & 0x80) | (type << 1) | (flags & 1) : (flags & 0xe0) | type);
        return unit;
    }

    private static byte[] Sample(List<byte[]> units) => units.Count > 0 ? Pictures.Join(units) : [0];

    private static List<byte[]> Expected(bool isKey, List<byte[]> units, CodecSetup setup)
    {
        int TypeOf(byte[] unit) => setup.IsHevc ? (unit[0] >> 1) & 0x3f : unit[0] & 0x1f;
        if (!isKey || units.Count == 0 || units.Exists(unit => TypeOf(unit) == (setup.IsHevc ? 33 : 7)))
        {
            return units;
        }

        int place = TypeOf(units[0]) == (setup.IsHevc ? 35 : 9) ? 1 : 0;
        return [.. units.Take(place), .. setup.ParameterSets, .. units.Skip(place)];
    }

    private static List<byte[]> Payloads(Packetizer packetizer, int max)
    {
        List<byte[]> payloads = [];
        byte[] buffer = new byte[max];
        while (!packetizer.IsDone)
        {
            payloads.Add(buffer[..packetizer.Next(buffer)]);
        }

        Assert.Equal(0, packetizer.Next(buffer));
        return payloads;
    }

    private static List<byte[]> Packets(RtpStream stream, Packetizer packetizer, AccessUnit unit)
    {
        List<byte[]> packets = [];
        byte[] buffer = new byte[RtpStream.PacketBytesMax];
        stream.Begin(unit);
        packetizer.Begin(unit);
        while (!packetizer.IsDone)
        {
            packets.Add(buffer[..stream.Write(packetizer, buffer)]);
        }

        return packets;
    }

    /// <summary>The other side, from the RFCs alone: RFC 6184, 5.6 to 5.8, and RFC 7798, 4.4.</summary>
    private static List<byte[]> Unpack(IEnumerable<byte[]> payloads, bool isHevc)
    {
        List<byte[]> units = [];
        List<byte>? open = null;
        int head = isHevc ? 2 : 1;
        foreach (byte[] payload in payloads)
        {
            int type = isHevc ? (payload[0] >> 1) & 0x3f : payload[0] & 0x1f;
            if (type == (isHevc ? 48 : 24))
            {
                for (int at = head; at < payload.Length;)
                {
                    int size = BinaryPrimitives.ReadUInt16BigEndian(payload.AsSpan(at));
                    units.Add(payload[(at + 2)..(at + 2 + size)]);
                    at += 2 + size;
                }
            }
            else if (type == (isHevc ? 49 : 28))
            {
                byte piece = payload[head];
                if ((piece & 0x80) != 0)
                {
                    Assert.Null(open);
                    open = isHevc
                        ? [(byte)((payload[0] & 0x81) | ((piece & 0x3f) << 1)), payload[1]]
                        : [(byte)((payload[0] & 0xe0) | (piece & 0x1f))];
                }

                open!.AddRange(payload[(head + 1)..]);
                if ((piece & 0x40) != 0)
                {
                    units.Add([.. open]);
                    open = null;
                }
            }
            else
            {
                units.Add(payload);
            }
        }

        Assert.Null(open);
        return units;
    }

    private static ushort Sequence(byte[] packet) => BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(2));

    private static uint Time(byte[] packet) => U32(packet, 4);

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));
}
