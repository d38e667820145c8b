using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>An argument of a field or directive, or a field of an input object.</summary>
internal sealed class GraphInputValue(string name, TypeNode typeSyntax) : GraphAnnotated, IGraphMember
{
    private LazyText _description;
    private object? _default;
    private bool _isDefaultKept;

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

    /// <summary>Null when there is none; a default of null is a <see cref="NullValueNode"/>.</summary>
    internal ValueNode? DefaultLiteral { get; set; }

    /// <summary>Null while it is not deprecated.</summary>
    internal string? DeprecationReason { get; set; }

    /// <summary>It cannot be left out.</summary>
    internal bool IsRequired => Type.Kind == TypeKind.NonNull && DefaultLiteral is null;

    /// <returns>False when there is no default, or none that fits the type.</returns>
    internal bool TryGetDefault(out object? value)
    {
        if (_isDefaultKept)
        {
            value = _default;
            return true;
        }

        value = null;
        return DefaultLiteral is not null && LiteralCoercion.TryCoerce(DefaultLiteral, Type, null, out value);
    }

    /// <summary>
    /// Coerces a default once for all. Not one with input objects: those may be mutable objects of the application.
    /// </summary>
    internal void KeepDefault()
    {
        if (Type.Named.Kind != TypeKind.InputObject && TryGetDefault(out object? value))
        {
            _default = value;
            _isDefaultKept = true;
        }
    }
}
