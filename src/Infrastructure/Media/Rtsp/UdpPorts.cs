using System.Net;
using System.Net.Sockets;

namespace Events.Media.Rtsp;

/// <summary>Hands out pairs of ports, an even one for pictures and the next for reports (RFC 3550, section 11).</summary>
internal sealed class UdpPorts(RtspOptions options)
{
    private readonly int _first = options.UdpPortFirst + (options.UdpPortFirst & 1);
    private readonly int _pairs = Math.Max(1, (options.UdpPortCount - (options.UdpPortFirst & 1)) / 2);
    private int _turn = -1;

    /// <param name="local">Our side of the viewer's connection: packets come from where the viewer asked.</param>
    /// <returns>Two sockets that send to the viewer's two ports and hear nobody else; null when no pair is free.</returns>
    public (Socket Rtp, Socket Rtcp)? TryTake(IPAddress local, IPAddress client, RtspTransport offer)
    {
        for (int tried = 0; tried < _pairs; tried++)
        {
            int pair = (int)((uint)Interlocked.Increment(ref _turn) % (uint)_pairs);
            int port = _first + (2 * pair);
            if (TryOpen(local, port, client, offer.First!.Value) is not Socket rtp)
            {
                continue;
            }

            if (TryOpen(local, port + 1, client, offer.Second!.Value) is Socket rtcp)
            {
                return (rtp, rtcp);
            }

            rtp.Dispose();
        }

        return null;
    }

    private static Socket? TryOpen(IPAddress local, int port, IPAddress client, int clientPort)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(local, port));
            socket.Connect(client, clientPort);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
