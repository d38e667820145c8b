using System.Security.Claims;
using Events.Application.ApiKeys;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.ApiKeys;

/// <summary>A key with its secret.</summary>
/// <param name="ApiKey">As it is now; null when it was refused, or the views lag behind.</param>
/// <param name="Secret">Shown this once; null when nothing was made.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record IssueApiKeyPayload(ApiKeyNode? ApiKey, string? Secret, string? Position);

/// <inheritdoc cref="IssueApiKeyPayload"/>
internal sealed record RotateApiKeyPayload(ApiKeyNode? ApiKey, string? Secret, string? Position);

/// <summary>What came of a command to a key.</summary>
/// <param name="ApiKey">As it is now; null when it was refused, or the views lag behind.</param>
/// <param name="Position">Of the command's last fact in the log; null when nothing had to be done.</param>
internal sealed record NarrowApiKeyPayload(ApiKeyNode? ApiKey, string? Position);

/// <inheritdoc cref="NarrowApiKeyPayload"/>
internal sealed record SuspendApiKeyPayload(ApiKeyNode? ApiKey, string? Position);

/// <inheritdoc cref="NarrowApiKeyPayload"/>
internal sealed record ResumeApiKeyPayload(ApiKeyNode? ApiKey, string? Position);

/// <inheritdoc cref="NarrowApiKeyPayload"/>
internal sealed record RevokeApiKeyPayload(ApiKeyNode? ApiKey, string? Position);

[MutationType]
[Authorize(Policy = nameof(Right.ManageAccess))]
internal static class ApiKeyMutations
{
    /// <summary>Makes a key. Its secret is in this answer and nowhere else.</summary>
    /// <param name="name">1 to 80 characters: whose it is, or what for.</param>
    /// <param name="cameras">At most 64 that it may know of, for viewers and operators; null for all.</param>
    /// <param name="addresses">Where it may be used from, like 10.0.0.5 or 10.0.0.0/8, at most 32; null for anywhere.</param>
    /// <param name="expiresAt">Null for never.</param>
    /// <param name="callsPerSecond">Calls and requests over all it has open, 1 to 100,000; null for what any account may.</param>
    /// <param name="scopes">Rights of the role that it has, but MANAGE_ACCESS; null for all.</param>
    /// <param name="id">A UUID of the client's; null for a new one.</param>
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static async Task<FieldResult<IssueApiKeyPayload>> IssueApiKeyAsync(
        string name, Role role, ApiKeyCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken,
        [ID] IReadOnlyList<Guid>? cameras = null, IReadOnlyList<string>? addresses = null, DateTimeOffset? expiresAt = null,
        int? callsPerSecond = null, IReadOnlyList<Right>? scopes = null, [ID] Guid? id = null)
    {
        ApiKeyId key = id is { } given ? new ApiKeyId(given) : ApiKeyId.New();
        (string secret, string hash) = ApiKeySecret.New();
        return ApiKeyCalls.TryRead(cameras, addresses, scopes, out GivenLists lists) is { } wrong
            ? new FieldResult<IssueApiKeyPayload>([wrong])
            : await calls.SendAsync(
                new IssueApiKey(key, name, lists.Of(role, expiresAt, callsPerSecond), hash),
                user,
                (node, position) => new IssueApiKeyPayload(node, position is null ? null : secret, position),
                cancellationToken);
    }

    /// <summary>Gives a key another secret, in this answer and nowhere else.</summary>
    /// <param name="overlap">How long the old secret stays good, at most 30 days.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<RotateApiKeyPayload>> RotateApiKeyAsync(
        [ID] Guid id, TimeSpan overlap, ApiKeyCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken,
        long? expectedVersion = null)
    {
        (string secret, string hash) = ApiKeySecret.New();
        int seconds = (int)Math.Clamp(overlap.TotalSeconds, -1, ApiKeyRefusals.OverlapSMax + 1);
        return calls.SendAsync(
            new RotateApiKey(new ApiKeyId(id), hash, seconds),
            user,
            (node, position) => new RotateApiKeyPayload(node, position is null ? null : secret, position),
            cancellationToken,
            expectedVersion);
    }

    /// <summary>Lets a key do less. What is left out stays as it is; nothing can become more.</summary>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static async Task<FieldResult<NarrowApiKeyPayload>> NarrowApiKeyAsync(
        [ID] Guid id, ApiKeyCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken,
        Role? role = null, [ID] IReadOnlyList<Guid>? cameras = null, IReadOnlyList<string>? addresses = null,
        DateTimeOffset? expiresAt = null, int? callsPerSecond = null, IReadOnlyList<Right>? scopes = null,
        long? expectedVersion = null)
    {
        if (ApiKeyCalls.TryRead(cameras, addresses, scopes, out GivenLists lists) is { } wrong)
        {
            return new FieldResult<NarrowApiKeyPayload>([wrong]);
        }

        return await calls.SendAsync(
            await calls.NarrowingOfAsync(id, role, lists, expiresAt, callsPerSecond, cancellationToken),
            user,
            (node, position) => new NarrowApiKeyPayload(node, position),
            cancellationToken,
            expectedVersion);
    }

    /// <summary>Lets nobody in with a key until it is resumed. What is open on its behalf ends.</summary>
    /// <param name="reason">For people; kept in the log.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<SuspendApiKeyPayload>> SuspendApiKeyAsync(
        [ID] Guid id, ApiKeyCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken, string reason = "requested",
        long? expectedVersion = null) =>
        calls.SendAsync(
            new SuspendApiKey(new ApiKeyId(id), reason), user,
            (node, position) => new SuspendApiKeyPayload(node, position), cancellationToken, expectedVersion);

    /// <summary>Ends a suspension.</summary>
    [Error<NotFoundError>]
    [Error<WrongStateError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<ResumeApiKeyPayload>> ResumeApiKeyAsync(
        [ID] Guid id, ApiKeyCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken,
        long? expectedVersion = null) =>
        calls.SendAsync(
            new ResumeApiKey(new ApiKeyId(id)), user,
            (node, position) => new ResumeApiKeyPayload(node, position), cancellationToken, expectedVersion);

    /// <summary>Ends a key for good. What is open on its behalf ends.</summary>
    /// <param name="reason">For people; kept in the log.</param>
    [Error<NotFoundError>]
    [Error<InvalidInputError>]
    [Error<ConflictError>]
    [Error<DependencyError>]
    public static Task<FieldResult<RevokeApiKeyPayload>> RevokeApiKeyAsync(
        [ID] Guid id, ApiKeyCalls calls, ClaimsPrincipal user, CancellationToken cancellationToken, string reason = "requested",
        long? expectedVersion = null) =>
        calls.SendAsync(
            new RevokeApiKey(new ApiKeyId(id), reason), user,
            (node, position) => new RevokeApiKeyPayload(node, position), cancellationToken, expectedVersion);
}
