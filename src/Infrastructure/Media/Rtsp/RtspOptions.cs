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
}

/// <summary>RTSP within TLS, as <c>rtsps</c>, where packets go over the connection alone.</summary>
/// <param name="Listen">Address and port; port 0 takes any free one.</param>
/// <param name="Current">What the next connection is shown; asked for each time.</param>
public sealed record RtspTls(IPEndPoint Listen, Func<SslServerAuthenticationOptions> Current);
