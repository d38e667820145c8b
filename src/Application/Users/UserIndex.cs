using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Application.Users;

/// <summary>Finds the row of a user by what people know: the name.</summary>
public sealed class UserIndex(IUserNames names, IReadModels views)
{
    /// <returns>Null when there is no user of that name.</returns>
    public async Task<UserView?> FindAsync(string name, CancellationToken cancellationToken) =>
        UserName.TryParse(name) is { } known ? await FindAsync(known, cancellationToken) : null;

    /// <summary>By the name alone; takes the same steps whether there is such a user or not.</summary>
    /// <inheritdoc cref="FindAsync(string, CancellationToken)"/>
    public async Task<UserView?> FindExactlyAsync(UserName name, CancellationToken cancellationToken) =>
        await views.FindAsync(
            UserViewProjection.View,
            UserViewProjection.KeyOf(await names.FindAsync(name, cancellationToken), name),
            cancellationToken);

    /// <returns>Null when the views have none of whoever signed in.</returns>
    public Task<UserView?> FindAsync(SessionGrant grant, CancellationToken cancellationToken) =>
        views.FindAsync(UserViewProjection.View, UserViewProjection.KeyOf(grant.UserId, grant.Name), cancellationToken);

    /// <inheritdoc cref="FindAsync(string, CancellationToken)"/>
    public async Task<UserView?> FindAsync(UserName name, CancellationToken cancellationToken)
    {
        if (await FindExactlyAsync(name, cancellationToken) is { } row)
        {
            return row;
        }

        // Where pseudonyms are the rule, that is what lists show, and what is typed in again.
        Page<UserView> shown = await views.ListAsync(
            UserViewProjection.View, ViewQuery.Where("name", name.Value) with { Limit = 1 }, cancellationToken);
        return shown.Rows is [var one] ? one : null;
    }
}
