using System.Globalization;
using System.Text.Json;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>Whole numbers of 32 bits (specification, section 3.5.1).</summary>
internal sealed class IntScalar() : GraphScalar("Int")
{
    public override object Serialize(object value)
    {
        if (value is int)
        {
            return value;
        }

        if (!Numbers.TryLoose(value, out double number) || !Numbers.IsWhole(number))
        {
            throw NotWhole(Inspect.Of(value));
        }

        return Numbers.IsInt32(number) ? (int)number : throw TooLarge(Inspect.Of(number));
    }

    public override object? ParseValue(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number || !Numbers.IsWhole(value.GetDouble()))
        {
            throw NotWhole(Inspect.Of(value));
        }

        double number = value.GetDouble();
        return Numbers.IsInt32(number) ? (int)number : throw TooLarge(Inspect.Of(number));
    }

    public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables)
    {
        if (literal is not IntValueNode number)
        {
            throw NotWhole(Printer.Print(literal));
        }

        return int.TryParse(number.Text, CultureInfo.InvariantCulture, out int whole) ? whole : throw TooLarge(number.Text);
    }

    private static CoercionException NotWhole(string shown) => new($"Int cannot represent non-integer value: {shown}");

    private static CoercionException TooLarge(string shown) =>
        new($"Int cannot represent non 32-bit signed integer value: {shown}");
}

/// <summary>Numbers of double precision (specification, section 3.5.2).</summary>
internal sealed class FloatScalar() : GraphScalar("Float")
{
    public override object Serialize(object value) =>
        value is decimal || (value is double given && double.IsFinite(given)) ? value
        : Numbers.TryLoose(value, out double number) && double.IsFinite(number) ? number
        : throw NoNumber(Inspect.Of(value));

    public override object? ParseValue(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble())
            ? value.GetDouble()
            : throw NoNumber(Inspect.Of(value));

    public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables)
    {
        string? text = literal switch
        {
            IntValueNode whole => whole.Text,
            FloatValueNode fraction => fraction.Text,
            _ => null,
        };
        return text is not null && double.Parse(text, CultureInfo.InvariantCulture) is var number && double.IsFinite(number)
            ? number
            : throw NoNumber(Printer.Print(literal));
    }

    private static CoercionException NoNumber(string shown) => new($"Float cannot represent non numeric value: {shown}");
}

/// <summary>Text (specification, section 3.5.3).</summary>
internal sealed class StringScalar() : GraphScalar("String")
{
    public override object Serialize(object value) =>
        value switch
        {
            string text => text,
            bool boolean => boolean ? "true" : "false",
            char or Guid => value.ToString()!,
            JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
            _ when Numbers.TryStrict(value, out double number) && double.IsFinite(number) =>
                Convert.ToString(value, CultureInfo.InvariantCulture)!,
            _ => throw new CoercionException($"String cannot represent value: {Inspect.Of(value)}"),
        };

    public override object? ParseValue(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString() : throw NoText(Inspect.Of(value));

    public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        literal is StringValueNode text ? text.Value : throw NoText(Printer.Print(literal));

    private static CoercionException NoText(string shown) => new($"String cannot represent a non string value: {shown}");
}

/// <summary>True or false (specification, section 3.5.4).</summary>
internal sealed class BooleanScalar() : GraphScalar("Boolean")
{
    public override object Serialize(object value) =>
        value switch
        {
            bool => value,
            JsonElement { ValueKind: JsonValueKind.True } => true,
            JsonElement { ValueKind: JsonValueKind.False } => false,
            _ when Numbers.TryStrict(value, out double number) && double.IsFinite(number) => number != 0,
            _ => throw NoBoolean(Inspect.Of(value)),
        };

    public override object? ParseValue(JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw NoBoolean(Inspect.Of(value));

    public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        literal is BooleanValueNode boolean ? boolean.Value : throw NoBoolean(Printer.Print(literal));

    private static CoercionException NoBoolean(string shown) => new($"Boolean cannot represent a non boolean value: {shown}");
}

/// <summary>Identities: text on the wire, whole numbers are taken too (specification, section 3.5.5).</summary>
internal sealed class IdScalar() : GraphScalar("ID")
{
    public override object Serialize(object value) =>
        value switch
        {
            string text => text,
            Guid => value.ToString()!,
            JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
            _ => Numbers.WholeText(value) ?? throw new CoercionException($"ID cannot represent value: {Inspect.Of(value)}"),
        };

    public override object? ParseValue(JsonElement value) =>
        value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : Numbers.WholeText(value) ?? throw new CoercionException($"ID cannot represent value: {Inspect.Of(value)}");

    public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        literal switch
        {
            StringValueNode text => text.Value,
            IntValueNode whole => whole.Text,
            _ => throw new CoercionException($"ID cannot represent a non-string and non-integer value: {Printer.Print(literal)}"),
        };
}
