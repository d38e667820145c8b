using System.Globalization;
using System.Text.Json;
using Events.JsonRpc;

namespace Events.Host.JsonRpc;

/// <summary>A call's parameters, read with the contract's rules. The first that is wrong is the call's answer.</summary>
internal sealed class CallParams(JsonElement given)
{
    /// <summary>In characters. A longer name in an answer would help nobody to find it.</summary>
    private const int NameLengthMax = 64;

    /// <summary>RFC 3339, where the offset must not be left out.</summary>
    private static readonly string[] _instants = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    /// <summary>Null while everything read was right.</summary>
    public JsonRpcError? Error { get; private set; }

    /// <returns>Empty when it is missing or wrong; <see cref="Error"/> then says so.</returns>
    public string Text(string name, int lengthMax = 255) => OptionalText(name, lengthMax) ?? Missing(name);

    /// <returns>Null when it is absent, or wrong.</returns>
    public string? OptionalText(string name, int lengthMax = 255)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text && text.Length <= lengthMax)
        {
            return text;
        }

        Error ??= JsonRpcError.InvalidParams(name, "string", $"A text of 1 to {lengthMax} characters.");
        return null;
    }

    /// <returns>Null when it is absent, or wrong.</returns>
    public int? OptionalInteger(string name, int min, int max)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        // Some languages write 60 as 60.0; JSON knows no difference.
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number)
            && number >= min && number <= max && number == Math.Floor(number))
        {
            return (int)number;
        }

        Error ??= JsonRpcError.InvalidParams(name, "range", $"A whole number from {min} to {max}.");
        return null;
    }

    /// <returns>0 when it is missing or wrong; <see cref="Error"/> then says so.</returns>
    public int Integer(string name, int min, int max)
    {
        int? number = OptionalInteger(name, min, max);
        if (number is null)
        {
            Missing(name);
        }

        return number ?? 0;
    }

    /// <returns>From 0 on; null when it is absent, or wrong.</returns>
    public double? OptionalNumber(string name, double max)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= 0 && number <= max)
        {
            return number;
        }

        Error ??= JsonRpcError.InvalidParams(
            name, "range", string.Create(CultureInfo.InvariantCulture, $"A number from 0 to {max}."));
        return null;
    }

    /// <returns>False when it is missing or wrong; <see cref="Error"/> then says so.</returns>
    public bool Flag(string name)
    {
        bool? flag = OptionalFlag(name);
        if (flag is null)
        {
            Missing(name);
        }

        return flag ?? false;
    }

    /// <returns>Null when it is absent, or wrong.</returns>
    public bool? OptionalFlag(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Error ??= JsonRpcError.InvalidParams(name, "boolean", "true or false.");
        return null;
    }

    /// <returns>Null when it is absent, or wrong.</returns>
    public IReadOnlyList<string>? OptionalTexts(string name, int countMax, Func<string, bool> isGood, string hint)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= countMax)
        {
            string?[] texts =
                [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString() : null)];
            if (texts.All(text => text is not null && isGood(text)))
            {
                return [.. texts.Select(text => text!).Distinct(StringComparer.Ordinal)];
            }
        }

        Error ??= JsonRpcError.InvalidParams(name, "pattern", hint);
        return null;
    }

    /// <returns>Null when it is absent, or not an object.</returns>
    public JsonElement? OptionalObject(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            return value;
        }

        Error ??= JsonRpcError.InvalidParams(name, "object", "An object.");
        return null;
    }

    /// <returns>Empty when it is missing or wrong; <see cref="Error"/> then says so.</returns>
    public string Choice(string name, IReadOnlyList<string> choices) => OptionalChoice(name, choices) ?? Missing(name);

    /// <returns>Null when it is absent, or wrong.</returns>
    public string? OptionalChoice(string name, IReadOnlyList<string> choices)
    {
        if (OptionalText(name) is not { } text)
        {
            return null;
        }

        if (choices.Contains(text, StringComparer.Ordinal))
        {
            return text;
        }

        Error ??= JsonRpcError.InvalidParams(name, "enum", $"One of {string.Join(", ", choices)}.");
        return null;
    }

    /// <returns>Empty when it is missing or wrong; <see cref="Error"/> then says so.</returns>
    public Guid Id(string name)
    {
        Guid? id = OptionalId(name);
        if (id is null)
        {
            Missing(name);
        }

        return id ?? Guid.Empty;
    }

    /// <returns>Null when it is absent, or wrong.</returns>
    public Guid? OptionalId(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && Guid.TryParseExact(value.GetString(), "d", out Guid id))
        {
            return id;
        }

        Error ??= JsonRpcError.InvalidParams(name, "uuid", "A UUID like 0199a000-0000-7000-8000-000000000001.");
        return null;
    }

    /// <returns>In UTC; null when it is absent, or wrong.</returns>
    public DateTimeOffset? OptionalInstant(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParseExact(
                value.GetString(), _instants, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            return at.ToUniversalTime();
        }

        Error ??= JsonRpcError.InvalidParams(name, "instant", "A moment with its offset, like 2027-03-01T12:00:00Z.");
        return null;
    }

    /// <summary>Refuses whatever is called otherwise.</summary>
    public void TakesOnly(IReadOnlyList<string> names)
    {
        if (given.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (JsonProperty member in given.EnumerateObject())
        {
            if (!names.Contains(member.Name, StringComparer.Ordinal))
            {
                Refuse(
                    member.Name.Length <= NameLengthMax ? member.Name : "params",
                    "unknown",
                    names.Count == 0
                        ? "This method takes no parameters."
                        : $"This method takes {string.Join(", ", names)}, and nothing else.");
            }
        }
    }

    public void Refuse(string name, string rule, string hint) => Error ??= JsonRpcError.InvalidParams(name, rule, hint);

    private string Missing(string name)
    {
        Error ??= JsonRpcError.InvalidParams(name, "required", $"The parameter {name} is required.");
        return string.Empty;
    }

    private JsonElement? Find(string name) =>
        given.ValueKind == JsonValueKind.Object
        && given.TryGetProperty(name, out JsonElement value)
        && value.ValueKind != JsonValueKind.Null
            ? value
            : null;
}
