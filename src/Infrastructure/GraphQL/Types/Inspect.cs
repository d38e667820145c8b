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
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static string Of(object? value) =>
        Of(value is JsonElement json ? Untyped.FromJson(json) : value, 0);

    private static string Of(object? value, int depth) =>
        value switch
        {
            null => "null",
            string text => JsonSerializer.Serialize(text, Plain),
            bool boolean => boolean ? "true" : "false",
            double number => Number(number),
            float number => Number(number),
            InputValues values => Fields(
                [.. values.Given().Select(given => KeyValuePair.Create(given.Definition.Name, given.Value))], depth),
            IEnumerable<KeyValuePair<string, object?>> fields => Fields([.. fields], depth),
            IEnumerable items => Items([.. items.Cast<object?>()], depth),
            Enum or IFormattable => Convert.ToString(value, CultureInfo.InvariantCulture)!,
            _ => $"[{value.GetType().Name}]",
        };

    /// <summary>As JavaScript writes it, in which most clients are.</summary>
    private static string Number(double number) =>
        double.IsNaN(number) ? "NaN"
        : double.IsInfinity(number) ? number > 0 ? "Infinity" : "-Infinity"
        : Math.Abs(number) < 1e21 && Math.Floor(number) == number ? number.ToString("F0", CultureInfo.InvariantCulture)
        : number.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');

    private static string Items(List<object?> items, int depth)
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
        int rest = items.Count - shown.Count;
        if (rest > 0)
        {
            shown.Add(rest == 1 ? "... 1 more item" : $"... {rest} more items");
        }

        return $"[{string.Join(", ", shown)}]";
    }

    private static string Fields(List<KeyValuePair<string, object?>> fields, int depth) =>
        fields.Count == 0 ? "{}"
        : depth >= DepthMax ? "[Object]"
        : $"{{ {string.Join(", ", fields.Select(field => $"{field.Key}: {Of(field.Value, depth + 1)}"))} }}";
}
