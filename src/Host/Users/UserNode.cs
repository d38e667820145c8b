using Events.Application.Users;
using Events.GraphQL;

namespace Events.Host.Users;

/// <summary>A person who signs in with a name and a password.</summary>
/// <param name="Cameras">Ids of those that the user may know of; null for all.</param>
/// <param name="MustChangePassword">Whether the password is good for nothing but to be changed.</param>
/// <param name="LockedUntil">For wrong passwords; null when there was no lock since the right one came. May be over.</param>
/// <param name="DisabledFor">Why nobody gets in with this name; null while somebody does.</param>
/// <param name="HasSecondFactor">Whether a code of a device is asked for beside the password.</param>
/// <param name="Version">Facts of this user so far. Commands take it as expectedVersion.</param>
/// <param name="Stream">The name of its stream in the log, and of whoever caused a fact, where it was this user.</param>
[GraphQLName("User")]
internal sealed record UserNode(
    string Name,
    Role Role,
    [property: ID] IReadOnlyList<Guid>? Cameras,
    bool MustChangePassword,
    DateTimeOffset CreatedAt,
    DateTimeOffset PasswordChangedAt,
    DateTimeOffset? LockedUntil,
    string? DisabledFor,
    bool HasSecondFactor,
    long Version,
    string Stream)
{
    public static UserNode Of(UserView view) =>
        new(
            view.Name.Value,
            view.Role,
            view.Cameras?.All.Select(id => id.Value).ToList(),
            view.MustChange,
            view.CreatedAt,
            view.PasswordChangedAt,
            view.LockedUntil,
            view.DisabledFor,
            view.IsSecondFactorConfirmed,
            view.Version,
            view.Id is { } id ? id.Account : $"user-{view.Name}");
}

/// <summary>What users can be filtered and sorted by.</summary>
[GraphQLName("User")]
internal sealed record UserColumns(string Name, Role Role, bool IsDisabled);
