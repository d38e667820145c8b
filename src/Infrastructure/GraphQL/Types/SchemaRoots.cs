using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>
/// Names of the types at which operations begin (specification, section 3.3.1); null for kinds that there are not.
/// </summary>
internal sealed record SchemaRoots(string? Query = null, string? Mutation = null, string? Subscription = null)
{
    /// <summary>The types that have the usual names, those that there are.</summary>
    internal static SchemaRoots Conventional(GraphMembers<GraphNamedType> types) =>
        new(
            types.Has("Query") ? "Query" : null,
            types.Has("Mutation") ? "Mutation" : null,
            types.Has("Subscription") ? "Subscription" : null);

    internal string? this[OperationType operation] =>
        operation switch
        {
            OperationType.Mutation => Mutation,
            OperationType.Subscription => Subscription,
            _ => Query,
        };

    /// <returns>Null when there is one already and it is not to be replaced.</returns>
    internal SchemaRoots? With(OperationType operation, string type, bool isReplacing)
    {
        if (this[operation] is not null && !isReplacing)
        {
            return null;
        }

        return operation switch
        {
            OperationType.Mutation => this with { Mutation = type },
            OperationType.Subscription => this with { Subscription = type },
            _ => this with { Query = type },
        };
    }

    internal static string NameOf(OperationType operation) => operation.ToString().ToLowerInvariant();
}
