namespace Events.GraphQL.Types;

// The model of a schema. Everything of it that a schema author would name has the prefix Graph (GraphObject, GraphField,
// GraphSchema), because the attributes and base classes of the binding have the plain names. A reference to a type is a piece of
// syntax (TypeNode) until the SchemaBuilder resolves it, so that types may refer to each other in any order.

/// <summary>Kinds of types, as introspection names them in upper snake case (specification, section 4.5.2).</summary>
internal enum TypeKind
{
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    InputObject,
    List,
    NonNull,
}

/// <summary>
/// A type, wrapped or not. Within a schema each type exists once, wrapped ones too: reference equality is equality of types.
/// </summary>
internal abstract class GraphType : GraphAnnotated
{
    private GraphList? _list;
    private GraphNonNull? _nonNull;

    internal abstract TypeKind Kind { get; }

    /// <summary>The type inside all lists and non-nulls.</summary>
    internal abstract GraphNamedType Named { get; }

    /// <summary>This type without its outermost non-null.</summary>
    internal virtual GraphType Nullable => this;

    internal GraphList List => _list ?? Interlocked.CompareExchange(ref _list, new GraphList(this), null) ?? _list;

    internal GraphNonNull NonNull =>
        _nonNull ?? Interlocked.CompareExchange(ref _nonNull, new GraphNonNull(this), null) ?? _nonNull;

    /// <summary>Scalars, enums and input objects, in whatever wrapping.</summary>
    internal bool IsInput => Named.Kind is TypeKind.Scalar or TypeKind.Enum or TypeKind.InputObject;

    /// <summary>All but input objects, in whatever wrapping.</summary>
    internal bool IsOutput => Named.Kind is not TypeKind.InputObject;

    internal bool IsLeaf => Kind is TypeKind.Scalar or TypeKind.Enum;

    internal bool IsComposite => Kind is TypeKind.Object or TypeKind.Interface or TypeKind.Union;

    internal bool IsAbstract => Kind is TypeKind.Interface or TypeKind.Union;

    /// <returns>As in a document: <c>[Camera!]!</c>.</returns>
    public abstract override string ToString();
}

internal sealed class GraphList(GraphType of) : GraphType
{
    internal GraphType Of => of;

    internal override TypeKind Kind => TypeKind.List;

    internal override GraphNamedType Named => of.Named;

    public override string ToString() => $"[{of}]";
}

internal sealed class GraphNonNull(GraphType of) : GraphType
{
    internal GraphType Of => of;

    internal override TypeKind Kind => TypeKind.NonNull;

    internal override GraphNamedType Named => of.Named;

    internal override GraphType Nullable => of;

    public override string ToString() => $"{of}!";
}
