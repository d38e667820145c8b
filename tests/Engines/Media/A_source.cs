using System.Net;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media.Ingest;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class A_source
{
    [Theory]
    [InlineData("file:///clips/-y.mp4", "file:/clips/-y.mp4")]
    [InlineData("file:///clips/a%20b;$(id).mp4", "file:/clips/a b;$(id).mp4")]
    [InlineData("v4l2:/dev/video0", "/dev/video0")]
    [InlineData("test:pattern?size=99999x1&fps=0", "testsrc2=size=3840x64:rate=1")]
    [InlineData("test:pattern?size=64x64[out];movie=/etc/passwd", "testsrc2=size=1280x720:rate=30")]
    [InlineData("test:pattern", "testsrc2=size=1280x720:rate=30")]
    public void is_one_argument_and_nothing_more(string source, string expected)
    {
        IReadOnlyList<string> arguments = SourceArguments.For(SourceUrl.TryParse(source)!, null, null, false).Arguments;
        Assert.Equal(expected, arguments[arguments.ToList().IndexOf("-i") + 1]);
    }

    [Theory]
    [InlineData("v4l2:/dev/sda")]
    [InlineData("v4l2:/dev/video0:x")]
    public void that_is_no_camera_is_refused(string source) =>
        Assert.Throws<ArgumentException>(() => SourceArguments.For(SourceUrl.TryParse(source)!, null, null, false));

    [Fact]
    public void on_the_network_cannot_leave_its_quotes()
    {
        var credentials = new SourceCredentials("a'b\n", "c'\noption x y");
        IngestCommand command = SourceArguments.For(SourceUrl.TryParse("rtsp://host/it's")!, credentials, null, false);

        string[] lines = command.Script!.Split('\n');
        Assert.Equal("file 'rtsp://a%27b%0A:c%27%0Aoption%20x%20y@host/it%27s'", lines[1]);
        Assert.All(lines[2..^1], line => Assert.StartsWith("option ", line));
        Assert.DoesNotContain("host", string.Join(' ', command.Arguments));
    }

    [Theory]
    [InlineData("rtsp://cam.example:8554/a?b=c", "10.0.0.5", "rtsp://u:p@10.0.0.5:8554/a?b=c", null)]
    [InlineData("rtsp://cam.example", "fd00::5", "rtsp://u:p@[fd00::5]/", null)]
    [InlineData("rtsp://0xA000005/it's", "10.0.0.5", "rtsp://u:p@10.0.0.5/it%27s", null)]
    [InlineData("rtsps://cam.example:322/a", "10.0.0.5", "rtsps://u:p@cam.example:322/a", null)]
    [InlineData("http://cam.example:8080/a?b=/c", "10.0.0.5", "http://u:p@10.0.0.5:8080/a?b=/c", "cam.example:8080")]
    [InlineData("http://cam.example/a", "fd00::5", "http://u:p@[fd00::5]/a", "cam.example")]
    [InlineData("http://10.0.0.5/a", "10.0.0.5", "http://u:p@10.0.0.5/a", null)]
    [InlineData("https://cam.example/a", "10.0.0.5", "https://u:p@cam.example/a", null)]
    public void is_connected_to_where_was_looked(string source, string at, string opened, string? asHost)
    {
        IngestCommand command = SourceArguments.For(
            SourceUrl.TryParse(source)!, new SourceCredentials("u", "p"), IPAddress.Parse(at), false);

        string[] lines = command.Script!.Split('\n');
        Assert.Equal($"file '{opened}'", lines[1]);
        Assert.Equal(
            asHost is null ? [] : [$"option headers 'Host: {asHost}'"],
            lines.Where(line => line.StartsWith("option headers", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("rtsp://h/x", "tcp,rtp,udp")]
    [InlineData("rtsps://h/x", "tls,tcp")]
    [InlineData("http://h/x", "http,tcp")]
    [InlineData("https://h/x", "https,tls,tcp")]
    public void opens_its_own_protocol_and_no_playlist(string source, string protocols)
    {
        IngestCommand command = SourceArguments.For(SourceUrl.TryParse(source)!, null, null, false);

        Assert.Equal($"pipe,{protocols}", command.Arguments[command.Arguments.ToList().IndexOf("-protocol_whitelist") + 1]);
        string formats = Assert.Single(command.Script!.Split('\n'), line => line.StartsWith("option format_whitelist ", StringComparison.Ordinal));
        Assert.Empty(formats.Split(' ')[2].Split(',').Intersect(["hls", "dash", "sdp", "concat", "applehttp", "mpegtsraw", "image2"]));
    }

    [Fact]
    public void that_sends_us_on_is_noticed_at_once_and_small_talk_is_left_out()
    {
        int times = 0;
        var tail = new ErrorTail(new SourceCredentials("u", "p4ss"));
        byte[] said =
        [
            .. "[http @ 0x1] [warning] No trailing CRLF found in HTTP header. Adding it.\n[info] Input #0, concat, from 'pipe:0':\n"u8,
            .. "[concat @ 0x2] [rtsp @ 0x1] [info] Status 302: Redirecting to rtsp://u:p4ss@h/x\n[error] pipe:0: Gone\n"u8,
        ];
        tail.ReadToEnd(new MemoryStream(said[..said.AsSpan().IndexOf("[concat"u8)]), () => times++);
        Assert.Null(tail.LastWords());
        Assert.Equal((0, false), (times, tail.IsSentOn));

        tail.ReadToEnd(new MemoryStream(said), () => times++);
        Assert.Equal((1, true, "pipe:0: Gone"), (times, tail.IsSentOn, tail.LastWords()));
        Assert.DoesNotContain("p4ss", string.Join('\n', tail.Lines));
        Assert.DoesNotContain("Input", string.Join('\n', tail.Lines));
    }

    [Fact]
    public void complains_without_its_password()
    {
        var tail = new ErrorTail(new SourceCredentials("u", "p@ss/word"));
        byte[] said = [.. "[rtsp @ 0x1] rtsp://u:p%40ss%2Fword@h/x failed\r\np@ss/word rtsp://x:y@h\n"u8];
        tail.ReadToEnd(new MemoryStream(said));
        Assert.Equal(["[rtsp @ 0x1] rtsp://•••@h/x failed", "••• rtsp://•••@h"], tail.Lines);
    }

    [Fact]
    public void whose_parameters_are_credentials_is_opened_as_it_is_and_spoken_of_without_them()
    {
        const string whole = "rtsp://host/user=ada_password=s3%2Fcret_channel=1";
        var credentials = new SourceCredentials("", "", whole);
        SourceUrl opened = SourceArguments.Opened(SourceUrl.TryParse("rtsp://host/user=***_password=***_channel=1")!, credentials);
        IngestCommand command = SourceArguments.For(opened, credentials, null, false);
        Assert.Equal($"file '{whole}'", command.Script!.Split('\n')[1]);
        Assert.DoesNotContain("cret", string.Join(' ', command.Arguments));

        var tail = new ErrorTail(credentials);
        tail.ReadToEnd(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(
            $"Impossible to open '{whole}'\n404 for s3/cret and s3%2fcret\nredirected to http://host/x?token=abc&channel=2 now\n")));
        Assert.Equal(
            [
                "Impossible to open 'rtsp://host/user=***_password=***_channel=1",
                "404 for ••• and •••",
                "redirected to http://host/x?token=***&channel=2 now",
            ],
            tail.Lines);
    }

    [Fact]
    public void is_tried_again_after_growing_pauses()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), () => 1);
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], Enumerable.Range(0, 8).Select(_ => (int)backoff.Next().TotalSeconds));
        backoff.Reset();
        Assert.Equal(TimeSpan.FromSeconds(1), backoff.Next());
        Assert.Equal(TimeSpan.FromSeconds(0.5), new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), () => 0).Next());
    }

    [Fact]
    public void arrives_in_order_when_the_clock_is_set_back()
    {
        var time = new SettableTime();
        var clock = new ArrivalClock(time);
        DateTimeOffset first = clock.Now();
        time.Wall -= TimeSpan.FromHours(1);
        time.Steady += TimeSpan.FromSeconds(1);
        Assert.Equal(first.AddSeconds(1), clock.Now());

        time.Wall += TimeSpan.FromHours(3);
        Assert.Equal(time.Wall, clock.Now());
    }

    private sealed class SettableTime : TimeProvider
    {
        public DateTimeOffset Wall { get; set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public TimeSpan Steady { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Steady.Ticks;
    }
}
