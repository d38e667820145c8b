using System.Net;
using System.Net.Sockets;
using Events.Domain.Kernel;

namespace Events.Application.Contracts;

/// <summary>Where sources may be, beside what never may: link-local addresses, and where clouds tell of a machine.</summary>
/// <param name="AllowsPrivate">Networks of one's own: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7 and the like.</param>
/// <param name="AllowsLoopback">This machine.</param>
public sealed record SourceRule(bool AllowsPrivate, bool AllowsLoopback);

/// <summary>What the guard says before a connection.</summary>
/// <param name="Refusal">Null when pictures may be fetched from there; otherwise why not, for people.</param>
/// <param name="Addresses">
/// Where to connect: each was looked at. The resolver's best comes first. Empty for a refusal, and for what has no network behind
/// it.
/// </param>
public sealed record SourceRoute(string? Refusal, IReadOnlyList<IPAddress> Addresses);

/// <summary>
/// Keeps us from being sent, as a camera's address, where the sender may not go. Asked when a source is named and again before
/// each connecting, since a name may mean another address by then.
/// </summary>
/// <param name="lookUp">What a name's addresses are; null to ask this machine's resolver.</param>
public sealed class SourceGuard(SourceRule rule, Func<string, CancellationToken, Task<IPAddress[]>>? lookUp = null)
{
    /// <summary>A name that is not found by then is no reason to refuse: it is looked up again before each connecting.</summary>
    private static readonly TimeSpan NamingMax = TimeSpan.FromSeconds(2);

    /// <summary>Here it is one. Long enough for a resolver whose first server is away (5 s each, as is usual).</summary>
    private static readonly TimeSpan ConnectingMax = TimeSpan.FromSeconds(12);

    private static readonly IPNetwork[] _never = Networks(
        "0.0.0.0/8 169.254.0.0/16 192.0.0.0/24 224.0.0.0/4 240.0.0.0/4 100.100.100.200/32 168.63.129.16/32 ::/128 "
        + "fe80::/10 fec0::/10 ff00::/8 fd00:ec2::254/128 fd20:ce::254/128");

    private static readonly IPNetwork[] _private = Networks(
        "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 198.18.0.0/15 fc00::/7");

    private static readonly string[] _neverNames = ["metadata", "metadata.google.internal", "instance-data"];

    /// <summary>For whatever has no network behind it.</summary>
    public static SourceGuard Usual { get; } = new(new SourceRule(AllowsPrivate: true, AllowsLoopback: true));

    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _lookUp = lookUp ?? Dns.GetHostAddressesAsync;

    /// <summary>
    /// For a source that is being named. A name that is not known yet is taken: it may be by the time of connecting.
    /// </summary>
    /// <returns>Null when pictures may be fetched from there; otherwise why not, for people.</returns>
    public async Task<string?> RefusalOfAsync(SourceUrl source, CancellationToken cancellationToken) =>
        (await RouteAsync(source, NamingMax, cancellationToken)).Refusal;

    /// <summary>For a source that is about to be connected to. What cannot be looked at is refused.</summary>
    public async Task<SourceRoute> RouteAsync(SourceUrl source, CancellationToken cancellationToken)
    {
        SourceRoute route = await RouteAsync(source, ConnectingMax, cancellationToken);
        return route is { Refusal: null, Addresses: [] } && IsOnNetwork(source)
            ? route with { Refusal = "The camera's name is not known: no address was found for it." }
            : route;
    }

    private static bool IsOnNetwork(SourceUrl source) => source.Scheme is "rtsp" or "rtsps" or "http" or "https";

    private async Task<SourceRoute> RouteAsync(SourceUrl source, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!IsOnNetwork(source))
        {
            return new SourceRoute(null, []);
        }

        string host = source.Uri.IdnHost.Trim('[', ']').TrimEnd('.');
        if (_neverNames.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            return new SourceRoute("Pictures are not fetched from there.", []);
        }

        // Also 0xA9FEA9FE, 2852039166 and 0251.0376: whoever connects takes all of these for addresses.
        IPAddress[] addresses = IPAddress.TryParse(host, out IPAddress? literal)
            ? [literal]
            : await LookUpAsync(host, limit, cancellationToken);
        return addresses.Any(IsRefused)
            ? new SourceRoute("Pictures are not fetched from there: the address is not one for cameras.", [])
            : new SourceRoute(null, addresses);
    }

    private async Task<IPAddress[]> LookUpAsync(string host, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            return await _lookUp(host, cancellationToken).WaitAsync(limit, cancellationToken);
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
