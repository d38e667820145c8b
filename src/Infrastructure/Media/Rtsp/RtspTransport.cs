using System.Globalization;

namespace Events.Media.Rtsp;

/// <summary>A way that a client offers to get its packets (RFC 2326, section 12.39).</summary>
/// <param name="Protocol">As the client wrote it; the answer repeats it.</param>
/// <param name="First">Channel or port of the pictures' packets; null when the client leaves the channel to us.</param>
/// <param name="Second">Channel or port of the reports.</param>
internal sealed record RtspTransport(string Protocol, bool IsUdp, int? First, int? Second)
{
    /// <summary>Offers that are looked at; the first good one is taken.</summary>
    private const int OffersMax = 8;

    private const int ChannelMax = 255;
    private const int PortMax = 65_535;

    /// <param name="mayBeUdp">Not within TLS: packets would go beside it, in the clear.</param>
    /// <returns>The first offer that can be met; null when there is none.</returns>
    public static RtspTransport? Choose(string? header, bool mayBeUdp) =>
        header?.Split(',', OffersMax + 1, StringSplitOptions.TrimEntries).Take(OffersMax)
            .Select(TryParse).FirstOrDefault(offer => offer is { IsUdp: false } || (mayBeUdp && offer is not null));

    private static RtspTransport? TryParse(string offer)
    {
        string[] parts = offer.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        bool? isUdp = parts.Length == 0 ? null : parts[0].ToUpperInvariant() switch
        {
            "RTP/AVP" or "RTP/AVP/UDP" => true,
            "RTP/AVP/TCP" => false,
            _ => null,
        };
        bool isPlay = parts.All(part => !part.StartsWith("mode", StringComparison.OrdinalIgnoreCase)
            || part.Contains("play", StringComparison.OrdinalIgnoreCase));
        if (isUdp is not bool udp || !isPlay || parts.Contains("multicast", StringComparer.OrdinalIgnoreCase))
        {
            return null;
        }

        string? pair = ValueOf(parts, udp ? "client_port" : "interleaved");
        if (pair is null)
        {
            return udp ? null : new RtspTransport(parts[0], false, null, null);
        }

        return PairOf(pair, udp ? 1 : 0, udp ? PortMax : ChannelMax) is (int first, int second)
            ? new RtspTransport(parts[0], udp, first, second)
            : null;
    }

    private static string? ValueOf(string[] parts, string name) =>
        parts.Select(part => part.Split('=', 2, StringSplitOptions.TrimEntries))
            .Where(part => part.Length == 2 && part[0].Equals(name, StringComparison.OrdinalIgnoreCase))
            .Select(part => part[1]).FirstOrDefault();

    /// <summary>One number stands for itself and the next.</summary>
    private static (int First, int Second)? PairOf(string text, int min, int max)
    {
        string[] numbers = text.Split('-');
        if (numbers.Length > 2 || !int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first))
        {
            return null;
        }

        int second = first + 1;
        bool isGood = numbers.Length == 1
            || int.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out second);
        bool isIn = first >= min && first <= max && second >= min && second <= max;
        return isGood && isIn && first != second ? (first, second) : null;
    }
}
