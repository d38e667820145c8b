using System.Collections;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Events.GraphQL.Types;

/// <summary>
/// Shows a value in an error message: <c>"text"</c>, <c>[1, 2]</c>, <c>{ a: 1 }</c>. Long and deep ones are cut.
/// </summary>
internal static class Inspect
{
    private const int DepthMax = 2;
    private const int ItemsMax = 10;

    /// <summary>An object of the variables may be as large as the request; what is wrong is told field by field.</summary>
    private const int FieldsMax = 50;

    private const int TextLengthMax = 1_000;
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static string Of(object? value) => Of(value, 0);

    private static string Of(object? value, int depth) =>
        value switch
        {
            null => "null",
            string text => Text(text),
            bool boolean => boolean ? "true" : "false",
            double number => Numbers.Text(number),
            float number => Numbers.Text(number),
            JsonElement { ValueKind: JsonValueKind.Array } json =>
                Items([.. json.EnumerateArray().Take(ItemsMax).Cast<object?>()], json.GetArrayLength(), depth),
            JsonElement { ValueKind: JsonValueKind.Object } json => Fields(
                [.. json.EnumerateObject().Take(FieldsMax + 1).Select(one => KeyValuePair.Create(one.Name, (object?)one.Value))],
                depth),
            JsonElement json => Of(Untyped.FromJson(json), depth),
            InputValues values => Fields(
                [.. values.Given().Select(given => KeyValuePair.Create(given.Definition.Name, given.Value))], depth),
            IEnumerable<KeyValuePair<string, object?>> fields => Fields([.. fields], depth),
            IEnumerable items => Items([.. items.Cast<object?>()], null, depth),
            Enum or IFormattable => Convert.ToString(value, CultureInfo.InvariantCulture)!,
            _ => $"[{value.GetType().Name}]",
        };

    private static string Text(string text) =>
        text.Length <= TextLengthMax
            ? JsonSerializer.Serialize(text, Plain)
            : $"{JsonSerializer.Serialize(text[..TextLengthMax], Plain)}... {text.Length - TextLengthMax} more characters";

    /// <param name="count">Null: all items are there.</param>
    private static string Items(List<object?> items, int? count, int depth)
    {
        if (items.Count == 0)
        {
            return "[]";
        }

        if (depth >= DepthMax)
        {
            return "[Array]";
        }

        List<string> shown = [.. items.Take(ItemsMax).Select(item => Of(item, depth + 1))];
        int rest = (count ?? items.Count) - shown.Count;
        if (rest > 0)
        {
            shown.Add(rest == 1 ? "... 1 more item" : $"... {rest} more items");
        }

        return $"[{string.Join(", ", shown)}]";
    }

    private static string Fields(List<KeyValuePair<string, object?>> fields, int depth) =>
        fields.Count == 0 ? "{}"
        : depth >= DepthMax ? "[Object]"
        : $"{{ {string.Join(", ", fields.Take(FieldsMax).Select(field => $"{field.Key}: {Of(field.Value, depth + 1)}"))}"
            + (fields.Count > FieldsMax ? ", ... }" : " }");
}
