using Events.Application.ApiKeys;
using Events.Application.Contracts;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.ApiKeys;

[QueryType]
[Authorize(Policy = nameof(Right.ReadAudit))]
internal static class ApiKeyQueries
{
    /// <summary>Keys, the oldest first unless another order is asked for. Revoked and expired ones are among them.</summary>
    /// <param name="asOf">The list as it was then; null for now.</param>
    [UsePaging(IncludeTotalCount = true, DefaultPageSize = 50, MaxPageSize = 100)]
    [UseFiltering(Type = typeof(ApiKeyColumns))]
    [UseSorting(Type = typeof(ApiKeyColumns))]
    public static async Task<Connection<ApiKeyNode>> GetApiKeysAsync(
        PagingArguments paging, Filter? where, SortOrder order, ViewLists lists, Moments moments, TimeProvider time,
        CancellationToken cancellationToken,
        AsOf? asOf = null)
    {
        DateTimeOffset then = asOf is null ? time.GetUtcNow() : await moments.TimeOfAsync(asOf, cancellationToken);
        return await lists.ListAsync(
            ApiKeyViewProjection.View,
            new ListCall(paging, where, order, asOf),
            new RowOrder("issued_at", false),
            null,
            view => ApiKeyNode.Of(view, then),
            cancellationToken);
    }

    /// <summary>One key. Null when there is, or was, none.</summary>
    /// <param name="id">As answers carry it, or the UUID alone.</param>
    /// <param name="asOf">The key as it was then; null for now.</param>
    public static async Task<ApiKeyNode?> GetApiKeyAsync(
        [ID] Guid id, IReadModels views, ViewLists lists, Moments moments, TimeProvider time,
        CancellationToken cancellationToken,
        AsOf? asOf = null) =>
        await lists.FindAsync(
            ApiKeyViewProjection.View, "api_key", id.ToString("d"), asOf, views, cancellationToken) is { } key
            ? ApiKeyNode.Of(
                key, asOf is null ? time.GetUtcNow() : await moments.TimeOfAsync(asOf, cancellationToken))
            : null;
}

[ExtendObjectType<ApiKeyNode>]
internal static class ApiKeyFields
{
    [NodeResolver]
    [Authorize(Policy = nameof(Right.ReadAudit))]
    public static async Task<ApiKeyNode?> FindAsync(
        [ID] Guid id, IReadModels views, TimeProvider time, CancellationToken cancellationToken) =>
        await views.FindAsync(ApiKeyViewProjection.View, id.ToString("d"), cancellationToken) is { } key
            ? ApiKeyNode.Of(key, time.GetUtcNow())
            : null;
}
