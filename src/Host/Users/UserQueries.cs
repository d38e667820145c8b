using Events.Application.Contracts;
using Events.Application.Users;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Users;

[QueryType]
[Authorize(Policy = nameof(Right.ReadAudit))]
internal static class UserQueries
{
    /// <summary>Users, by name unless another order is asked for. Disabled ones are among them.</summary>
    [UsePaging(IncludeTotalCount = true, DefaultPageSize = 50, MaxPageSize = 100)]
    [UseFiltering(Type = typeof(UserColumns))]
    [UseSorting(Type = typeof(UserColumns))]
    public static Task<Connection<UserNode>> GetUsersAsync(
        PagingArguments paging, Filter? where, SortOrder order, ViewLists lists, CancellationToken cancellationToken) =>
        lists.ListAsync(
            UserViewProjection.View,
            new ListCall(paging, where, order, null),
            new RowOrder("name", false),
            null,
            UserNode.Of,
            cancellationToken);

    /// <summary>One user. Null when there is none.</summary>
    public static async Task<UserNode?> GetUserAsync(string name, UserIndex index, CancellationToken cancellationToken) =>
        await index.FindAsync(name, cancellationToken) is { } user ? UserNode.Of(user) : null;
}
