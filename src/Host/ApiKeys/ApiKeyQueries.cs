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
    [UsePaging(IncludeTotalCount = true, DefaultPageSize = 50, MaxPageSize = 100)]
    [UseFiltering(Type = typeof(ApiKeyColumns))]
    [UseSorting(Type = typeof(ApiKeyColumns))]
    public static Task<Connection<ApiKeyNode>> GetApiKeysAsync(
        PagingArguments paging, Filter? where, SortOrder order, ViewLists lists, TimeProvider time,
        CancellationToken cancellationToken) =>
        lists.ListAsync(
            ApiKeyViewProjection.View,
            new ListCall(paging, where, order, null),
            new RowOrder("issued_at", false),
            null,
            view => ApiKeyNode.Of(view, time.GetUtcNow()),
            cancellationToken);

    /// <summary>One key. Null when there is none.</summary>
    /// <param name="id">As answers carry it, or the UUID alone.</param>
    public static Task<ApiKeyNode?> GetApiKeyAsync(
        [ID] Guid id, IReadModels views, TimeProvider time, CancellationToken cancellationToken) =>
        ApiKeyFields.FindAsync(id, views, time, cancellationToken);
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
