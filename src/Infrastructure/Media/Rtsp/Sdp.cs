using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Events.Media.Mp4;
using Events.Media.Rtp;

namespace Events.Media.Rtsp;

/// <summary>Describes a camera's stream for a player (RFC 4566; RFC 6184, section 8.2.1; RFC 7798, section 7.2.1).</summary>
internal static class Sdp
{
    /// <param name="local">Our side of the connection.</param>
    /// <param name="session">Tells this description from others, for caches.</param>
    /// <param name="framesPerSecond">0 when it is not known.</param>
    /// <param name="aggregate">Address of the camera as a whole.</param>
    /// <param name="track">Address of its picture track.</param>
    public static string Write(
        string name, IPAddress local, long session, CodecSetup setup, double framesPerSecond, string aggregate, string track)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        bool isV6 = local.AddressFamily == AddressFamily.InterNetworkV6;
        string family = isV6 ? "IP6" : "IP4";
        string any = isV6 ? "::" : "0.0.0.0";
        var text = new StringBuilder();
        text.Append(culture, $"v=0\r\no=- {session} 1 IN {family} {local}\r\ns={name}\r\nc=IN {family} {any}\r\n");
        text.Append(culture, $"t=0 0\r\na=control:{aggregate}\r\na=range:npt=now-\r\n");
        text.Append(culture, $"m=video 0 RTP/AVP {RtpStream.PayloadType}\r\n");
        text.Append(culture, $"a=rtpmap:{RtpStream.PayloadType} {(setup.IsHevc ? "H265" : "H264")}/{MediaTime.Scale}\r\n");
        text.Append(culture, $"a=fmtp:{RtpStream.PayloadType} {(setup.IsHevc ? HevcFormat(setup) : AvcFormat(setup))}\r\n");
        if (framesPerSecond > 0)
        {
            text.Append(culture, $"a=framerate:{framesPerSecond:0.##}\r\n");
        }

        text.Append(culture, $"a=control:{track}\r\n");
        return text.ToString();
    }

    private static string AvcFormat(CodecSetup setup)
    {
        string sets = string.Join(',', setup.ParameterSets.Select(Convert.ToBase64String));
        string named = sets.Length > 0 ? $";sprop-parameter-sets={sets}" : string.Empty;
        return $"packetization-mode=1;profile-level-id={Convert.ToHexString(setup.Profile)}{named}";
    }

    private static string HevcFormat(CodecSetup setup)
    {
        IEnumerable<string> sets = setup.ParameterSets
            .GroupBy(TypeOf, Convert.ToBase64String)
            .Select(kind => $"{NameOf(kind.Key)}={string.Join(',', kind)}");
        int profile = setup.Profile[0];
        string[] level =
        [
            $"profile-space={profile >> 6}", $"profile-id={profile & 0x1f}", $"tier-flag={(profile >> 5) & 1}",
            $"level-id={setup.Profile[1]}",
        ];
        return string.Join(';', level.Concat(sets));
    }

    private static string NameOf(int type) => type switch { 32 => "sprop-vps", 33 => "sprop-sps", _ => "sprop-pps" };

    private static int TypeOf(byte[] set) => NalFormat.H265.TypeOf(set);
}
