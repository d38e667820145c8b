using System.Net;
using Events.Media.Mp4;
using Events.Media.Rtp;
using Events.Media.Rtsp;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class An_rtsp_description
{
    [Fact]
    public async Task of_h264_names_profile_and_parameter_sets()
    {
        CodecSetup setup = CodecSetup.Of(await Pictures.HeaderAsync("h264"));

        Assert.Equal([7, 8], setup.ParameterSets.Select(set => NalFormat.H264.TypeOf(set)));
        Assert.Equal($"avc1.{Convert.ToHexStringLower(setup.ParameterSets[0], 1, 3)}", setup.Codecs);
        Assert.Equal(4, setup.LengthBytes);
        string sets = string.Join(',', setup.ParameterSets.Select(Convert.ToBase64String));
        Assert.Equal(
            $"""
            v=0
            o=- 77 1 IN IP4 127.0.0.1
            s=camera0
            c=IN IP4 0.0.0.0
            t=0 0
            a=control:rtsp://h/camera0
            a=range:npt=now-
            m=video 0 RTP/AVP 96
            a=rtpmap:96 H264/90000
            a=fmtp:96 packetization-mode=1;profile-level-id={Convert.ToHexString(setup.Profile)};sprop-parameter-sets={sets}
            a=framerate:29.97
            a=control:rtsp://h/camera0/video

            """.ReplaceLineEndings("\r\n"),
            Sdp.Write("camera0", IPAddress.Loopback, 77, setup, 29.97, "rtsp://h/camera0", "rtsp://h/camera0/video"));
    }

    [Fact]
    public async Task of_h265_names_its_three_parameter_sets()
    {
        CodecSetup setup = CodecSetup.Of(await Pictures.HeaderAsync("h265"));
        string text = Sdp.Write("camera0", IPAddress.IPv6Loopback, 77, setup, 0, "a", "b");

        Assert.Equal([32, 33, 34], setup.ParameterSets.Select(set => NalFormat.H265.TypeOf(set)));
        Assert.Contains("o=- 77 1 IN IP6 ::1\r\n", text, StringComparison.Ordinal);
        Assert.Contains("a=rtpmap:96 H265/90000\r\n", text, StringComparison.Ordinal);
        Assert.Matches("a=fmtp:96 profile-space=0;profile-id=[14];tier-flag=0;level-id=[0-9]+;sprop-vps=[^;]+;sprop-sps=[^;]+;", text);
        Assert.Matches(";sprop-pps=[^;]+\r\n", text);
        Assert.DoesNotContain("framerate", text, StringComparison.Ordinal);
    }

    /// <summary>What browsers are told must be what ffmpeg reads in the stream.</summary>
    [Fact]
    public async Task of_h265_agrees_with_ffmpeg_about_the_profile()
    {
        CodecSetup setup = CodecSetup.Of(await Pictures.HeaderAsync("h265"));
        (_, string output, _) = await Program.RunAsync(
            "ffprobe", "-v", "error", "-show_entries", "stream=profile,level", "-of", "csv=p=0", await Clips.FragmentedAsync("h265"));

        string[] words = output.Trim().Split(',');
        Assert.Matches(words[0] == "Main" ? @"^h[ve][vc]1\.1\.6\.L\d+" : @"^h[ve][vc]1\.4\.[0-9A-F]+\.L\d+", setup.Codecs);
        Assert.Contains($".L{words[1]}", setup.Codecs, StringComparison.Ordinal);
    }
}
