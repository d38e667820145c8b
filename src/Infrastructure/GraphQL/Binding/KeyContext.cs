using System.Security.Claims;
using Events.GraphQL.DataLoaders;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>A resolver's surroundings with one thing more: the key of the object that is looked up.</summary>
internal sealed class KeyContext(ResolverContext inner, string key) : ResolverContext
{
    internal string Key => key;

    internal override GraphSchema Schema => inner.Schema;

    internal override GraphObject ParentType => inner.ParentType;

    internal override GraphField Field => inner.Field;

    internal override FieldNode Syntax => inner.Syntax;

    internal override object? Parent => inner.Parent;

    internal override InputValues Arguments => inner.Arguments;

    internal override IServiceProvider Services => inner.Services;

    internal override ClaimsPrincipal? User => inner.User;

    internal override CancellationToken CancellationToken => inner.CancellationToken;

    internal override IReadOnlyList<object> Path => inner.Path;

    internal override DataLoaderRegistry Loaders => inner.Loaders;

    internal override bool IsSelected(string fieldName) => inner.IsSelected(fieldName);

    internal override void ReportError(GraphQLError error) => inner.ReportError(error);
}
