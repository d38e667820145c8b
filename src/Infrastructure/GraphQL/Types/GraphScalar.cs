using System.Text.Json;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>A type without fields of its own: a scalar or an enum. Each method throws <see cref="CoercionException"/>.</summary>
internal interface IGraphLeaf
{
    /// <summary>Makes a resolver's value one that JSON can hold (specification, "result coercion").</summary>
    /// <returns>
    /// Text, boolean, a number, <see cref="JsonElement"/>, or lists and string-keyed dictionaries of them.
    /// </returns>
    object Serialize(object value);

    /// <summary>Takes a value from the variables. It is never JSON's null.</summary>
    object? ParseValue(JsonElement value);

    /// <summary>Takes a value from the document. It is neither null nor a variable, but may hold variables.</summary>
    /// <param name="variables">Coerced; null where none may stand.</param>
    object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables);
}

/// <summary>A scalar (specification, section 3.5).</summary>
internal abstract class GraphScalar(string name) : GraphNamedType(name), IGraphLeaf
{
    internal override TypeKind Kind => TypeKind.Scalar;

    /// <summary>Where its form is described; null when nowhere.</summary>
    internal string? SpecifiedByUrl { get; set; }

    public abstract object Serialize(object value);

    public abstract object? ParseValue(JsonElement value);

    public abstract object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables);
}

/// <summary>A scalar whose values are any JSON, taken and given as they are. What SDL alone defines.</summary>
internal sealed class AnyScalar(string name) : GraphScalar(name)
{
    public override object Serialize(object value) => value;

    public override object? ParseValue(JsonElement value) => Untyped.FromJson(value);

    public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        Untyped.FromLiteral(literal, variables);
}

/// <summary>A value does not fit its type.</summary>
/// <param name="hint">A question that helps, with a space before it; null for none.</param>
internal sealed class CoercionException(string message, string? hint = null) : Exception(message)
{
    internal string? Hint => hint;
}
