using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>A field of an object or interface (specification, section 3.6).</summary>
internal sealed class GraphField(string name, TypeNode typeSyntax) : GraphAnnotated, IGraphMember
{
    private LazyText _description;

    public string Name => name;

    public string? Description
    {
        get => _description.Value;
        set => _description = new(value);
    }

    /// <summary>Looks the description up when somebody asks for it.</summary>
    internal void DescribeLater(Func<string?> find) => _description = new(find);

    /// <summary>Its type as it was written.</summary>
    internal TypeNode TypeSyntax => typeSyntax;

    /// <summary>Known once the schema is built.</summary>
    internal GraphType Type { get; set; } = null!;

    internal GraphMembers<GraphInputValue> Arguments { get; } = new(name);

    /// <summary>Null while it is not deprecated.</summary>
    internal string? DeprecationReason { get; set; }

    /// <summary>Null: <see cref="SchemaBuilder.DefaultResolver"/> is put in. Interfaces need none.</summary>
    internal FieldResolver? Resolve { get; set; }

    /// <summary>
    /// Opens the source of a subscription's root field; each of its items is then the parent of <see cref="Resolve"/>.
    /// </summary>
    internal SourceResolver? Subscribe { get; set; }
}

/// <summary>
/// Gives a field's value, not yet completed. Throws <see cref="GraphQLException"/> for what the client may read.
/// </summary>
internal delegate ValueTask<object?> FieldResolver(ResolverContext context);

/// <summary>Opens a source stream (specification, section 6.2.3.1).</summary>
internal delegate ValueTask<IAsyncEnumerable<object?>> SourceResolver(ResolverContext context);
