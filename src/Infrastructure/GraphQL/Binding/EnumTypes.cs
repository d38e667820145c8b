using System.Reflection;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>Enums of C# as enums of the schema.</summary>
internal static class EnumTypes
{
    internal static GraphEnum Make(Type type)
    {
        var made = new GraphEnum(type.GetCustomAttribute<GraphQLNameAttribute>()?.Name ?? type.Name);
        made.DescribeLater(() => Descriptions.OfType(type));
        foreach (FieldInfo field in type.GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            if (field.GetCustomAttribute<GraphQLIgnoreAttribute>() is null)
            {
                var value = new GraphEnumValue(Names.OfEnumValue(field), field.GetValue(null))
                {
                    DeprecationReason = Deprecation.Of(field),
                };
                value.DescribeLater(() => Descriptions.OfMember(field));
                made.Values.Add(value);
            }
        }

        return made;
    }
}

/// <summary>Why a member should not be used any more.</summary>
internal static class Deprecation
{
    /// <returns>Null while it is not deprecated.</returns>
    internal static string? Of(ICustomAttributeProvider member)
    {
        if (member.GetCustomAttributes(typeof(GraphQLDeprecatedAttribute), false) is [GraphQLDeprecatedAttribute given, ..])
        {
            return given.Reason;
        }

        return member.GetCustomAttributes(typeof(ObsoleteAttribute), false) is [ObsoleteAttribute obsolete, ..]
            ? obsolete.Message ?? BuiltIns.DefaultDeprecationReason
            : null;
    }
}
