using System.Collections;
using System.Globalization;
using System.Reflection;
using Events.GraphQL.Language;

namespace Events.GraphQL.Binding;

/// <summary>Makes the pieces of syntax that the schema's model is written in.</summary>
internal static class Syntax
{
    internal static TypeNode Named(string name) => new NamedTypeNode(Name.Of(name));

    internal static TypeNode List(TypeNode of) => new ListTypeNode(Location.None, of);

    internal static TypeNode NonNull(TypeNode of) => new NonNullTypeNode(of);

    internal static TypeNode Nullable(TypeNode of) => of is NonNullTypeNode nonNull ? nonNull.Of : of;

    /// <summary>A C# default as a literal.</summary>
    /// <param name="value">Not null.</param>
    internal static ValueNode Literal(object value) =>
        value switch
        {
            bool boolean => new BooleanValueNode(Location.None, boolean),
            Enum name => new EnumValueNode(Location.None, Names.OfEnumValue(FieldOf(name))),
            double or float or decimal => Number(Convert.ToString(value, CultureInfo.InvariantCulture)!),
            int or long or short or byte =>
                new IntValueNode(Location.None, Convert.ToString(value, CultureInfo.InvariantCulture)!),
            string text => new StringValueNode(Location.None, text, isBlock: false),
            IEnumerable items => new ListValueNode(Location.None, [.. items.Cast<object>().Select(Literal)]),
            _ => new StringValueNode(Location.None, Convert.ToString(value, CultureInfo.InvariantCulture)!, isBlock: false),
        };

    private static ValueNode Number(string text) =>
        text.AsSpan().IndexOfAny('.', 'E') >= 0
            ? new FloatValueNode(Location.None, text)
            : new IntValueNode(Location.None, text);

    private static FieldInfo FieldOf(Enum value) => value.GetType().GetField(value.ToString())!;
}
