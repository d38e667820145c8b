using System.Net;
using System.Net.Sockets;

namespace Events.Application.ApiKeys;

/// <summary>Where a key may be used from: addresses and networks (CIDR), of either family.</summary>
public static class AddressSet
{
    /// <summary>Per key. More is a job for a firewall.</summary>
    public const int CountMax = 32;

    /// <returns>
    /// In one form, in order, with spaces between; null when an entry is neither address nor network, or for none or too many.
    /// </returns>
    public static string? Normalise(IEnumerable<string> entries)
    {
        SortedSet<string> all = new(StringComparer.Ordinal);
        foreach (string entry in entries)
        {
            if (TryParse(entry.Trim()) is not { } network || all.Count == CountMax)
            {
                return null;
            }

            all.Add(network.ToString());
        }

        return all.Count == 0 ? null : string.Join(' ', all);
    }

    /// <returns>Null for any address.</returns>
    internal static IReadOnlyList<IPNetwork>? Parse(string? stored) =>
        stored is null ? null : [.. stored.Split(' ').Select(text => TryParse(text)).OfType<IPNetwork>()];

    internal static bool Lets(IReadOnlyList<IPNetwork>? networks, IPAddress? from)
    {
        if (networks is null)
        {
            return true;
        }

        IPAddress? plain = from is { IsIPv4MappedToIPv6: true } ? from.MapToIPv4() : from;
        return plain is not null && networks.Any(network => network.Contains(plain));
    }

    /// <summary>Bits behind the prefix are cleared, so that a host written with its network means the network.</summary>
    private static IPNetwork? TryParse(string text)
    {
        string[] parts = text.Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out IPAddress? address)
            || (address.AddressFamily == AddressFamily.InterNetwork && parts[0].Count(c => c == '.') != 3)
            || (address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0))
        {
            return null;
        }

        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        byte[] bytes = address.GetAddressBytes();
        int bits = bytes.Length * 8;
        if (parts.Length == 2
            && (!int.TryParse(parts[1], System.Globalization.NumberStyles.None, null, out bits) || bits > bytes.Length * 8))
        {
            return null;
        }

        for (int i = 0; i < bytes.Length; i++)
        {
            int kept = Math.Clamp(bits - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff << (8 - kept));
        }

        return new IPNetwork(new IPAddress(bytes), bits);
    }
}
