using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Events.Tests.Integration.Contract;

/// <summary>
/// A strict validator of JSON, made from a line of text: <c>{device: camera, duration?: count, files: [File]}</c>. Members that
/// are missing, superfluous or null are faults, and so is any mention of a device file.
/// </summary>
internal abstract partial record Shape
{
    /// <param name="named">Shapes that the text refers to by their names.</param>
    public static Shape Parse(string text, IReadOnlyDictionary<string, string> named)
    {
        var parser = new Parser(text, named);
        Shape shape = parser.Sum();
        parser.End();
        return shape;
    }

    /// <returns>What is wrong, each with where; empty for a value of this shape.</returns>
    public IReadOnlyList<string> FaultsOf(JsonElement value)
    {
        List<string> faults = [.. Check(value, "$")];
        if (value.GetRawText().Contains("/dev/", StringComparison.Ordinal))
        {
            faults.Add("$: names a device file");
        }

        return faults;
    }

    protected abstract IEnumerable<string> Check(JsonElement value, string path);

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?(Z|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex Instant();

    [GeneratedRegex(@"^camera(0|[1-9][0-9]*)\z")]
    private static partial Regex Camera();

    [GeneratedRegex(@"^[0-9]+x[0-9]+\z")]
    private static partial Regex Size();

    [GeneratedRegex(@"^([0-9]+(\.[0-9]+)?(h|m|s))+\z")]
    private static partial Regex Span();

    private static bool IsText(JsonElement value, Func<string, bool> isGood) =>
        value.ValueKind == JsonValueKind.String && isGood(value.GetString()!);

    private static bool IsNumber(JsonElement value, double min, double max, bool isWhole) =>
        value.ValueKind == JsonValueKind.Number
        && value.GetDouble() is var number
        && number >= min && number <= max
        && (!isWhole || (value.TryGetInt64(out _) && !value.GetRawText().Contains('.', StringComparison.Ordinal)));

    private static bool IsInstant(string text) =>
        Instant().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _);

    private static bool IsUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "rtsp" or "rtsps" or "http" or "https";

    private static readonly Dictionary<string, Func<JsonElement, bool>> Words = new(StringComparer.Ordinal)
    {
        ["camera"] = value => IsText(value, Camera().IsMatch),
        ["text"] = value => IsText(value, _ => true),
        ["instant"] = value => IsText(value, IsInstant),
        ["size"] = value => IsText(value, Size().IsMatch),
        ["span"] = value => IsText(value, Span().IsMatch),
        ["url"] = value => IsText(value, IsUrl),
        ["bool"] = value => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        ["true"] = value => value.ValueKind is JsonValueKind.True,
        ["count"] = value => IsNumber(value, 0, double.MaxValue, isWhole: true),
        ["positive"] = value => IsNumber(value, 1, double.MaxValue, isWhole: true),
        ["number"] = value => IsNumber(value, 0, double.MaxValue, isWhole: false),
        ["percent"] = value => IsNumber(value, 0, 100, isWhole: false),
        ["object"] = value => value.ValueKind == JsonValueKind.Object && !HasNull(value),
    };

    private static bool HasNull(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => true,
            JsonValueKind.Object => value.EnumerateObject().Any(member => HasNull(member.Value)),
            JsonValueKind.Array => value.EnumerateArray().Any(HasNull),
            _ => false,
        };

    private sealed record Word(string Name) : Shape
    {
        protected override IEnumerable<string> Check(JsonElement value, string path)
        {
            if (!Words[Name](value))
            {
                yield return $"{path}: {value.GetRawText()} is no {Name}";
            }
        }
    }

    private sealed record OneOf(IReadOnlyList<string> Texts) : Shape
    {
        protected override IEnumerable<string> Check(JsonElement value, string path)
        {
            if (!IsText(value, Texts.Contains))
            {
                yield return $"{path}: {value.GetRawText()} is none of {string.Join(", ", Texts)}";
            }
        }
    }

    private sealed record ListOf(Shape Item) : Shape
    {
        protected override IEnumerable<string> Check(JsonElement value, string path) =>
            value.ValueKind == JsonValueKind.Array
                ? value.EnumerateArray().SelectMany((item, index) => Item.Check(item, $"{path}[{index}]"))
                : [$"{path}: {value.GetRawText()} is no list"];
    }

    private sealed record MapOf(Shape Item) : Shape
    {
        protected override IEnumerable<string> Check(JsonElement value, string path) =>
            value.ValueKind == JsonValueKind.Object
                ? value.EnumerateObject().SelectMany(member => Item.Check(member.Value, $"{path}.{member.Name}"))
                : [$"{path}: {value.GetRawText()} is no object"];
    }

    private sealed record Members(IReadOnlyDictionary<string, (Shape Shape, bool IsOptional)> Each) : Shape
    {
        protected override IEnumerable<string> Check(JsonElement value, string path)
        {
            if (value.ValueKind != JsonValueKind.Object)
            {
                return [$"{path}: {value.GetRawText()} is no object"];
            }

            string[] names = [.. value.EnumerateObject().Select(member => member.Name)];
            return
            [
                .. names.GroupBy(name => name).Where(same => same.Count() > 1).Select(same => $"{path}.{same.Key} is there twice"),
                .. names.Where(name => !Each.ContainsKey(name)).Select(name => $"{path}.{name} is too much"),
                .. Each.Where(one => !one.Value.IsOptional && !names.Contains(one.Key)).Select(one => $"{path}.{one.Key} is missing"),
                .. Each.Where(one => names.Contains(one.Key))
                    .SelectMany(one => one.Value.Shape.Check(value.GetProperty(one.Key), $"{path}.{one.Key}")),
            ];
        }
    }

    private sealed class Parser(string text, IReadOnlyDictionary<string, string> named)
    {
        private int _at;

        /// <summary>Objects may be added up: <c>Camera + {metrics?: object}</c>.</summary>
        public Shape Sum()
        {
            Shape shape = One();
            while (Skip('+'))
            {
                shape = new Members(((Members)shape).Each.Concat(((Members)One()).Each).ToDictionary());
            }

            return shape;
        }

        public void End()
        {
            if (_at != text.Length)
            {
                throw new FormatException($"More than a shape: {text[_at..]}");
            }
        }

        private Shape One()
        {
            if (Skip('['))
            {
                Shape item = Sum();
                Require(']');
                return new ListOf(item);
            }

            if (Skip('{'))
            {
                return Object();
            }

            if (Peek() == '"')
            {
                List<string> texts = [Quoted()];
                while (Skip('|'))
                {
                    texts.Add(Quoted());
                }

                return new OneOf(texts);
            }

            string name = Name();
            return Words.ContainsKey(name) ? new Word(name) : Parse(named[name], named);
        }

        private Shape Object()
        {
            if (Skip('*'))
            {
                Require(':');
                Shape item = Sum();
                Require('}');
                return new MapOf(item);
            }

            Dictionary<string, (Shape, bool)> members = [];
            while (!Skip('}'))
            {
                string name = Name();
                bool isOptional = Skip('?');
                Require(':');
                members.Add(name, (Sum(), isOptional));
                Skip(',');
            }

            return new Members(members);
        }

        private string Quoted()
        {
            Require('"');
            int from = _at;
            while (text[_at] != '"')
            {
                _at++;
            }

            _at++;
            return text[from..(_at - 1)];
        }

        private string Name()
        {
            Blank();
            int from = _at;
            while (_at < text.Length && (char.IsLetterOrDigit(text[_at]) || text[_at] == '_'))
            {
                _at++;
            }

            return _at > from ? text[from.._at] : throw new FormatException($"A name is expected at: {text[_at..]}");
        }

        private char Peek()
        {
            Blank();
            return _at < text.Length ? text[_at] : '\0';
        }

        private bool Skip(char what)
        {
            if (Peek() != what)
            {
                return false;
            }

            _at++;
            Blank();
            return true;
        }

        private void Require(char what)
        {
            if (!Skip(what))
            {
                throw new FormatException($"{what} is expected at: {text[_at..]}");
            }
        }

        private void Blank()
        {
            while (_at < text.Length && text[_at] == ' ')
            {
                _at++;
            }
        }
    }
}
