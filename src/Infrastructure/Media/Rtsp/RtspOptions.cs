using System.Net;
using System.Net.Security;

namespace Events.Media.Rtsp;

/// <summary>Settings of the RTSP server.</summary>
/// <param name="Listen">Address and port; port 0 takes any free one.</param>
/// <param name="UdpPortFirst">First port from which packets are sent over UDP; even.</param>
/// <param name="UdpPortCount">So many ports in a row. A viewer over UDP takes two.</param>
public sealed record RtspOptions(IPEndPoint Listen, int UdpPortFirst, int UdpPortCount)
{
    /// <summary>Null: the plain port alone.</summary>
    public RtspTls? Tls { get; init; }

    public RtspLimits Limits { get; init; } = new();
}

/// <summary>How many players may be connected at a time, playing or not, and what one may take without signing in.</summary>
public sealed record RtspLimits
{
    /// <summary>Half of them may be players that have just left or come.</summary>
    public int ConnectionsMax { get; init; } = 512;

    /// <summary>A wall of screens, or a house behind one router.</summary>
    public int ConnectionsPerAddressMax { get; init; } = 128;

    /// <summary>Of those, such as have not signed in yet: a wall of screens that is switched on.</summary>
    public int StrangersPerAddressMax { get; init; } = 64;

    /// <summary>From its coming on, whatever it asks meanwhile. People type a password in less.</summary>
    public TimeSpan SignInMax { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>RTSP within TLS, as <c>rtsps</c>, where packets go over the connection alone.</summary>
/// <param name="Listen">Address and port; port 0 takes any free one.</param>
/// <param name="Current">What the next connection is shown; asked for each time.</param>
public sealed record RtspTls(IPEndPoint Listen, Func<SslServerAuthenticationOptions> Current);
