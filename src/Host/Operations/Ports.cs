using System.Net;
using System.Net.Sockets;

namespace Events.Host.Operations;

/// <summary>Looks whether ports are free before anything else is started, so that the message is about the port.</summary>
internal static class Ports
{
    /// <param name="host">An address or <c>localhost</c>.</param>
    /// <param name="key">The setting to name, e.g. <c>Server.Port</c>.</param>
    /// <param name="flag">The flag to name, e.g. <c>--port</c>.</param>
    /// <exception cref="StartRefusedException">The port cannot be listened on.</exception>
    public static void RequireFree(string host, int port, string key, string flag)
    {
        var address = host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(host);
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
        }
        catch (SocketException failure)
        {
            var what = failure.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse =>
                    $"is in use by another program. End that one, or choose another port with {flag} (setting {key}).",
                SocketError.AccessDenied =>
                    $"needs more rights than we have. Choose a port from 1024 on with {flag} (setting {key}).",
                SocketError.AddressNotAvailable =>
                    $"cannot be listened on: {host} is not an address of this machine. "
                    + $"Set {key.Replace(".Port", ".Host", StringComparison.Ordinal)} to one that is.",
                _ => $"cannot be listened on: {failure.Message}. Choose another with {flag} (setting {key}).",
            };
            throw new StartRefusedException($"Port {port} on {host} {what}", failure);
        }
    }
}
