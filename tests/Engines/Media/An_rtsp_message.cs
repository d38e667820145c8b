using System.Text;
using Events.Media.Rtsp;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class An_rtsp_message
{
    private const string Whole = "SETUP rtsp://h/camera0 RTSP/1.0\r\nCSeq: 3\r\nTransport: a\r\ntransport: b\r\nContent-Length: 2\r\n\r\nhi";

    [Fact]
    public void is_read_with_its_headers()
    {
        Assert.Equal(RtspFind.Request, Read(Whole + "OPTIONS", out int used, out RtspRequest? request, out _));

        Assert.Equal(Whole.Length, used);
        Assert.Equal(("SETUP", "rtsp://h/camera0", "RTSP/1.0", 2), (request!.Method, request.Target, request.Version, request.BodyBytes));
        Assert.Equal(("3", "a, b"), (request.Header("cseq"), request.Header("Transport")));
    }

    [Fact]
    public void is_waited_for_to_its_last_byte()
    {
        for (int length = 0; length < Whole.Length; length++)
        {
            Assert.Equal(RtspFind.NotYet, Read(Whole[..length], out _, out _, out _));
        }
    }

    [Theory]
    [InlineData("OPTIONS * RTSP/1.0\nCSeq: 1\n\n")]
    [InlineData("\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq:1\r\n\r\n")]
    [InlineData("OPTIONS * RTSP/1.0\r\nCSeq : 1\r\n\r\n", RtspFind.Broken)]
    [InlineData("OPTIONS * RTSP/1.0\r\n\r\n")]
    [InlineData("OPTIONS  * RTSP/1.0\r\n\r\n", RtspFind.Broken)]
    [InlineData("OPTIONS *\r\n\r\n", RtspFind.Broken)]
    [InlineData(" * RTSP/1.0\r\n\r\n", RtspFind.Broken)]
    [InlineData("OPTIONS * RTSP/1.0\r\n: x\r\n\r\n", RtspFind.Broken)]
    [InlineData("OPTIONS * RTSP/1.0\r\n folded\r\n\r\n", RtspFind.Broken)]
    [InlineData("OPTIONS * RTSP/1.0\r\nX: a\0b\r\n\r\n", RtspFind.Broken)]
    [InlineData("OPTIONS * RTSP/1.0\r\nX: a\rb\r\n\r\n", RtspFind.Broken)]
    [InlineData("OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n", RtspFind.Broken)]
    [InlineData("OPTIONS * RTSP/1.0\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", RtspFind.Broken)]
    [InlineData("OPTIONS * RTSP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n", RtspFind.Broken)]
    [InlineData("$\0\0\u0004data", RtspFind.Packet)]
    [InlineData("$\0\0\u0005data", RtspFind.NotYet)]
    [InlineData("$\0\u007f\u0005data", RtspFind.Broken)]
    public void may_be_good_or_broken(string text, object? expected = null) =>
        Assert.Equal(expected ?? RtspFind.Request, (object)Read(text, out _, out _, out _));

    [Theory]
    [InlineData(414, 5_000, 0, 0)]
    [InlineData(400, 10, 65, 0)]
    [InlineData(413, 10, 1, 5_000)]
    public void has_bounds(int code, int targetLength, int headers, int bodyBytes)
    {
        string text = $"OPTIONS {new string('a', targetLength)} RTSP/1.0\r\n"
            + string.Concat(Enumerable.Range(0, headers).Select(i => $"X{i}: 1\r\n")) + $"Content-Length: {bodyBytes}\r\n\r\n";

        Assert.Equal(RtspFind.Broken, Read(text, out _, out _, out RtspStatus fault));
        Assert.Equal(code, fault.Code);
        Assert.Equal(RtspFind.Broken, Read(new string('a', 30_000), out _, out _, out _));
        Assert.Equal(RtspFind.Broken, Read("A B C\r\n" + new string('a', 30_000), out _, out _, out _));
    }

    [Fact]
    public void of_any_bytes_is_read_calmly()
    {
        var soup = Gen.Elements(
            "OPTIONS", "DESCRIBE", " ", "*", "rtsp://h/camera0", "RTSP/1.0", "RTSP/2.0", "\r\n", "\n", "\r", ":", "CSeq: 1", "Session",
            "Content-Length: 5", "Content-Length: 4096", "$", "\0", "\u00ff", "a,b", ";", "=").ListOf().Select(string.Concat);
        var bytes = Gen.OneOf(soup.Select(Encoding.Latin1.GetBytes), ArbMap.Default.GeneratorFor<byte[]>());

        Prop.ForAll(bytes.ToArbitrary(), one =>
        {
            RtspFind found = RtspParser.Read(one, out int used, out RtspRequest? request, out _);
            return used >= 0 && used <= one.Length && (found == RtspFind.Request) == (request is not null)
                && (found is not (RtspFind.Request or RtspFind.Packet) || used > 0);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
    }

    /// <summary>However a stream is cut, the same messages come out of it.</summary>
    [Fact]
    public void does_not_depend_on_how_it_arrives()
    {
        byte[] stream = Encoding.Latin1.GetBytes(
            Whole + "$\u0001\0\u0003abc\r\nOPTIONS * RTSP/1.0\r\nCSeq: 4\r\n\r\n" + Whole + "$\0\0\0TEARDOWN x RTSP/1.0\n\n");
        string[] expected = ["SETUP", "packet", "OPTIONS", "SETUP", "packet", "TEARDOWN"];
        Prop.ForAll(Gen.Choose(1, 40).NonEmptyListOf().ToArbitrary(), cuts =>
        {
            List<string> found = [];
            List<byte> buffer = [];
            int turn = 0;
            for (int at = 0; at < stream.Length;)
            {
                int now = Math.Min(cuts[turn++ % cuts.Count], stream.Length - at);
                buffer.AddRange(stream[at..(at + now)]);
                at += now;
                for (RtspFind find = RtspFind.Request; find is RtspFind.Request or RtspFind.Packet;)
                {
                    find = RtspParser.Read(buffer.ToArray(), out int used, out RtspRequest? request, out _);
                    buffer.RemoveRange(0, used);
                    found.AddRange(request is not null ? [request.Method] : find is RtspFind.Packet ? ["packet"] : Array.Empty<string>());
                }
            }

            return found.SequenceEqual(expected);
        }).Check(Config.QuickThrowOnFailure);
    }

    [Theory]
    [InlineData("rtsp://h:8554/camera0?exp=1&sig=a-_b", "camera0", false, "exp=1&sig=a-_b")]
    [InlineData("rtsp://h/camera0/", "camera0", false, "")]
    [InlineData("rtsp://h/camera0/video?exp=1&sig=a", "camera0", true, "exp=1&sig=a")]
    [InlineData("rtsp://h/camera0?exp=1&sig=a/video", "camera0", true, "exp=1&sig=a")]
    [InlineData("rtsp://h/camera0/?exp=1&sig=a/", "camera0", false, "exp=1&sig=a")]
    [InlineData("RTSP://token:secret@h/camera0", "camera0", false, "")]
    [InlineData("rtsp://[::1]:8554/camera0", "camera0", false, "")]
    [InlineData("/camera0", "camera0", false, "")]
    [InlineData("rtsps://h:8322/camera0?exp=1&sig=a", "camera0", false, "exp=1&sig=a")]
    [InlineData("rtsp://h", "", false, "")]
    [InlineData("*", "", false, "")]
    public void names_a_camera(string target, string camera, bool isTrack, string query)
    {
        RtspAddress address = RtspAddress.TryParse(target)!;

        Assert.Equal((camera, isTrack, query), (address.Camera, address.IsTrack, address.Query));
        Assert.DoesNotContain("secret", address.ToUrl("rtsp", "x", false), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://h/camera0")]
    [InlineData("rtsp://h/camera0/audio")]
    [InlineData("rtsp://h/a/b/c")]
    [InlineData("rtsp://h/camera0\"><script>")]
    [InlineData("rtsp:///camera0 x")]
    [InlineData("rtsp://h/camera%30")]
    [InlineData("nonsense")]
    public void may_name_nothing(string target) => Assert.Null(RtspAddress.TryParse(target));

    [Theory]
    [InlineData("RTP/AVP/TCP;unicast;interleaved=0-1", false, 0, 1)]
    [InlineData("RTP/AVP;unicast;client_port=5000-5001", true, 5000, 5001)]
    [InlineData("RTP/AVP/UDP;unicast;client_port=5000", true, 5000, 5001)]
    [InlineData("RTP/AVP/TCP", false, null, null)]
    [InlineData("RTP/SAVP;unicast;client_port=1-2, RTP/AVP;multicast, rtp/avp/tcp;interleaved=4-5;mode=\"PLAY\"", false, 4, 5)]
    public void offers_a_way(string header, bool isUdp, int? first, int? second)
    {
        RtspTransport offer = RtspTransport.Choose(header, mayBeUdp: true)!;

        Assert.Equal((isUdp, first, second), (offer.IsUdp, offer.First, offer.Second));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("RTP/AVP;multicast;port=1-2")]
    [InlineData("RTP/AVP;unicast")]
    [InlineData("RTP/AVP;unicast;client_port=0-1")]
    [InlineData("RTP/AVP;unicast;client_port=65535")]
    [InlineData("RTP/AVP;unicast;client_port=7-7")]
    [InlineData("RTP/AVP/TCP;interleaved=255-256")]
    [InlineData("RTP/AVP/TCP;interleaved=0-1;mode=RECORD")]
    [InlineData(",,,,,,,,,,RTP/AVP/TCP")]
    public void may_offer_none_that_can_be_met(string? header) => Assert.Null(RtspTransport.Choose(header, mayBeUdp: true));

    [Fact]
    public void is_offered_no_way_beside_an_encrypted_connection()
    {
        Assert.Null(RtspTransport.Choose("RTP/AVP;unicast;client_port=5000-5001", mayBeUdp: false));
        Assert.False(RtspTransport.Choose("RTP/AVP;client_port=5000-5001,RTP/AVP/TCP", mayBeUdp: false)!.IsUdp);
    }

    private static RtspFind Read(string text, out int used, out RtspRequest? request, out RtspStatus fault) =>
        RtspParser.Read(Encoding.Latin1.GetBytes(text), out used, out request, out fault);
}
