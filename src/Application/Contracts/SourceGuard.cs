using System.Net;
using System.Net.Sockets;
using Events.Domain.Kernel;

namespace Events.Application.Contracts;

/// <summary>Where sources may be, beside what never may: link-local addresses, and where clouds tell of a machine.</summary>
/// <param name="AllowsPrivate">Networks of one's own: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7 and the like.</param>
/// <param name="AllowsLoopback">This machine.</param>
public sealed record SourceRule(bool AllowsPrivate, bool AllowsLoopback);

/// <summary>
/// Keeps us from being sent, as a camera's address, where the sender may not go. Asked when a source is named and again before
/// each connecting, since a name may mean another address by then.
/// </summary>
public sealed class SourceGuard(SourceRule rule)
{
    /// <summary>A name that is not found by then is no reason to refuse: it is looked up again before each connecting.</summary>
    private static readonly TimeSpan LookUpMax = TimeSpan.FromSeconds(2);

    private static readonly IPNetwork[] _never = Networks(
        "0.0.0.0/8 169.254.0.0/16 192.0.0.0/24 224.0.0.0/4 240.0.0.0/4 100.100.100.200/32 168.63.129.16/32 ::/128 "
        + "fe80::/10 fec0::/10 ff00::/8 fd00:ec2::254/128 fd20:ce::254/128");

    private static readonly IPNetwork[] _private = Networks(
        "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 198.18.0.0/15 fc00::/7");

    private static readonly string[] _neverNames = ["metadata", "metadata.google.internal", "instance-data"];

    /// <summary>For whatever has no network behind it.</summary>
    public static SourceGuard Usual { get; } = new(new SourceRule(AllowsPrivate: true, AllowsLoopback: true));

    /// <returns>Null when pictures may be fetched from there; otherwise why not, for people.</returns>
    public async Task<string?> RefusalOfAsync(SourceUrl source, CancellationToken cancellationToken)
    {
        if (source.Scheme is not ("rtsp" or "rtsps" or "http" or "https"))
        {
            return null;
        }

        string host = source.Uri.IdnHost.Trim('[', ']').TrimEnd('.');
        if (_neverNames.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            return "Pictures are not fetched from there.";
        }

        // Also 0xA9FEA9FE, 2852039166 and 0251.0376: whoever connects takes all of these for addresses.
        IPAddress[] addresses = IPAddress.TryParse(host, out IPAddress? literal)
            ? [literal]
            : await LookUpAsync(host, cancellationToken);
        return addresses.Any(IsRefused) ? "Pictures are not fetched from there: the address is not one for cameras." : null;
    }

    private static async Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellationToken).WaitAsync(LookUpMax, cancellationToken);
        }
        catch (Exception e) when (e is SocketException or ArgumentException or TimeoutException)
        {
            return [];
        }
    }

    private bool IsRefused(IPAddress given)
    {
        IPAddress address = Plain(given);
        return IPAddress.IsLoopback(address) ? !rule.AllowsLoopback
            : _never.Any(network => network.Contains(address))
            || (!rule.AllowsPrivate && _private.Any(network => network.Contains(address)));
    }

    /// <summary>The IPv4 address in one of IPv6 that stands for it: mapped, compatible, NAT64 (RFC 6052), 6to4.</summary>
    private static IPAddress Plain(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        byte[] bytes = address.GetAddressBytes();
        ReadOnlySpan<byte> head = bytes.AsSpan(0, 12);
        bool isCompatible = head.IndexOfAnyExcept((byte)0) < 0 && !IPAddress.IsLoopback(address) && bytes[12] != 0;
        bool isNat64 = head.SequenceEqual((ReadOnlySpan<byte>)[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]);
        return address.IsIPv4MappedToIPv6 || isCompatible || isNat64 ? new IPAddress(bytes.AsSpan(12))
            : bytes is [0x20, 0x02, ..] ? new IPAddress(bytes.AsSpan(2, 4))
            : address;
    }

    private static IPNetwork[] Networks(string text) => [.. text.Split(' ').Select(IPNetwork.Parse)];
}
