using Events.Application;
using Events.Application.ApiKeys;
using Events.Application.Contracts;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;

namespace Events.Host.ApiKeys;

/// <summary>What somebody listed of what a key is good for; each null for all, or to leave it as it is.</summary>
internal sealed record GivenLists(CameraList? Cameras, string? Addresses, ScopeList? Scopes)
{
    public ApiKeyLimits Of(Role role, DateTimeOffset? expiresAt, int? callsPerSecond) =>
        new(role, Cameras, Addresses, expiresAt, callsPerSecond, Scopes);
}

/// <summary>
/// Commands to keys, for every way in. An answer comes when they count on this node; the others hear of them within a second.
/// </summary>
internal sealed class ApiKeyDesk(CommandBus bus, ApiKeyRing ring, NewestRows newest)
{
    /// <summary>Null for a list means all; one that is there must be one of some.</summary>
    /// <returns>Null when all could be read.</returns>
    public static Refusal? TryRead(
        IEnumerable<CameraId>? cameras, IReadOnlyList<string>? addresses, IEnumerable<Right>? scopes, out GivenLists lists)
    {
        lists = new GivenLists(
            cameras is null ? null : CameraList.From(cameras),
            addresses is null ? null : AddressSet.Normalise(addresses),
            scopes is null ? null : ScopeList.From(scopes));
        return cameras is not null && lists.Cameras is null ? ApiKeyRefusals.BadCameras
            : addresses is not null && lists.Addresses is null ? ApiKeyRefusals.BadAddresses
            : scopes is not null && lists.Scopes is null ? ApiKeyRefusals.BadScopes
            : null;
    }

    /// <summary>What is null stays as it is.</summary>
    public async Task<NarrowApiKey> NarrowingOfAsync(
        ApiKeyId key, Role? role, GivenLists lists, DateTimeOffset? expiresAt, int? callsPerSecond,
        CancellationToken cancellationToken)
    {
        ApiKeyLimits? now = (await newest.FindAsync(key, cancellationToken))?.Limits;
        return new NarrowApiKey(
            key,
            new ApiKeyLimits(
                role ?? now?.Role ?? Role.Viewer,
                lists.Cameras ?? now?.Cameras,
                lists.Addresses ?? now?.Addresses,
                expiresAt ?? now?.ExpiresAt,
                callsPerSecond ?? now?.CallsPerSecondMax,
                lists.Scopes ?? now?.Scopes));
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
