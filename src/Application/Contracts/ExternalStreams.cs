using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Events.Domain.Kernel;

namespace Events.Application.Contracts;

/// <summary>Looks on the network for sources of pictures: nowhere but where it is told to, and within bounds.</summary>
public interface IStreamFinder
{
    /// <returns>What answered in time. One that breaks off at its limit says so in <see cref="ScanReport.Troubles"/>.</returns>
    Task<ScanReport> ScanAsync(ScanOrder order, CancellationToken cancellationToken);
}

/// <param name="TimeMax">When it is over, what has not answered is left out.</param>
/// <param name="ConcurrencyMax">Addresses asked at the same moment.</param>
/// <param name="AsksOnvif">Also sends an ONVIF (WS-Discovery) probe to the local networks.</param>
public sealed record ScanOrder(IReadOnlyList<ScanTarget> Targets, TimeSpan TimeMax, int ConcurrencyMax, bool AsksOnvif);

/// <summary>Where to look for one kind of stream.</summary>
public sealed record ScanTarget(
    ExternalStreamKind Kind, IReadOnlyList<AddressRange> Ranges, IReadOnlyList<StreamPlace> Places);

/// <summary>Where on a machine a stream may be.</summary>
/// <param name="Path">Begins with a slash.</param>
/// <param name="Label">Tells two places of one kind apart, e.g. <c>eo</c>; may be empty.</param>
public sealed record StreamPlace(int Port, string Path, string Label);

/// <param name="Troubles">For people; without addresses that were not asked for.</param>
public sealed record ScanReport(IReadOnlyList<FoundStream> Found, IReadOnlyList<string> Troubles, TimeSpan Took);

/// <param name="Codec"><c>h264</c> or <c>h265</c>; null when the source did not say.</param>
/// <param name="NeedsLogin">It is there, but shows itself only to whom it knows.</param>
/// <param name="Model">What the device calls itself by ONVIF; null when it did not say.</param>
public sealed record FoundStream(
    SourceUrl Source, ExternalStreamKind Kind, StreamPlace Place, string? Codec, bool NeedsLogin, string? Model);

/// <summary>Addresses of one network: <c>192.168.42.0/24</c> (RFC 4632), or a single one.</summary>
public sealed record AddressRange
{
    /// <summary>Of all ranges together: a scan must come to its end, and nobody means to ask a whole provider.</summary>
    public const int AddressesMax = 4_096;

    private readonly byte[] _first;

    private AddressRange(string text, byte[] first, int count) => (Text, _first, Count) = (text, first, count);

    public string Text { get; }

    public int Count { get; }

    /// <summary>In order. Of a network of four or more, its own address and its broadcast address are left out.</summary>
    public IEnumerable<IPAddress> All
    {
        get
        {
            bool isNetwork = Count >= 4;
            for (int i = isNetwork ? 1 : 0; i < (isNetwork ? Count - 1 : Count); i++)
            {
                yield return At(i);
            }
        }
    }

    /// <returns>Null for text of another form, or for more addresses than <see cref="AddressesMax"/>.</returns>
    public static AddressRange? TryParse(string text)
    {
        string[] parts = text.Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out IPAddress? address))
        {
            return null;
        }

        byte[] bytes = address.GetAddressBytes();
        if (parts.Length == 1)
        {
            return new AddressRange(text, bytes, 1);
        }

        if (address.AddressFamily != AddressFamily.InterNetwork
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int prefix)
            || prefix is < 20 or > 32)
        {
            return null;
        }

        int count = 1 << (32 - prefix);
        uint first = ToNumber(bytes) & ~((uint)count - 1);
        return new AddressRange(text, ToBytes(first), count);
    }

    public bool Contains(IPAddress address)
    {
        byte[] bytes = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).GetAddressBytes();
        return bytes.Length == _first.Length
            && (Count == 1 ? bytes.AsSpan().SequenceEqual(_first) : ToNumber(bytes) - ToNumber(_first) < Count);
    }

    public bool Equals(AddressRange? other) => other is not null && other.Text == Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    private IPAddress At(int index) => new(Count == 1 ? _first : ToBytes(ToNumber(_first) + (uint)index));

    private static uint ToNumber(byte[] bytes) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes);

    private static byte[] ToBytes(uint number)
    {
        byte[] bytes = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }
}
