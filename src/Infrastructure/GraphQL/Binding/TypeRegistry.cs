using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>
/// The schema's types by the C# types they are made of. Each is defined when it is first referred to; two C# types that want one
/// name are refused.
/// </summary>
internal sealed class TypeRegistry
{
    private readonly Dictionary<(Type, bool IsInput), string> _names = [];
    private readonly Queue<Action> _open = new();

    internal SchemaBuilder Builder { get; } = new();

    /// <param name="define">Makes the type; its members may come later, by <see cref="Later"/>.</param>
    internal string NameOf(Type type, bool isInput, Func<GraphNamedType> define)
    {
        if (!_names.TryGetValue((type, isInput), out string? name))
        {
            GraphNamedType defined = define();
            name = _names[(type, isInput)] = defined.Name;
            Add(defined);
        }

        return name;
    }

    internal void Add(GraphNamedType type)
    {
        if (BuiltIns.IsScalar(type.Name))
        {
            return;
        }

        if (Builder.Types.Has(type.Name))
        {
            throw new SchemaException(new GraphQLError(
                $"Two C# types are \"{type.Name}\" in the schema. Give one of them another name with [GraphQLName]."));
        }

        Builder.Types.Add(type);
    }

    /// <summary>Adds a type by name unless it is there.</summary>
    internal TypeNode Shared(string name, Func<GraphNamedType> define)
    {
        if (!Builder.Types.Has(name))
        {
            Add(define());
        }

        return Syntax.Named(name);
    }

    internal void Later(Action define) => _open.Enqueue(define);

    /// <summary>Does what was put off, and what that puts off, until nothing is left.</summary>
    internal void Finish()
    {
        while (_open.TryDequeue(out Action? define))
        {
            define();
        }
    }

    /// <summary>Scalars and enums are the same both ways.</summary>
    /// <returns>Null for a type that is neither.</returns>
    internal string? LeafNameOf(Type type) =>
        ClrScalars.IsKnown(type) ? NameOf(type, false, () => ClrScalars.Make(type))
        : type.IsEnum ? NameOf(type, false, () => EnumTypes.Make(type))
        : null;
}
