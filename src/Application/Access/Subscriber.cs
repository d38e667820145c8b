using System.Net;
using System.Net.Sockets;

namespace Events.Application.Access;

/// <summary>
/// Who is behind an address, as far as one can tell: of IPv6, a network of 64 bits is what one subscriber has, and counts as one.
/// </summary>
public static class Subscriber
{
    public static IPAddress Of(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
