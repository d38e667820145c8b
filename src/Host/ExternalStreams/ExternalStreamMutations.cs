using System.Security.Claims;
using Events.Application.Cameras;
using Events.Application.ExternalStreams;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;
using Events.GraphQL;
using Events.Host.Cameras;
using Events.Host.GraphQL;

namespace Events.Host.ExternalStreams;

/// <summary>What was found.</summary>
/// <param name="Streams">At most 1,000.</param>
/// <param name="ScannedAt">When the scan began. One of the last 30 s is not repeated unless it must be.</param>
/// <param name="Took">How long it took.</param>
/// <param name="Troubles">What could not be looked for, and why. For people.</param>
internal sealed record DiscoverExternalStreamsPayload(
    IReadOnlyList<ExternalStreamNode> Streams, DateTimeOffset ScannedAt, TimeSpan Took, IReadOnlyList<string> Troubles);

/// <summary>What came of a command to an external stream.</summary>
/// <param name="Camera">That it became; null when it was refused, or the views lag behind.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record AddExternalStreamPayload(CameraNode? Camera, string? Position);

/// <summary>What came of removing an external stream.</summary>
/// <param name="Position">Of the command's last fact in the log.</param>
internal sealed record RemoveExternalStreamPayload(string? Position);

/// <summary>What came of setting the interval.</summary>
/// <param name="IntervalSeconds">As it was set; null when it was refused.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record SetDiscoveryIntervalPayload(int? IntervalSeconds, string? Position);

[MutationType]
internal static class ExternalStreamMutations
{
    /// <summary>
    /// Looks for streams, in the configured address ranges and nowhere else. What was seen is no fact; add what is to be kept.
    /// </summary>
    /// <param name="kinds">Null for all that have address ranges.</param>
    /// <param name="isForced">Scan even when the last scan is fresh.</param>
    /// <param name="withOffline">Also show what was found earlier and did not answer this time.</param>
    [Authorize(Policy = nameof(Right.Control))]
    [Error<WrongStateError>]
    [Cost(100)]
    public static async Task<FieldResult<DiscoverExternalStreamsPayload>> DiscoverExternalStreamsAsync(
        DiscoveryRule rule, StreamDiscovery discovery, ClaimsPrincipal user, CancellationToken cancellationToken,
        IReadOnlyList<ExternalStreamKind>? kinds = null, bool isForced = false, bool withOffline = false)
    {
        ExternalStreamKind[] wanted = [.. kinds ?? [.. rule.Targets.Select(target => target.Kind)]];
        Discovered discovered = await discovery.DiscoverAsync(
            new DiscoveryWish(
                wanted.Contains(ExternalStreamKind.SkydioStanag4609),
                wanted.Contains(ExternalStreamKind.GenericRtsp),
                isForced,
                withOffline),
            GraphQLCallers.AccessOf(user).CallerBy(GraphQLCallers.Way),
            cancellationToken);
        if (discovered.Answer is not { } found)
        {
            return new FieldResult<DiscoverExternalStreamsPayload>([GraphQLCommands.ErrorOf(discovered.Refusal!)]);
        }

        return new DiscoverExternalStreamsPayload(
            [.. found.Streams.Select(ExternalStreamList.Of).Select(ExternalStreamNode.Of)],
            found.ScannedAt,
            found.Took,
            found.Troubles);
    }

    /// <summary>Takes a stream on the network in as a camera. Repeated with the same name and kind it does nothing.</summary>
    /// <param name="name">1 to 80 characters.</param>
    /// <param name="source">
    /// rtsp://user:password@host/path, rtsps://, http:// or https://. Credentials are kept apart and never shown.
    /// </param>
    /// <param name="id">A UUID of the client's for the camera; null for a new one.</param>
    [Authorize(Policy = nameof(Right.Control))]
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<AddExternalStreamPayload>> AddExternalStreamAsync(
        string name, string source, GraphQLCommands commands, ExternalStreamHandler external, ClaimsPrincipal user,
        CancellationToken cancellationToken, ExternalStreamKind kind = ExternalStreamKind.GenericRtsp,
        [ID] Guid? id = null) =>
        commands.SendAsync(
            new AddExternalStream(id is { } given ? new CameraId(given) : CameraId.New(), name, source, kind),
            user,
            async position => new AddExternalStreamPayload(await FindAsync(source, external, cancellationToken), position),
            cancellationToken);

    /// <summary>Retires the camera that an external stream became. Its recordings and snapshots stay.</summary>
    /// <param name="source">Its address; credentials in it are not looked at.</param>
    [Authorize(Policy = nameof(Right.Control))]
    [Error<NotFoundError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<RemoveExternalStreamPayload>> RemoveExternalStreamAsync(
        string source, GraphQLCommands commands, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        commands.SendAsync(
            new RemoveExternalStream(source),
            user,
            position => Task.FromResult(new RemoveExternalStreamPayload(position)),
            cancellationToken);

    /// <summary>Sets how long discovery pauses between two scans by itself.</summary>
    /// <param name="intervalSeconds">0, for scans on demand, to 2,592,000.</param>
    [Authorize(Policy = nameof(Right.Administer))]
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<SetDiscoveryIntervalPayload>> SetDiscoveryIntervalAsync(
        int intervalSeconds, GraphQLCommands commands, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        commands.SendAsync(
            new SetDiscoveryInterval(intervalSeconds),
            user,
            position => Task.FromResult(new SetDiscoveryIntervalPayload(intervalSeconds, position)),
            cancellationToken);

    /// <summary>By its address: a stream that was added already keeps the camera that it has.</summary>
    private static async Task<CameraNode?> FindAsync(
        string source, ExternalStreamHandler external, CancellationToken cancellationToken) =>
        SourceAddress.TryParse(source) is { } address
        && (await external.ListAsync(cancellationToken)).FirstOrDefault(camera => camera.Source == address.Source) is { } camera
            ? CameraNode.Of(camera)
            : null;
}
