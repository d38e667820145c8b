using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>Writes what JSON can hold: leaves, and the values of extensions.</summary>
internal static class JsonValues
{
    /// <summary>Between these the platform writes no exponent either.</summary>
    private const double PlainMin = 1e-4;

    private const double PlainMax = 1e15;

    internal static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool boolean:
                writer.WriteBooleanValue(boolean);
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                WriteNumber(writer, number);
                break;
            case float number:
                writer.WriteNumberValue(number);
                break;
            case decimal number:
                WriteNumber(writer, number);
                break;
            case ulong number:
                writer.WriteNumberValue(number);
                break;
            case long or short or byte or sbyte or ushort or uint:
                writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case JsonElement json:
                json.WriteTo(writer);
                break;
            default:
                WriteMany(writer, value);
                break;
        }
    }

    private static void WriteMany(Utf8JsonWriter writer, object value)
    {
        switch (value)
        {
            case IReadOnlyDictionary<string, object?> fields:
                WriteObject(writer, fields);
                break;
            case InputValues values:
                WriteObject(writer, values.Given().Select(one => KeyValuePair.Create(one.Definition.Name, one.Value)));
                break;
            case IEnumerable items:
                writer.WriteStartArray();
                foreach (object? item in items)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value.GetType().Name, "JSON cannot hold it.");
        }
    }

    private static void WriteObject(Utf8JsonWriter writer, IEnumerable<KeyValuePair<string, object?>> fields)
    {
        writer.WriteStartObject();
        foreach ((string name, object? value) in fields)
        {
            writer.WritePropertyName(name);
            Write(writer, value);
        }

        writer.WriteEndObject();
    }

    /// <summary>Whole numbers without a fraction, exponents only far from the point, as most clients would write them.</summary>
    private static void WriteNumber(Utf8JsonWriter writer, double number)
    {
        double size = Math.Abs(number);
        if (size < PlainMax && Math.Floor(number) == number)
        {
            writer.WriteNumberValue((long)number);
        }
        else if (size is > PlainMin and < PlainMax)
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteRawValue(Numbers.Text(number), skipInputValidation: true);
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, decimal number)
    {
        string text = number.ToString(CultureInfo.InvariantCulture);
        string plain = text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
        writer.WriteRawValue(Encoding.UTF8.GetBytes(plain is "-0" ? "0" : plain), skipInputValidation: true);
    }
}
