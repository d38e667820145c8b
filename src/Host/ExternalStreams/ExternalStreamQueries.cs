using System.Security.Claims;
using Events.Application.Cameras;
using Events.Application.ExternalStreams;
using Events.Domain.Kernel;
using Events.GraphQL;
using Events.GraphQL.DataLoaders;
using Events.Host.Cameras;
using Events.Host.GraphQL;
using Events.Host.Security;

namespace Events.Host.ExternalStreams;

/// <summary>A stream on the network: added as a camera, or seen and not added.</summary>
/// <param name="Source">Its address, without credentials. Commands take it.</param>
/// <param name="Name">The camera's; for one that is not added, what it could be called.</param>
/// <param name="IsOnline">Whether it sends pictures, or answered when it was last looked for.</param>
/// <param name="FirstSeenAt">When it was first found, or, when it never was, added.</param>
/// <param name="Codec">h264 or h265; null when the source did not say.</param>
/// <param name="Model">What the device calls itself; null when it did not say.</param>
/// <param name="NeedsLogin">Whether it shows itself only to whom it knows; null when it was not looked for.</param>
/// <param name="CameraId">The camera's UUID; null while it is not added.</param>
[GraphQLName("ExternalStream")]
internal sealed record ExternalStreamNode(
    string Source,
    ExternalStreamKind Kind,
    string Name,
    bool IsOnline,
    DateTimeOffset FirstSeenAt,
    DateTimeOffset LastSeenAt,
    string? Codec,
    string? Model,
    bool? NeedsLogin,
    [property: ID] Guid? CameraId)
{
    public static ExternalStreamNode Of(ExternalStream stream) =>
        new(
            stream.Source.ToString(),
            stream.Kind,
            stream.Name,
            stream.IsOnline,
            stream.FirstSeenAt,
            stream.LastSeenAt,
            stream.Camera?.Codec ?? stream.Found?.Codec,
            stream.Found?.Model,
            stream.Found?.NeedsLogin,
            stream.Camera?.Id.Value);
}

/// <summary>How external streams are looked for.</summary>
/// <param name="IsEnabled">While it is not, streams can neither be looked for, added nor removed.</param>
/// <param name="IntervalSeconds">Between two scans by themselves; 0 for scans on demand.</param>
/// <param name="IsScanning">Whether a scan is running.</param>
/// <param name="Kinds">Kinds that have address ranges; the others are never found.</param>
[GraphQLName("Discovery")]
internal sealed record DiscoveryNode(
    bool IsEnabled, int IntervalSeconds, bool IsScanning, IReadOnlyList<ExternalStreamKind> Kinds);

[QueryType]
[Authorize(Policy = nameof(Right.SeePictures))]
internal static class ExternalStreamQueries
{
    /// <summary>
    /// Streams on the network: those that were added, by camera number, then those that were seen and not added, at most 1,000.
    /// While discovery is switched off, those that were added before.
    /// </summary>
    /// <param name="asOf">
    /// Those that were added then, as the log had them; which others were seen is in no fact. Null for now.
    /// </param>
    [UsePaging(IncludeTotalCount = true, DefaultPageSize = 50, MaxPageSize = 100)]
    public static async Task<IReadOnlyList<ExternalStreamNode>> GetExternalStreamsAsync(
        ExternalStreamList list, ViewLists lists, ClaimsPrincipal user, CancellationToken cancellationToken,
        AsOf? asOf = null)
    {
        AccessIdentity access = GraphQLCallers.AccessOf(user);
        IReadOnlyList<ExternalStream> streams = asOf is null
            ? await list.ListAsync(access, cancellationToken)
            : ExternalStreamList.AddedAmong(
                (await lists.PastRowsAsync(CameraViewProjection.View, asOf, cancellationToken)).Values, access);
        return [.. streams.Select(ExternalStreamNode.Of)];
    }

    /// <summary>How external streams are looked for.</summary>
    public static DiscoveryNode GetDiscovery(DiscoveryRule rule, DiscoveryKeeper keeper, StreamDiscovery discovery) =>
        new(
            rule.IsEnabled,
            rule.IsEnabled ? keeper.IntervalSeconds : 0,
            discovery.IsScanning,
            [.. rule.Targets.Select(target => target.Kind)]);
}

[ExtendObjectType<ExternalStreamNode>]
internal static class ExternalStreamFields
{
    /// <summary>Null while it is not added.</summary>
    public static async Task<CameraNode?> GetCameraAsync(
        [Parent] ExternalStreamNode stream, IDataLoader<Guid, CameraNode> cameraByKey, CancellationToken cancellationToken) =>
        stream.CameraId is { } key ? await cameraByKey.LoadAsync(key, cancellationToken) : null;
}
