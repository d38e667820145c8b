using System.Collections.Immutable;

namespace Events.GraphQL.Types;

/// <summary>A type that has a name (specification, section 3.4).</summary>
internal abstract class GraphNamedType(string name) : GraphType, IGraphMember
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

    internal override GraphNamedType Named => this;

    internal bool IsIntrospection => name.StartsWith("__", StringComparison.Ordinal);

    public override string ToString() => name;
}

/// <summary>An object or an interface: both have fields and implement interfaces.</summary>
internal abstract class GraphFieldsType(string name) : GraphNamedType(name)
{
    internal GraphMembers<GraphField> Fields { get; } = new(name);

    /// <summary>All of them, also those that follow from others.</summary>
    internal IList<string> InterfaceNames { get; init; } = [];

    /// <summary>Known once the schema is built.</summary>
    internal ImmutableArray<GraphInterface> Interfaces { get; set; } = [];
}

internal sealed class GraphObject(string name) : GraphFieldsType(name)
{
    internal override TypeKind Kind => TypeKind.Object;

    /// <summary>Whether a value is of this type, asked when an abstract type has no resolver. Null: never.</summary>
    internal Func<object, bool>? IsTypeOf { get; set; }
}

internal sealed class GraphInterface(string name) : GraphFieldsType(name), IGraphAbstract
{
    internal override TypeKind Kind => TypeKind.Interface;

    public TypeResolver? ResolveType { get; set; }
}

internal sealed class GraphUnion(string name) : GraphNamedType(name), IGraphAbstract
{
    internal override TypeKind Kind => TypeKind.Union;

    internal IList<string> MemberNames { get; init; } = [];

    /// <summary>Known once the schema is built.</summary>
    internal ImmutableArray<GraphObject> Members { get; set; } = [];

    public TypeResolver? ResolveType { get; set; }
}

/// <summary>An interface or a union: the object type of a value is found out when it is executed.</summary>
internal interface IGraphAbstract
{
    /// <summary>Null: each possible type's <see cref="GraphObject.IsTypeOf"/> is asked.</summary>
    TypeResolver? ResolveType { get; set; }
}

/// <summary>Tells the name of the object type that a value has. Null: it cannot tell.</summary>
internal delegate string? TypeResolver(object value, ResolverContext context);
