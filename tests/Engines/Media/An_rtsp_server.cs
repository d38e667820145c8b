using System.Diagnostics;
using Events.Media.Rtsp;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class An_rtsp_server
{
    private const int Fps = 30;

    [Theory]
    [InlineData("h264")]
    [InlineData("h265")]
    public async Task plays_every_picture_bit_by_bit_over_tcp_and_udp(string codec)
    {
        await using RtspCamera camera = await RtspCamera.MakeAsync(codec);
        await camera.StartAgainAsync();
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = await bed.ShowAsync(camera.Address);
        string[] known = await HashesAsync("-i", await Clips.AnnexBAsync(codec));

        string[][] seen = await Task.WhenAll(
            new[] { "tcp", "udp" }.Select(way => HashesAsync("-rtsp_transport", way, "-i", url, "-t", "5")));

        Assert.All(seen, hashes =>
        {
            int first = Array.IndexOf(known, hashes[0]);
            Assert.Equal(0, first % Fps); // A key frame.
            Assert.Equal(Enumerable.Range(first, hashes.Length).Select(at => known[at % known.Length]), hashes);
            Assert.InRange(hashes.Length, (5 * Fps) - Fps, (5 * Fps) + 1);
        });
        await Until.TrueAsync(() => bed.SeatCount == 0, TimeSpan.FromSeconds(10));
        Assert.True(bed.BytesSent > 100_000);
    }

    [Fact]
    public async Task plays_in_gstreamer_with_its_own_reports_going_both_ways()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync();
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = await bed.ShowAsync(camera.Address);

        foreach (string protocol in new[] { "tcp", "udp" })
        {
            (int code, string output, string errors) = await Program.RunAsync(
                "gst-launch-1.0", "-m", "rtspsrc", $"location={url}", $"protocols={protocol}", "latency=200", "!", "rtph264depay", "!",
                "h264parse", "!", "identity", "eos-after=120", "!", "fakesink", "silent=false", "-v");

            Assert.True(code == 0 && errors.Length == 0, $"{protocol}: {code} {errors} {output} {bed.Studio.Log.Text}");
            Assert.InRange(output.Split("fakesink0: last-message = chain").Length - 1, 115, 125);
        }

        Assert.DoesNotContain(" broke", bed.Studio.Log.Text, StringComparison.Ordinal);
        Assert.Contains(" 0 lost, 0 pictures skipped", bed.Studio.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task shows_the_present_group_of_pictures_at_once()
    {
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = await bed.ShowAsync("test:pattern?size=320x180&fps=1");
        await using RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port);

        long began = Stopwatch.GetTimestamp();
        RtspTalk.Answer answer = await talk.PlayAsync(url);
        await talk.ReadPacketsAsync(2);

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 0.8);
        (int channel, byte[] report) = talk.Packets[0];
        (_, byte[] first) = talk.Packets[1];
        Assert.Equal((1, 200), (channel, report[1]));
        Assert.Equal(24, first[12] & 0x1f); // Parameter sets before the key frame.
        string info = answer.Header("RTP-Info")!;
        Assert.Contains($"seq={(first[2] << 8) | first[3]};", info, StringComparison.Ordinal);
        uint time = ((uint)first[4] << 24) | ((uint)first[5] << 16) | ((uint)first[6] << 8) | first[7];
        Assert.EndsWith($"rtptime={time}", info, StringComparison.Ordinal);
        Assert.Equal("npt=now-", answer.Header("Range"));
    }

    [Fact]
    public async Task goes_on_when_the_camera_comes_back_and_ends_when_it_goes_for_good()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync();
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = await bed.ShowAsync(camera.Address);
        await using RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port);
        await talk.PlayAsync(url);
        await talk.ReadPacketsAsync(50);
        await camera.KillAsync();
        await bed.Studio.Listener.WaitAsync("disconnected");
        await camera.StartAgainAsync();
        await talk.ReadPacketsAsync(talk.Packets.Count + 200);

        ushort[] numbers =
        [
            .. talk.Packets.Where(packet => packet.Channel == 0).Select(packet => (ushort)((packet.Packet[2] << 8) | packet.Packet[3])),
        ];
        Assert.All(numbers.Zip(numbers.Skip(1)), pair => Assert.Equal((ushort)(pair.First + 1), pair.Second));
        await bed.Studio.Engine.DrainAsync(Studio.Cancel);
        Assert.True(await talk.IsClosedAsync());
        Assert.Equal(0, bed.SeatCount);
    }

    [Fact]
    public async Task ends_a_session_when_the_camera_comes_back_with_another_codec()
    {
        await using RtspCamera h264 = await RtspCamera.StartAsync();
        await using RtspCamera h265 = await RtspCamera.MakeAsync("h265");
        await h265.StartAgainAsync();
        await using RtspBed bed = await RtspBed.StartAsync();
        var target = Studio.Camera(h264.Address);
        await bed.Studio.Engine.WatchAsync(target, Studio.Cancel);
        bed.Add(target);
        await bed.Studio.Listener.WaitAsync("connected");
        await using RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port);
        await talk.PlayAsync(bed.UrlOf(target.Number));
        await talk.ReadPacketsAsync(20);

        await bed.Studio.Engine.WatchAsync(target with { Source = Domain.Kernel.SourceUrl.TryParse(h265.Address)! }, Studio.Cancel);

        Assert.True(await talk.IsClosedAsync());
        Assert.Contains("The camera sends something else now.", bed.Studio.Log.Text, StringComparison.Ordinal);
        await using RtspTalk again = await RtspTalk.ConnectAsync(bed.Server.Port);
        Assert.Contains("H265/90000", (await again.AskAsync("DESCRIBE", bed.UrlOf(target.Number))).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task asks_for_a_name_in_ways_that_players_know()
    {
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = (await bed.ShowAsync("test:pattern?size=320x180&fps=10")).Split('?')[0];
        await using RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port);

        RtspTalk.Answer refused = await talk.AskAsync("DESCRIBE", url);
        Assert.Equal((401, "Basic realm=\"events\""), (refused.Code, refused.Header("WWW-Authenticate")));
        Assert.Contains("Bearer realm=\"events\"", refused.Headers["WWW-Authenticate"]);
        Assert.Equal(401, (await talk.AskAsync("SETUP", url, "Transport: RTP/AVP/TCP")).Code);
        Assert.Equal(401, (await talk.AskAsync("DESCRIBE", url, "Authorization: Bearer bad")).Code);
        Assert.Equal(200, (await talk.AskAsync("DESCRIBE", url, "Authorization: Bearer good")).Code);
        Assert.Equal(404, (await talk.AskAsync("DESCRIBE", bed.UrlOf(new Domain.Kernel.CameraNumber(999)))).Code);

        (int code, string output, _) = await Program.RunAsync(
            "ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0",
            url.Replace("rtsp://", "rtsp://token:good@", StringComparison.Ordinal));
        Assert.Equal((0, "h264,320,180"), (code, output.Trim()));
        await using RtspTalk guesser = await RtspTalk.ConnectAsync(bed.Server.Port);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(401, (await guesser.AskAsync("DESCRIBE", url)).Code);
        }

        Assert.True(await guesser.IsClosedAsync());
    }

    [Fact]
    public async Task keeps_to_the_states_of_a_session()
    {
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = await bed.ShowAsync("test:pattern?size=320x180&fps=10");
        await using RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port);

        Assert.Contains("GET_PARAMETER", (await talk.AskAsync("OPTIONS", "*")).Header("Public"), StringComparison.Ordinal);
        Assert.Equal(454, (await talk.AskAsync("PLAY", url)).Code);
        Assert.Equal(454, (await talk.AskAsync("TEARDOWN", url, "Session: nonsense")).Code);
        Assert.Equal(200, (await talk.AskAsync("GET_PARAMETER", url)).Code);
        Assert.Equal(405, (await talk.AskAsync("ANNOUNCE", url)).Code);
        Assert.Equal(501, (await talk.AskAsync("DANCE", url)).Code);
        Assert.Equal(551, (await talk.AskAsync("DESCRIBE", url, "Require: implicit-play")).Code);
        Assert.Equal(406, (await talk.AskAsync("DESCRIBE", url, "Accept: text/html")).Code);
        Assert.Equal(461, (await talk.AskAsync("SETUP", url, "Transport: RTP/AVP;multicast;port=1-2")).Code);
        Assert.Equal(505, (await talk.SayAsync($"DESCRIBE {url} RTSP/2.0\r\nCSeq: 1\r\n\r\n")).Code);
        Assert.Equal(400, (await talk.SayAsync($"DESCRIBE {url} RTSP/1.0\r\n\r\n")).Code);

        RtspTalk.Answer setUp = await talk.AskAsync("SETUP", url, "Transport: RTP/AVP/TCP;unicast;interleaved=6-7");
        Assert.Matches("^RTP/AVP/TCP;unicast;interleaved=6-7;ssrc=[0-9A-F]{8};mode=\"PLAY\"$", setUp.Header("Transport"));
        Assert.Matches("^[0-9a-f]{32};timeout=60$", setUp.Header("Session"));
        Assert.Equal(455, (await talk.AskAsync("PAUSE", url)).Code);
        Assert.Equal(200, (await talk.AskAsync("PLAY", url, "Range: npt=10-20")).Code);
        Assert.Equal(200, (await talk.AskAsync("PLAY", url)).Code);
        Assert.Equal(455, (await talk.AskAsync("SETUP", url, "Transport: RTP/AVP/TCP")).Code);
        await talk.ReadPacketsAsync(10);
        Assert.All(talk.Packets, packet => Assert.InRange(packet.Channel, 6, 7));
        Assert.Equal(200, (await talk.AskAsync("GET_PARAMETER", url)).Code);
        Assert.Equal(200, (await talk.AskAsync("PAUSE", url)).Code);
        int paused = talk.Packets.Count;
        Assert.Equal(200, (await talk.AskAsync("OPTIONS", url)).Code);
        Assert.Equal(paused, talk.Packets.Count);
        Assert.Equal(200, (await talk.AskAsync("PLAY", url)).Code);
        await talk.ReadPacketsAsync(paused + 10);
        Assert.Equal(1, bed.SeatCount);
        Assert.Equal(200, (await talk.AskAsync("TEARDOWN", url)).Code);
        Assert.Equal(0, bed.SeatCount);
        Assert.Equal(454, (await talk.AskAsync("PLAY", url)).Code);
    }

    [Fact]
    public async Task lets_a_session_be_used_by_its_own_connection_alone()
    {
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = await bed.ShowAsync("test:pattern?size=320x180&fps=10");
        await using RtspTalk owner = await RtspTalk.ConnectAsync(bed.Server.Port);
        await owner.PlayAsync(url);
        await using RtspTalk thief = await RtspTalk.ConnectAsync(bed.Server.Port);

        Assert.Equal(454, (await thief.AskAsync("TEARDOWN", url, $"Session: {owner.Session}")).Code);
        Assert.Equal(454, (await thief.AskAsync("PAUSE", url, $"Session: {owner.Session}")).Code);
        await owner.ReadPacketsAsync(owner.Packets.Count + 20);
    }

    [Fact]
    public async Task has_so_many_places_and_no_more()
    {
        await using RtspBed bed = await RtspBed.StartAsync();
        bed.SeatsMax = 1;
        string url = await bed.ShowAsync("test:pattern?size=320x180&fps=10");
        await using RtspTalk first = await RtspTalk.ConnectAsync(bed.Server.Port);
        await first.PlayAsync(url);
        await using RtspTalk second = await RtspTalk.ConnectAsync(bed.Server.Port);

        Assert.Equal(453, (await second.AskAsync("SETUP", url, "Transport: RTP/AVP/TCP")).Code);
        await first.DisposeAsync();
        await Until.TrueAsync(() => bed.SeatCount == 0, TimeSpan.FromSeconds(10));
        Assert.Equal(200, (await second.AskAsync("SETUP", url, "Transport: RTP/AVP/TCP")).Code);
    }

    [Fact]
    public async Task keeps_places_of_an_address_from_strangers()
    {
        await using RtspBed bed = await RtspBed.StartAsync(
            limits: new RtspLimits { StrangersPerAddressMax = 2, ConnectionsPerAddressMax = 4 });
        string url = await bed.ShowAsync("test:pattern?size=320x180&fps=10");
        await using RtspTalk known = await RtspTalk.ConnectAsync(bed.Server.Port);
        await known.PlayAsync(url);
        await using RtspTalk one = await RtspTalk.ConnectAsync(bed.Server.Port);
        await using RtspTalk two = await RtspTalk.ConnectAsync(bed.Server.Port);
        Assert.Equal(200, (await one.AskAsync("OPTIONS", "*")).Code);
        Assert.Equal(401, (await two.AskAsync("DESCRIBE", url.Split('?')[0])).Code);

        await using RtspTalk three = await RtspTalk.ConnectAsync(bed.Server.Port);
        Assert.True(await three.IsClosedAsync());
        Assert.Equal(["too_many_connections"], bed.TurnedAwayFor);

        // Whoever signs in leaves a stranger's place, until the address has as many as it may have in all.
        Assert.Equal(200, (await one.AskAsync("DESCRIBE", url)).Code);
        await using RtspTalk four = await RtspTalk.ConnectAsync(bed.Server.Port);
        Assert.Equal(200, (await four.AskAsync("DESCRIBE", url)).Code);
        await using RtspTalk five = await RtspTalk.ConnectAsync(bed.Server.Port);
        Assert.True(await five.IsClosedAsync());
        await two.DisposeAsync();
        long began = Stopwatch.GetTimestamp();
        while (!await IsLetInAsync(bed))
        {
            Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
        }

        await known.ReadPacketsAsync(known.Packets.Count + 20);
    }

    [Fact]
    public async Task lets_nobody_stay_who_does_not_sign_in()
    {
        await using RtspBed bed = await RtspBed.StartAsync(limits: new RtspLimits { SignInMax = TimeSpan.FromSeconds(2) });
        string url = await bed.ShowAsync("test:pattern?size=320x180&fps=10");
        await using RtspTalk known = await RtspTalk.ConnectAsync(bed.Server.Port);
        Assert.Equal(200, (await known.AskAsync("DESCRIBE", url)).Code);
        await using RtspTalk stranger = await RtspTalk.ConnectAsync(bed.Server.Port);
        long began = Stopwatch.GetTimestamp();
        RtspTalk.Answer answer;
        while ((answer = await stranger.SayAsync("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")).Code == 200)
        {
            Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
            await Task.Delay(100, Studio.Cancel);
        }

        Assert.Equal(408, answer.Code);
        Assert.True(await stranger.IsClosedAsync());
        Assert.Equal(["not_signed_in"], bed.TurnedAwayFor);
        Assert.Equal(200, (await known.AskAsync("OPTIONS", "*")).Code);
    }

    [Fact]
    public async Task ends_a_session_when_the_right_to_look_ends()
    {
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = await bed.ShowAsync("test:pattern?size=320x180&fps=10");
        bed.Until = TimeProvider.System.GetUtcNow().AddSeconds(2);
        await using RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port);
        await talk.PlayAsync(url);

        Assert.True(await talk.IsClosedAsync());
        Assert.Contains("The right to look has ended.", bed.Studio.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task says_when_it_cannot_show_anything()
    {
        await using RtspBed bed = await RtspBed.StartAsync();
        var target = Studio.Camera("rtsp://127.0.0.1:1/none");
        await bed.Studio.Engine.WatchAsync(target, Studio.Cancel);
        bed.Add(target);
        await using RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port);
        Assert.Equal(503, (await talk.AskAsync("DESCRIBE", bed.UrlOf(target.Number))).Code);
        bed.IsBroken = true;
        await using RtspTalk other = await RtspTalk.ConnectAsync(bed.Server.Port);
        Assert.Equal(503, (await other.AskAsync("DESCRIBE", bed.UrlOf(target.Number))).Code);
        Assert.Equal(200, (await other.AskAsync("OPTIONS", "*")).Code);
    }

    [Fact]
    public async Task is_not_held_up_by_a_viewer_that_never_reads()
    {
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = await bed.ShowAsync("test:pattern?size=1280x720&fps=30");
        await using RtspTalk deaf = await RtspTalk.ConnectAsync(bed.Server.Port, receiveBytes: 4096);
        await deaf.PlayAsync(url);
        await using RtspTalk good = await RtspTalk.ConnectAsync(bed.Server.Port);
        await good.PlayAsync(url);

        await Until.TrueAsync(() => bed.SeatCount == 1, TimeSpan.FromSeconds(60), () => $"{bed.SeatCount} viewers; {bed.Studio.Log.Text}");

        Assert.Contains("The player took nothing for too long.", bed.Studio.Log.Text, StringComparison.Ordinal);
        long began = Stopwatch.GetTimestamp();
        await good.ReadPacketsAsync(good.Packets.Count + 400);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
    }

    [Fact]
    public async Task shows_sixteen_viewers_at_once_every_picture()
    {
        const int viewers = 16;
        await using RtspCamera camera = await RtspCamera.StartAsync();
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = await bed.ShowAsync(camera.Address);

        ushort[][] all = await Task.WhenAll(Enumerable.Range(0, viewers).Select(async _ =>
        {
            await using RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port);
            await talk.PlayAsync(url);
            while (talk.Packets.Count(packet => packet.Channel == 0 && packet.Packet[1] >> 7 == 1) < 4 * Fps)
            {
                await talk.ReadPacketsAsync(talk.Packets.Count + 50);
            }

            return talk.Packets.Where(packet => packet.Channel == 0)
                .Select(packet => (ushort)((packet.Packet[2] << 8) | packet.Packet[3])).ToArray();
        }));

        Assert.All(all, numbers => Assert.All(
            numbers.Zip(numbers.Skip(1)), pair => Assert.Equal((ushort)(pair.First + 1), pair.Second)));
        await Until.TrueAsync(() => bed.SeatCount == 0, TimeSpan.FromSeconds(20));
        Assert.Equal(viewers, bed.Studio.Log.Text.Split(" 0 pictures skipped").Length - 1);
    }

    [Fact]
    public async Task outlives_whatever_is_thrown_at_it()
    {
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = await bed.ShowAsync("test:pattern?size=320x180&fps=10");
        await using RtspTalk viewer = await RtspTalk.ConnectAsync(bed.Server.Port);
        await viewer.PlayAsync(url);
        var random = new Random(1);
        byte[] noise = new byte[40_000];
        random.NextBytes(noise);
        byte[][] attacks =
        [
            noise, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc], new byte[20_000], "$"u8.ToArray(),
            System.Text.Encoding.ASCII.GetBytes("DESCRIBE rtsp://x/" + new string('a', 20_000)),
            System.Text.Encoding.ASCII.GetBytes("OPTIONS * RTSP/1.0\r\n" + string.Concat(Enumerable.Range(0, 5_000).Select(i => $"X{i}: 1\r\n"))),
            System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", 1_000))),
            System.Text.Encoding.ASCII.GetBytes($"SETUP {url} RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP\r\n\r\n" + new string('$', 9_000)),
        ];
        foreach (byte[] attack in attacks)
        {
            await using RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port);
            try
            {
                await talk.Stream.WriteAsync(attack, Studio.Cancel);
            }
            catch (IOException)
            {
                continue; // It was shown the door in the middle.
            }
        }

        await viewer.ReadPacketsAsync(viewer.Packets.Count + 30);
        Assert.Equal(200, (await viewer.AskAsync("OPTIONS", "*")).Code);
        await Until.TrueAsync(() => bed.SeatCount == 1, TimeSpan.FromSeconds(20));
        Assert.DoesNotContain(" broke", bed.Studio.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task gives_a_request_that_trickles_in_its_time_and_no_more()
    {
        await using RtspBed bed = await RtspBed.StartAsync();
        await using RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port);
        long began = Stopwatch.GetTimestamp();
        await talk.Stream.WriteAsync("OPTIONS * RTSP/1.0\r\n"u8.ToArray(), Studio.Cancel);
        Task<bool> closed = talk.IsClosedAsync();
        while (!closed.IsCompleted)
        {
            try
            {
                await talk.Stream.WriteAsync("X: 1\r\n"u8.ToArray(), Studio.Cancel);
            }
            catch (IOException)
            {
                break; // It is closed.
            }

            await Task.WhenAny(closed, Task.Delay(500, Studio.Cancel));
        }

        Assert.True(await closed);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, RtspConnection.RequestMax.TotalSeconds - 1, 20);
    }

    [Fact]
    public async Task leaves_a_player_over_udp_that_has_gone()
    {
        await using RtspBed bed = await RtspBed.StartAsync();
        string url = await bed.ShowAsync("test:pattern?size=320x180&fps=10");
        await using (RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port))
        {
            RtspTalk.Answer setUp = await talk.AskAsync("SETUP", url, "Transport: RTP/AVP;unicast;client_port=21998-21999");
            Assert.Matches(@"^RTP/AVP;unicast;client_port=21998-21999;server_port=22\d+-22\d+;ssrc", setUp.Header("Transport"));
            Assert.Equal(200, (await talk.AskAsync("PLAY", url)).Code);
        }

        await Until.TrueAsync(() => bed.SeatCount == 0, TimeSpan.FromSeconds(20));
        Assert.Contains("The player has closed its port.", bed.Studio.Log.Text, StringComparison.Ordinal);
    }

    /// <summary>Of each picture as ffmpeg decodes it, in order. Fails when ffmpeg has anything to complain of.</summary>
    private static async Task<bool> IsLetInAsync(RtspBed bed)
    {
        await using RtspTalk talk = await RtspTalk.ConnectAsync(bed.Server.Port);
        try
        {
            return (await talk.AskAsync("OPTIONS", "*")).Code == 200;
        }
        catch (Exception e) when (e is IOException or Xunit.Sdk.XunitException)
        {
            return false; // Closed at once.
        }
    }

    private static async Task<string[]> HashesAsync(params string[] input)
    {
        (int code, string output, string errors) =
            await Program.RunAsync("ffmpeg", ["-v", "error", "-nostdin", .. input, "-map", "0:v", "-vsync", "0", "-f", "framemd5", "-"]);
        Assert.Equal((0, string.Empty), (code, errors));
        return
        [
            .. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('#'))
                .Select(line => line.Split(',')[^1].Trim()),
        ];
    }
}
