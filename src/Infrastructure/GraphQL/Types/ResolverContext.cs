using System.Security.Claims;
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
}
