using System.Security.Claims;
using Events.Application;
using Events.Application.ApiKeys;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.ApiKeys;

/// <summary>What all mutations of keys do the same way.</summary>
internal sealed class ApiKeyCalls(
    GraphQLCommands commands, ApiKeyDesk desk, ApiKeyRing ring, NewestRows newest, TimeProvider time)
{
    /// <param name="show">Makes the payload of the key and the position, which are null when there is none.</param>
    public Task<FieldResult<TPayload>> SendAsync<TPayload>(
        ApiKeyCommand command,
        ClaimsPrincipal user,
        Func<ApiKeyNode?, string?, TPayload> show,
        CancellationToken cancellationToken,
        long? expectedVersion = null) =>
        commands.SendAsync(
            command,
            user,
            async position =>
            {
                if (position is not null)
                {
                    await ring.WaitForAsync(Moments.Read(position), CommandBus.VisibilityTimeout, cancellationToken);
                }

                ApiKeyView? now = await newest.FindAsync(command.KeyId, cancellationToken);
                return show(now is null ? null : ApiKeyNode.Of(now, time.GetUtcNow()), position);
            },
            cancellationToken,
            expectedVersion);

    /// <returns>Null when all could be read.</returns>
    public static InvalidInputError? TryRead(
        IReadOnlyList<Guid>? cameras, IReadOnlyList<string>? addresses, IReadOnlyList<Right>? scopes, out GivenLists lists) =>
        ApiKeyDesk.TryRead(cameras?.Select(id => new CameraId(id)), addresses, scopes, out lists) is { } refusal
            ? new InvalidInputError(refusal.Message, refusal.Code, RefusalTable.Of(refusal).Subject)
            : null;

    /// <summary>What is null stays as it is.</summary>
    public Task<NarrowApiKey> NarrowingOfAsync(
        Guid id, Role? role, GivenLists lists, DateTimeOffset? expiresAt, int? callsPerSecond,
        CancellationToken cancellationToken) =>
        desk.NarrowingOfAsync(new ApiKeyId(id), role, lists, expiresAt, callsPerSecond, cancellationToken);
}
