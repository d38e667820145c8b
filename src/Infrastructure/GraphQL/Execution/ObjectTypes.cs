using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>Finds the object type of a value behind an interface or union (specification, <c>ResolveAbstractType</c>).</summary>
internal static class ObjectTypes
{
    /// <exception cref="GraphQLException">It has none, or none that fits.</exception>
    internal static GraphObject Of(GraphNamedType type, object value, ResolverContext context)
    {
        if (((IGraphAbstract)type).ResolveType is not { } resolve)
        {
            foreach (GraphObject possible in context.Schema.PossibleTypes(type))
            {
                if (possible.IsTypeOf?.Invoke(value) == true)
                {
                    return possible;
                }
            }

            throw Unresolved(type, context);
        }

        string name = resolve(value, context) ?? throw Unresolved(type, context);
        return context.Schema.Types.Find(name) switch
        {
            GraphObject found when context.Schema.IsSubType(type, found) => found,
            GraphObject found =>
                throw new GraphQLException($"Runtime Object type \"{found}\" is not a possible type for \"{type}\"."),
            null => throw new GraphQLException(
                $"Abstract type \"{type}\" was resolved to a type \"{name}\" that does not exist inside the schema."),
            _ => throw new GraphQLException($"Abstract type \"{type}\" was resolved to a non-object type \"{name}\"."),
        };
    }

    private static GraphQLException Unresolved(GraphNamedType type, ResolverContext context) =>
        new($"Abstract type \"{type}\" must resolve to an Object type at runtime for field "
            + $"\"{context.ParentType}.{context.Field.Name}\". Either the \"{type}\" type should provide a \"resolveType\" "
            + "function or each possible type should provide an \"isTypeOf\" function.");
}
