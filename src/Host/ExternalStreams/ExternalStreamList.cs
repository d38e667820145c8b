using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.ExternalStreams;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Host.Security;

namespace Events.Host.ExternalStreams;

/// <summary>A stream on the network: added as a camera, or seen and not added.</summary>
/// <param name="FirstSeenAt">When it was first found, or, when it never was, added. UTC.</param>
/// <param name="LastSeenAt">UTC.</param>
/// <param name="Found">What the last scan that saw it said; null when none did.</param>
/// <param name="Camera">Null while it is not added.</param>
internal sealed record ExternalStream(
    SourceUrl Source,
    ExternalStreamKind Kind,
    string Name,
    bool IsOnline,
    DateTimeOffset FirstSeenAt,
    DateTimeOffset LastSeenAt,
    FoundStream? Found,
    CameraView? Camera);

/// <summary>External streams for every way in: what was added, and what was seen and not added.</summary>
internal sealed class ExternalStreamList(StreamDiscovery discovery, ExternalStreamHandler external)
{
    /// <summary>Those added first, by camera number. Who may know of some cameras is told of those alone.</summary>
    public async Task<IReadOnlyList<ExternalStream>> ListAsync(AccessIdentity access, CancellationToken cancellationToken)
    {
        IReadOnlyList<CameraView> added = await external.ListAsync(cancellationToken);
        Dictionary<string, DiscoveredStream> seen = discovery.Known.ToDictionary(stream => stream.Stream.Source.ToString());
        return
        [
            .. added.Where(camera => access.MaySee(camera.Id))
                .Select(camera => Of(camera, seen.GetValueOrDefault(camera.Source.ToString()))),
            .. seen.Values.Where(stream =>
                access.Cameras is null && added.All(camera => camera.Source != stream.Stream.Source)).Select(Of),
        ];
    }

    /// <summary>Those added among cameras as they were, by number; what was only seen then is in no fact.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public static IReadOnlyList<ExternalStream> AddedAmong(IEnumerable<CameraView> cameras, AccessIdentity access) =>
        [
            .. cameras.Where(camera => camera is { External: not null, Status: not CameraStatus.Retired })
                .Where(camera => access.MaySee(camera.Id))
                .OrderBy(camera => camera.Number.Value)
                .Select(camera => Of(camera, null)),
        ];

    public static ExternalStream Of(DiscoveredStream seen) =>
        new(
            seen.Stream.Source,
            seen.Stream.Kind,
            NameFor(seen.Stream),
            seen.IsOnline,
            seen.DiscoveredAt,
            seen.LastSeenAt,
            seen.Stream,
            null);

    public static ExternalStream Of(CameraView camera, DiscoveredStream? seen) =>
        new(
            camera.Source,
            camera.External!.Value,
            camera.Name,
            camera.Status is CameraStatus.Connected || seen is { IsOnline: true },
            seen?.DiscoveredAt ?? camera.RegisteredAt,
            new[] { camera.RegisteredAt, camera.ConnectedAt, camera.DisconnectedAt, seen?.LastSeenAt }.Max()!.Value,
            seen?.Stream,
            camera);

    private static string NameFor(FoundStream stream)
    {
        string what = stream.Kind is ExternalStreamKind.SkydioStanag4609 ? "Skydio" : stream.Model ?? "Stream";
        string label = stream.Place.Label.Length == 0 ? string.Empty : $" {stream.Place.Label.ToUpperInvariant()}";
        string name = $"{what}{label} {stream.Source.Uri.Host}";
        return name.Length <= Camera.NameLengthMax ? name : name[..Camera.NameLengthMax];
    }
}
