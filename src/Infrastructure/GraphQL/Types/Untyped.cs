using System.Globalization;
using System.Text.Json;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>
/// Values without a type to guide them: null, text, booleans, <see cref="long"/> or <see cref="double"/>, lists and dictionaries.
/// </summary>
internal static class Untyped
{
    internal static object? FromJson(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => value.TryGetInt64(out long whole) ? whole : value.GetDouble(),
            JsonValueKind.Array => value.EnumerateArray().Select(FromJson).ToList(),
            JsonValueKind.Object => FromObject(value),
            _ => null,
        };

    /// <summary>A variable that is not given counts as null.</summary>
    internal static object? FromLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        literal switch
        {
            StringValueNode text => text.Value,
            EnumValueNode name => name.Value,
            BooleanValueNode boolean => boolean.Value,
            IntValueNode number => long.TryParse(number.Text, CultureInfo.InvariantCulture, out long whole)
                ? whole
                : double.Parse(number.Text, CultureInfo.InvariantCulture),
            FloatValueNode number => double.Parse(number.Text, CultureInfo.InvariantCulture),
            VariableNode variable => variables?.GetValueOrDefault(variable.Name.Value),
            ListValueNode list => list.Items.Select(item => FromLiteral(item, variables)).ToList(),
            ObjectValueNode fields => FromFields(fields, variables),
            _ => null,
        };

    private static Dictionary<string, object?> FromObject(JsonElement value)
    {
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (JsonProperty property in value.EnumerateObject())
        {
            fields[property.Name] = FromJson(property.Value);
        }

        return fields;
    }

    private static Dictionary<string, object?> FromFields(ObjectValueNode node, IReadOnlyDictionary<string, object?>? variables)
    {
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (ObjectFieldNode field in node.Fields)
        {
            fields[field.Name.Value] = FromLiteral(field.Value, variables);
        }

        return fields;
    }
}
