using System.Security.Claims;

namespace Events.GraphQL;

/// <summary>
/// The C# types of a schema, as a list. What they refer to is found from them; nothing is searched for in assemblies.
/// </summary>
public sealed class GraphQLTypes
{
    private readonly List<Type> _types = [];

    internal IReadOnlyList<Type> Types => _types;

    internal bool HasMutationConventions { get; private set; }

    internal Func<ClaimsPrincipal?, AuthorizeAttribute, bool> IsAllowed { get; private set; } = AllowByRole;

    /// <summary>Adds classes that bear attributes of this library, or are possible types of an interface or union.</summary>
    public GraphQLTypes Add(params IReadOnlyList<Type> types)
    {
        _types.AddRange(types);
        return this;
    }

    /// <summary>
    /// Gives every mutation one argument <c>input</c> and a payload with typed errors (see <see cref="ErrorAttribute{T}"/>).
    /// </summary>
    public GraphQLTypes AddMutationConventions()
    {
        HasMutationConventions = true;
        return this;
    }

    /// <summary>
    /// Decides on <see cref="AuthorizeAttribute"/>, for each field of each object that bears it. By default the user is signed in
    /// and has one of the roles.
    /// </summary>
    public GraphQLTypes AuthorizeBy(Func<ClaimsPrincipal?, AuthorizeAttribute, bool> isAllowed)
    {
        IsAllowed = isAllowed;
        return this;
    }

    private static bool AllowByRole(ClaimsPrincipal? user, AuthorizeAttribute rule) =>
        user?.Identity?.IsAuthenticated == true && (rule.Roles.Length == 0 || rule.Roles.Any(user.IsInRole));
}
