using Events.Application;
using Events.Application.ApiKeys;
using Events.Application.Contracts;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;

namespace Events.Host.ApiKeys;

/// <summary>
/// Commands to keys, for every way in. An answer comes when they count on this node; the others hear of them within a second.
/// </summary>
internal sealed class ApiKeyDesk(CommandBus bus, ApiKeyRing ring, IReadModels views)
{
    /// <summary>Null for a list means all; one that is there must be one of some.</summary>
    /// <returns>Null when both could be read.</returns>
    public static Refusal? TryRead(
        IEnumerable<CameraId>? cameras, IReadOnlyList<string>? addresses, out CameraList? list, out string? networks)
    {
        list = cameras is null ? null : CameraList.From(cameras);
        networks = addresses is null ? null : AddressSet.Normalise(addresses);
        return cameras is not null && list is null ? ApiKeyRefusals.BadCameras
            : addresses is not null && networks is null ? ApiKeyRefusals.BadAddresses
            : null;
    }

    /// <summary>What is null stays as it is.</summary>
    public async Task<NarrowApiKey> NarrowingOfAsync(
        ApiKeyId key, Role? role, CameraList? cameras, string? addresses, DateTimeOffset? expiresAt, int? callsPerSecond,
        CancellationToken cancellationToken)
    {
        ApiKeyLimits? now = (await views.FindAsync(ApiKeyViewProjection.View, key.ToString(), cancellationToken))?.Limits;
        return new NarrowApiKey(
            key,
            new ApiKeyLimits(
                role ?? now?.Role ?? Role.Viewer,
                cameras ?? now?.Cameras,
                addresses ?? now?.Addresses,
                expiresAt ?? now?.ExpiresAt,
                callsPerSecond ?? now?.CallsPerSecondMax));
    }

    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    public async Task<CommandResult> SendAsync(
        object command, Caller caller, long? expectedVersion, CancellationToken cancellationToken)
    {
        CommandResult result = await bus.SendAsync(command, caller, expectedVersion, cancellationToken);
        return result.Position == 0 || await ring.WaitForAsync(result.Position, CommandBus.VisibilityTimeout, cancellationToken)
            ? result
            : result with { IsVisible = false };
    }
}
