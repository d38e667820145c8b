using System.Net;

namespace Events.Media.Rtsp;

/// <summary>Settings of the RTSP server.</summary>
/// <param name="Listen">Address and port; port 0 takes any free one.</param>
/// <param name="UdpPortFirst">First port from which packets are sent over UDP; even.</param>
/// <param name="UdpPortCount">So many ports in a row. A viewer over UDP takes two.</param>
public sealed record RtspOptions(IPEndPoint Listen, int UdpPortFirst, int UdpPortCount);
