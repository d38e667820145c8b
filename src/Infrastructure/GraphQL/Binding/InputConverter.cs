using System.Globalization;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>Brings coerced values into the C# type that a parameter or property has.</summary>
internal static class InputConverter
{
    internal static Func<object?, object?> For(TypeShape shape, bool isId)
    {
        if (shape.Item is { } item)
        {
            return List(shape.Type, item.IsNullable ? NullableOf(item.Type) : item.Type, For(item, isId));
        }

        if (isId)
        {
            return value => value is null ? null : Identity((string)value, shape.Type);
        }

        return shape.Type == typeof(float)
            ? value => value is null ? null : Convert.ToSingle(value, CultureInfo.InvariantCulture)
            : static value => value;
    }

    private static Func<object?, object?> List(Type list, Type item, Func<object?, object?> convert)
    {
        bool isArray = list.IsAssignableFrom(item.MakeArrayType());
        return value =>
        {
            if (value is null)
            {
                return null;
            }

            var given = (object?[])value;
            Array items = Array.CreateInstance(item, given.Length);
            for (int i = 0; i < given.Length; i++)
            {
                items.SetValue(convert(given[i]), i);
            }

            return isArray ? items : Activator.CreateInstance(list, items);
        };
    }

    /// <summary>Takes the identity of an object of the schema as well as the key behind it.</summary>
    private static object Identity(string text, Type type)
    {
        string key = GlobalId.TryRead(text, out _, out string? inner) ? inner : text;
        if (type == typeof(string))
        {
            return key;
        }

        object? value =
            type == typeof(Guid) && Guid.TryParse(key, out Guid guid) ? guid
            : type == typeof(int) && int.TryParse(key, CultureInfo.InvariantCulture, out int number) ? number
            : type == typeof(long) && long.TryParse(key, CultureInfo.InvariantCulture, out long large) ? large
            : null;
        return value ?? throw new CoercionException($"ID cannot represent value: {Inspect.Of(text)}");
    }

    private static Type NullableOf(Type type) => type.IsValueType ? typeof(Nullable<>).MakeGenericType(type) : type;
}
