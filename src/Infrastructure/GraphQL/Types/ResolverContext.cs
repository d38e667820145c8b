using System.Security.Claims;
using Events.GraphQL.DataLoaders;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>What a resolver is given. The executor makes one for each field of each object.</summary>
internal abstract class ResolverContext
{
    internal abstract GraphSchema Schema { get; }

    /// <summary>The object type whose field this is.</summary>
    internal abstract GraphObject ParentType { get; }

    internal abstract GraphField Field { get; }

    /// <summary>The field where it first stands in the document.</summary>
    internal abstract FieldNode Syntax { get; }

    /// <summary>The object whose field this is; null for the root when there is no root value.</summary>
    internal abstract object? Parent { get; }

    /// <summary>Coerced.</summary>
    internal abstract InputValues Arguments { get; }

    internal abstract IServiceProvider Services { get; }

    /// <summary>Null for nobody.</summary>
    internal abstract ClaimsPrincipal? User { get; }

    internal abstract CancellationToken CancellationToken { get; }

    /// <summary>Response names and list indices to this field.</summary>
    internal virtual IReadOnlyList<object> Path => throw new NotSupportedException();

    /// <summary>The data loaders of this request: one of each type, with what they have loaded.</summary>
    internal virtual DataLoaderRegistry Loaders => throw new NotSupportedException();

    /// <summary>
    /// Whether the client asked for a field of this name directly below, on an object of any type: so that what is costly is
    /// only computed when it is wanted.
    /// </summary>
    internal virtual bool IsSelected(string fieldName) => throw new NotSupportedException();

    /// <summary>Tells the client of an error beside the value that the resolver gives. Path and location are filled in.</summary>
    internal virtual void ReportError(GraphQLError error) => throw new NotSupportedException();
}
