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

    private static bool IsWholeText(string text) => text != "-0" && text.All(c => char.IsAsciiDigit(c) || c == '-');
}
