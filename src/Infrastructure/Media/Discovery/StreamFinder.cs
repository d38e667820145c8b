using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Media.Discovery;

/// <summary>
/// Scans configured address ranges for RTSP servers, and, where that is switched on, asks for ONVIF cameras in them. It never
/// opens a connection to an address outside of those ranges, whatever an answer says.
/// </summary>
internal sealed class StreamFinder(TimeProvider time) : IStreamFinder
{
    public async Task<ScanReport> ScanAsync(ScanOrder order, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        ConcurrentDictionary<string, FoundStream> found = new(StringComparer.Ordinal);
        List<string> troubles = [];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(order.TimeMax);
        int asked = 0;
        Visit[] visits = [.. VisitsOf(order)];
        try
        {
            Dictionary<IPAddress, string?> models = order.AsksOnvif ? await AskOnvifAsync(order, found, limit.Token) : [];
            var options = new ParallelOptions { MaxDegreeOfParallelism = order.ConcurrencyMax, CancellationToken = limit.Token };
            await Parallel.ForEachAsync(visits, options, async (visit, token) =>
            {
                using var probe = new RtspProbe(visit.Address, visit.Port);
                foreach (RtspAnswer answer in await probe.AskAsync(visit.Places, token))
                {
                    Add(found, visit.Kind, visit.Address, answer, models.GetValueOrDefault(visit.Address));
                }

                Interlocked.Increment(ref asked);
            });
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            troubles.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"The scan was cut off after {order.TimeMax.TotalSeconds:0} s: {asked} of {visits.Length} ports were asked."));
        }

        return new ScanReport(
            [.. found.Values.OrderBy(stream => stream.Source.ToString(), StringComparer.Ordinal)],
            troubles,
            time.GetElapsedTime(began));
    }

    private static IEnumerable<Visit> VisitsOf(ScanOrder order) =>
        from target in order.Targets
        let addresses = target.Ranges.SelectMany(range => range.All).Distinct().Take(AddressRange.AddressesMax).ToArray()
        from port in target.Places.GroupBy(place => place.Port)
        from address in addresses
        select new Visit(target.Kind, address, port.Key, [.. port]);

    /// <summary>Takes what devices say of their streams, and gives the models of those that answered.</summary>
    private static async Task<Dictionary<IPAddress, string?>> AskOnvifAsync(
        ScanOrder order, ConcurrentDictionary<string, FoundStream> found, CancellationToken cancellationToken)
    {
        AddressRange[] ranges =
        [
            .. order.Targets.Where(target => target.Kind == ExternalStreamKind.GenericRtsp).SelectMany(target => target.Ranges),
        ];
        if (ranges.Length == 0)
        {
            return [];
        }

        var devices = await OnvifProbe.AskAsync(ranges, cancellationToken);
        using var media = new OnvifMedia();
        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = order.ConcurrencyMax,
            CancellationToken = cancellationToken,
        };
        await Parallel.ForEachAsync(devices, options, async (device, token) =>
        {
            foreach (Uri uri in await media.StreamsOfAsync(device, token))
            {
                int port = uri.IsDefaultPort || uri.Port < 0 ? 554 : uri.Port;
                using var probe = new RtspProbe(device.Address, port);
                foreach (RtspAnswer answer in await probe.AskAsync([new StreamPlace(port, uri.PathAndQuery, "onvif")], token))
                {
                    Add(found, ExternalStreamKind.GenericRtsp, device.Address, answer, device.Model);
                }
            }
        });
        return devices.ToDictionary(device => device.Address, device => device.Model);
    }

    private static void Add(
        ConcurrentDictionary<string, FoundStream> found,
        ExternalStreamKind kind,
        IPAddress address,
        RtspAnswer answer,
        string? model)
    {
        string host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
        string text = string.Create(CultureInfo.InvariantCulture, $"rtsp://{host}:{answer.Place.Port}{answer.Place.Path}");
        if (SourceUrl.TryParse(text) is { } source)
        {
            found.TryAdd(
                source.ToString(), new FoundStream(source, kind, answer.Place, answer.Codec, answer.NeedsLogin, model));
        }
    }

    private sealed record Visit(ExternalStreamKind Kind, IPAddress Address, int Port, IReadOnlyList<StreamPlace> Places);
}
