using System.Globalization;
using System.Text.Json;

namespace Events.GraphQL.Types;

/// <summary>Numbers of any width, as the built-in scalars see them.</summary>
internal static class Numbers
{
    /// <summary>Booleans count as 1 and 0, and text that is a number as that number.</summary>
    internal static bool TryLoose(object value, out double number)
    {
        switch (value)
        {
            case bool boolean:
                number = boolean ? 1 : 0;
                return true;
            case string text:
                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
            default:
                return TryStrict(value, out number);
        }
    }

    internal static bool TryStrict(object value, out double number)
    {
        bool isNumber = value is int or long or double or float or decimal or short or byte or sbyte or ushort or uint or ulong
            or JsonElement { ValueKind: JsonValueKind.Number };
        number = !isNumber ? 0
            : value is JsonElement json ? json.GetDouble()
            : Convert.ToDouble(value, CultureInfo.InvariantCulture);
        return isNumber;
    }

    internal static bool IsInt32(double number) => number is >= int.MinValue and <= int.MaxValue;

    internal static bool IsWhole(double number) => double.IsFinite(number) && Math.Floor(number) == number;

    /// <summary>A whole number in full; null for any other, and for what is no number.</summary>
    internal static string? WholeText(object value) =>
        value switch
        {
            int or long or short or byte or sbyte or ushort or uint or ulong =>
                Convert.ToString(value, CultureInfo.InvariantCulture),
            JsonElement { ValueKind: JsonValueKind.Number } json when IsWholeText(json.GetRawText()) => json.GetRawText(),
            _ when TryStrict(value, out double number) && IsWhole(number) => number.ToString("F0", CultureInfo.InvariantCulture),
            _ => null,
        };

    /// <summary>
    /// As JavaScript writes it, in which most clients are: the shortest digits, an exponent only far from the point (ECMAScript,
    /// <c>Number::toString</c>).
    /// </summary>
    internal static string Text(double number)
    {
        if (number == 0 || !double.IsFinite(number))
        {
            return double.IsNaN(number) ? "NaN" : number == 0 ? "0" : number > 0 ? "Infinity" : "-Infinity";
        }

        string[] parts = number.ToString("R", CultureInfo.InvariantCulture).TrimStart('-').Split('E');
        string[] mantissa = parts[0].Split('.');
        string all = string.Concat(mantissa);
        string digits = all.Trim('0');
        int exponent = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        int point = mantissa[0].Length - (all.Length - all.TrimStart('0').Length) + exponent;
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

    private static bool IsWholeText(string text) => text != "-0" && text.All(c => char.IsAsciiDigit(c) || c == '-');
}
