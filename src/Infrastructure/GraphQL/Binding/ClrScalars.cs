using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Xml;
using Events.GraphQL.Execution;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>Scalars for C# types that the specification's five do not cover. Names and forms are HotChocolate's.</summary>
internal static class ClrScalars
{
    private static readonly Dictionary<Type, Func<GraphScalar>> Known = new()
    {
        [typeof(string)] = () => BuiltIns.Scalar("String")!,
        [typeof(bool)] = () => BuiltIns.Scalar("Boolean")!,
        [typeof(int)] = () => BuiltIns.Scalar("Int")!,
        [typeof(double)] = () => BuiltIns.Scalar("Float")!,
        [typeof(float)] = () => BuiltIns.Scalar("Float")!,
        [typeof(short)] = () => new NumberScalar<short>("Short", "A whole number of 16 bits."),
        [typeof(byte)] = () => new NumberScalar<byte>("UnsignedByte", "A whole number from 0 to 255."),
        [typeof(long)] = () => new NumberScalar<long>("Long", "A whole number of 64 bits."),
        [typeof(decimal)] = () => new NumberScalar<decimal>("Decimal", "A decimal number of up to 28 digits."),
        [typeof(Guid)] = () => new TextScalar<Guid>(
            "UUID",
            "A UUID (RFC 9562).",
            value => value.ToString("d"),
            (string text, out Guid value) => Guid.TryParse(text, out value))
        {
            SpecifiedByUrl = "https://tools.ietf.org/html/rfc4122",
        },
        [typeof(DateTimeOffset)] = () => new TextScalar<DateTimeOffset>(
            "DateTime", "An instant with its offset from UTC (RFC 3339).", Instant, TryInstant)
        {
            SpecifiedByUrl = "https://scalars.graphql.org/chillicream/date-time.html",
        },
        [typeof(DateOnly)] = () => new TextScalar<DateOnly>(
            "LocalDate",
            "A day: 2026-03-01.",
            value => value.ToString("O", CultureInfo.InvariantCulture),
            (string text, out DateOnly value) =>
                DateOnly.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out value))
        {
            SpecifiedByUrl = "https://scalars.graphql.org/chillicream/local-date.html",
        },
        [typeof(TimeSpan)] = () => new TextScalar<TimeSpan>(
            "Duration", "A length of time (ISO 8601): PT1H30M.", XmlConvert.ToString, TryDuration)
        {
            SpecifiedByUrl = "https://scalars.graphql.org/chillicream/duration.html",
        },
        [typeof(Uri)] = () => new TextScalar<Uri>(
            "URL",
            "An address (RFC 3986).",
            value => value.ToString(),
            (string text, out Uri value) => Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out value!))
        {
            SpecifiedByUrl = "https://tools.ietf.org/html/rfc3986",
        },
        [typeof(JsonElement)] = () => new JsonScalar(),
    };

    internal static bool IsKnown(Type type) => Known.ContainsKey(type);

    internal static GraphScalar Make(Type type) => Known[type]();

    /// <summary>Seven digits at most, those that are there; UTC as Z.</summary>
    private static string Instant(DateTimeOffset value) =>
        value.Offset == TimeSpan.Zero
            ? value.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture)
            : value.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture);

    private static bool TryInstant(string text, out DateTimeOffset value) =>
        DateTimeOffset.TryParseExact(
            text,
            ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out value);

    private static bool TryDuration(string text, out TimeSpan value)
    {
        try
        {
            value = XmlConvert.ToTimeSpan(text);
            return true;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            value = default;
            return false;
        }
    }
}

internal delegate bool TryParse<T>(string text, out T value);

/// <summary>A value that is text on the wire.</summary>
internal sealed class TextScalar<T> : GraphScalar
{
    private readonly Func<T, string> _format;
    private readonly TryParse<T> _tryParse;

    internal TextScalar(string name, string description, Func<T, string> format, TryParse<T> tryParse)
        : base(name)
    {
        Description = description;
        _format = format;
        _tryParse = tryParse;
    }

    public override object Serialize(object value) =>
        value is T typed ? _format(typed) : throw new CoercionException($"{Name} cannot represent value: {Inspect.Of(value)}");

    public override object? ParseValue(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? Parsed(value.GetString()!) : throw Unfit(Inspect.Of(value));

    public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        literal is StringValueNode text ? Parsed(text.Value) : throw Unfit(Printer.Print(literal));

    private object Parsed(string text) => _tryParse(text, out T value) ? value! : throw Unfit(Inspect.Of(text));

    private CoercionException Unfit(string shown) => new($"{Name} cannot represent value: {shown}");
}

/// <summary>A number whose range or precision is another than Int's and Float's.</summary>
internal sealed class NumberScalar<T> : GraphScalar
    where T : struct, System.Numerics.INumber<T>
{
    internal NumberScalar(string name, string description)
        : base(name) => Description = description;

    public override object Serialize(object value)
    {
        try
        {
            return value is T ? value : Convert.ChangeType(value, typeof(T), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is InvalidCastException or FormatException or OverflowException)
        {
            throw Unfit(Inspect.Of(value));
        }
    }

    public override object? ParseValue(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? Parsed(value.GetRawText()) : throw Unfit(Inspect.Of(value));

    public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        literal switch
        {
            IntValueNode number => Parsed(number.Text),
            FloatValueNode number => Parsed(number.Text),
            _ => throw Unfit(Printer.Print(literal)),
        };

    private object Parsed(string text) =>
        T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out T value) ? value : throw Unfit(text);

    private CoercionException Unfit(string shown) => new($"{Name} cannot represent value: {shown}");
}

/// <summary>Any JSON, as it is.</summary>
internal sealed class JsonScalar : GraphScalar
{
    internal JsonScalar()
        : base("JSON") => Description = "Any JSON value.";

    public override object Serialize(object value) => value;

    public override object? ParseValue(JsonElement value) => value.Clone();

    public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(text))
        {
            JsonValues.Write(writer, Untyped.FromLiteral(literal, variables));
        }

        using JsonDocument document = JsonDocument.Parse(text.WrittenMemory);
        return document.RootElement.Clone();
    }
}
