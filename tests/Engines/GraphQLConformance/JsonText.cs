using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Events.GraphQL.Types;

namespace Events.Tests.GraphQLConformance;

/// <summary>JSON as JavaScript writes it: no spaces, numbers as short as possible.</summary>
internal static class JsonText
{
    /// <param name="value">Of coerced arguments, with the keys of each level sorted, or a piece of JSON, which keeps their order.</param>
    internal static string Of(object? value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null or JsonElement { ValueKind: JsonValueKind.Null }:
                text.Append("null");
                break;
            case bool boolean:
                text.Append(boolean ? "true" : "false");
                break;
            case string one:
                AppendString(text, one);
                break;
            case InputValues values:
                AppendObject(text, values.Given()
                    .Select(one => (one.Definition.Name, one.Value))
                    .OrderBy(one => one.Name, StringComparer.Ordinal));
                break;
            case IReadOnlyDictionary<string, object?> fields:
                AppendObject(text, fields.Select(one => (one.Key, one.Value)).OrderBy(one => one.Key, StringComparer.Ordinal));
                break;
            case JsonElement json:
                AppendJson(text, json);
                break;
            case IEnumerable items:
                AppendList(text, items.Cast<object?>());
                break;
            default:
                text.Append(Number(Convert.ToDouble(value, CultureInfo.InvariantCulture)));
                break;
        }
    }

    private static void AppendJson(StringBuilder text, JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                AppendObject(text, json.EnumerateObject().Select(one => (one.Name, (object?)one.Value)));
                break;
            case JsonValueKind.Array:
                AppendList(text, json.EnumerateArray().Cast<object?>());
                break;
            case JsonValueKind.String:
                AppendString(text, json.GetString()!);
                break;
            case JsonValueKind.Number:
                text.Append(Number(json.GetDouble()));
                break;
            default:
                text.Append(json.GetRawText());
                break;
        }
    }

    private static void AppendObject(StringBuilder text, IEnumerable<(string Name, object? Value)> fields)
    {
        text.Append('{');
        string before = string.Empty;
        foreach ((string name, object? value) in fields)
        {
            text.Append(before);
            AppendString(text, name);
            text.Append(':');
            Append(text, value);
            before = ",";
        }

        text.Append('}');
    }

    private static void AppendList(StringBuilder text, IEnumerable<object?> items)
    {
        text.Append('[');
        string before = string.Empty;
        foreach (object? item in items)
        {
            text.Append(before);
            Append(text, item);
            before = ",";
        }

        text.Append(']');
    }

    private static void AppendString(StringBuilder text, string value)
    {
        text.Append('"');
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            bool isPair = char.IsHighSurrogate(c) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]);
            if (isPair)
            {
                text.Append(c).Append(value[++i]);
            }
            else
            {
                text.Append(Escaped(c));
            }
        }

        text.Append('"');
    }

    private static string Escaped(char c) =>
        c switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\b' => "\\b",
            '\f' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            < ' ' => $"\\u{(int)c:x4}",
            _ => char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c.ToString(),
        };

    /// <summary>ECMAScript's <c>Number::toString</c>: the shortest digits, an exponent only far from the point.</summary>
    private static string Number(double number)
    {
        if (number == 0)
        {
            return "0";
        }

        string[] parts = number.ToString("E16", CultureInfo.InvariantCulture).Split('E');
        string shortest = number.ToString("R", CultureInfo.InvariantCulture);
        string mantissa = shortest.Split('E')[0].TrimStart('-');
        string digits = mantissa.Replace(".", string.Empty, StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        int point = int.Parse(parts[1], CultureInfo.InvariantCulture) + 1;
        string plain = point switch
        {
            > 21 or <= -6 => Exponential(digits, point - 1),
            <= 0 => "0." + new string('0', -point) + digits,
            _ when point >= digits.Length => digits.PadRight(point, '0'),
            _ => $"{digits[..point]}.{digits[point..]}",
        };
        return number < 0 ? "-" + plain : plain;
    }

    private static string Exponential(string digits, int exponent)
    {
        string rest = digits.Length > 1 ? $".{digits[1..]}" : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"{digits[0]}{rest}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent)}");
    }
}
