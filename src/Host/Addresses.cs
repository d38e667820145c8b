using System.Net;

namespace Events.Host;

/// <summary>Addresses to listen on, as settings name them.</summary>
internal static class Addresses
{
    /// <param name="host">An IP address, <c>localhost</c>, or <c>*</c> for all.</param>
    public static IPAddress Of(string host) =>
        host switch
        {
            "localhost" => IPAddress.Loopback,
            "*" => IPAddress.IPv6Any,
            _ => IPAddress.Parse(host),
        };

    /// <summary>An address that this machine itself can open, also when we listen on all.</summary>
    public static string UrlOf(string scheme, string host, int port)
    {
        IPAddress address = Of(host);
        string name = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? "127.0.0.1"
            : address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]"
            : address.ToString();
        return $"{scheme}://{name}:{port}";
    }
}
