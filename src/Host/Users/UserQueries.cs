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
    /// <param name="asOf">The list as it was then; who was erased since is in it without a name. Null for now.</param>
    [UsePaging(IncludeTotalCount = true, DefaultPageSize = 50, MaxPageSize = 100)]
    [UseFiltering(Type = typeof(UserColumns))]
    [UseSorting(Type = typeof(UserColumns))]
    public static Task<Connection<UserNode>> GetUsersAsync(
        PagingArguments paging, Filter? where, SortOrder order, ViewLists lists, CancellationToken cancellationToken,
        AsOf? asOf = null) =>
        lists.ListAsync(
            UserViewProjection.View,
            new ListCall(paging, where, order, asOf),
            new RowOrder("name", false),
            null,
            UserNode.Of,
            cancellationToken);

    /// <summary>One user. Null when there is, or was, none.</summary>
    /// <param name="asOf">Whoever has the name now, as it was then; null for now.</param>
    public static async Task<UserNode?> GetUserAsync(
        string name, UserIndex index, IReadModels views, ViewLists lists, CancellationToken cancellationToken,
        AsOf? asOf = null)
    {
        UserView? user = await index.FindAsync(name, cancellationToken);
        if (user is not null && asOf is not null)
        {
            string key = UserViewProjection.KeyOf(user.Id, user.Name);
            user = await lists.FindAsync(UserViewProjection.View, "user", key, asOf, views, cancellationToken);
        }

        return user is null ? null : UserNode.Of(user);
    }
}
