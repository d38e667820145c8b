using System.Reflection;
using System.Security.Claims;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>Lets a resolver run only for those who may (<see cref="AuthorizeAttribute"/>), each time it runs.</summary>
internal sealed class Authorization(Func<ClaimsPrincipal?, AuthorizeAttribute, bool> isAllowed)
{
    /// <param name="members">The field's member and the types around it.</param>
    internal void Guard(GraphField field, params IReadOnlyList<MemberInfo?> members)
    {
        AuthorizeAttribute[] rules = [.. members.Where(one => one is not null).Distinct()
            .SelectMany(one => one!.GetCustomAttributes<AuthorizeAttribute>())];
        if (rules.Length == 0)
        {
            return;
        }

        if (field.Resolve is { } resolve)
        {
            field.Resolve = context =>
            {
                Require(context, rules);
                return resolve(context);
            };
        }

        if (field.Subscribe is { } subscribe)
        {
            field.Subscribe = context =>
            {
                Require(context, rules);
                return subscribe(context);
            };
        }
    }

    private void Require(ResolverContext context, AuthorizeAttribute[] rules)
    {
        foreach (AuthorizeAttribute rule in rules)
        {
            if (!isAllowed(context.User, rule))
            {
                bool isSignedIn = context.User?.Identity?.IsAuthenticated == true;
                throw new GraphQLException(new GraphQLError("The current user is not authorized to access this resource.")
                {
                    Extensions = new Dictionary<string, object?>
                    {
                        ["code"] = isSignedIn ? "AUTH_NOT_AUTHORIZED" : "AUTH_NOT_AUTHENTICATED",
                    },
                });
            }
        }
    }
}
