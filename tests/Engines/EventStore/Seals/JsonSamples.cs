using System.Globalization;
using System.Text;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>Random JSON values that PostgreSQL stores, each of which can be spelled in many ways. One seed, one run.</summary>
internal sealed class JsonSamples(int seed)
{
    private static readonly string[] Letters =
        ["a", "b", "z", "A", "0", "é", "e\u0301", "\u007f", "\u0080", "\ud7ff", "\ue000", "\uffff", "\U0001F600", "\U0010FFFF", "\"", "\\",
            "/", "\u0001", "\u001f", "\n", "\t", "\u2028", "中"];

    private readonly Random _random = new(seed);

    public abstract record Value;

    /// <summary>Digits times ten to a power. No digits: zero.</summary>
    public sealed record Number(bool IsNegative, string Digits, int Exponent) : Value;

    public sealed record Text(string[] Letters) : Value;

    public sealed record Word(string Spelling) : Value;

    public sealed record Array(Value[] Items) : Value;

    public sealed record Object((string[] Key, Value Value)[] Members) : Value;

    public Value Next(int depth = 0) =>
        _random.Next(depth > 3 ? 4 : 7) switch
        {
            0 or 1 => NextNumber(),
            2 => new Text(NextLetters()),
            3 => new Word(Pick("true", "false", "null")),
            4 => new Array([.. Enumerable.Range(0, _random.Next(4)).Select(_ => Next(depth + 1))]),
            _ => new Object(
                [.. Enumerable.Range(0, _random.Next(6)).Select(_ => (Key: NextLetters(), Value: Next(depth + 1)))
                    .DistinctBy(member => string.Concat(member.Key))]),
        };

    /// <summary>One small change somewhere in it; rarely none, when there is nothing to change.</summary>
    public Value Edit(Value value)
    {
        switch (value)
        {
            case Number { Digits.Length: > 0 } number when _random.Next(3) > 0:
                char[] digits = number.Digits.ToCharArray();
                int at = _random.Next(digits.Length);
                digits[at] = (char)('0' + ((digits[at] - '0' + _random.Next(1, 10)) % 10));
                return Trimmed(number.IsNegative, new string(digits), number.Exponent);
            case Number number:
                return _random.Next(2) == 0 && number.Digits.Length > 0
                    ? number with { IsNegative = !number.IsNegative }
                    : NextNumber();
            case Text:
                return new Text(NextLetters());
            case Array { Items.Length: > 0 } array:
                return new Array(Changed(array.Items, Edit));
            case Object { Members.Length: > 0 } one:
                return new Object(Changed(one.Members, member => (member.Key, Edit(member.Value))));
            default:
                return Next(3);
        }

        T[] Changed<T>(T[] items, Func<T, T> edit)
        {
            T[] copy = [.. items];
            int at = _random.Next(copy.Length);
            copy[at] = edit(copy[at]);
            return copy;
        }
    }

    /// <summary>The value as text, each time another way: order, blanks, escapes, forms of numbers.</summary>
    public string Spell(Value value)
    {
        StringBuilder text = new();
        Spell(value, text);
        return text.ToString();
    }

    private static Number Trimmed(bool isNegative, string digits, int exponent)
    {
        string short_ = digits.TrimStart('0');
        return short_.Length == 0 ? new Number(false, "", 0) : new Number(isNegative, short_, exponent);
    }

    private Number NextNumber()
    {
        int length = _random.Next(8) switch { 0 => 0, 1 => _random.Next(15, 26), 2 => _random.Next(1, 60), _ => _random.Next(1, 5) };
        string digits = string.Concat(Enumerable.Range(0, length).Select(_ => (char)('0' + _random.Next(10))));
        int exponent = _random.Next(5) switch
        {
            0 => _random.Next(-30, 30),
            1 => _random.Next(-400, 400),
            2 => _random.Next(-8, -3),
            _ => 0,
        };
        return Trimmed(_random.Next(2) == 0, digits, exponent);
    }

    private string[] NextLetters() => [.. Enumerable.Range(0, _random.Next(4)).Select(_ => Pick(Letters))];

    private T Pick<T>(params T[] from) => from[_random.Next(from.Length)];

    private void Spell(Value value, StringBuilder text)
    {
        Blank(text);
        switch (value)
        {
            case Word word:
                text.Append(word.Spelling);
                break;
            case Number number:
                text.Append(Spell(number));
                break;
            case Text letters:
                Quote(letters.Letters, text);
                break;
            case Array array:
                List(array.Items, '[', ']', text, item => Spell(item, text));
                break;
            case Object one:
                (string[] Key, Value Value)[] members = [.. one.Members];
                _random.Shuffle(members);
                List(members, '{', '}', text, member =>
                {
                    Blank(text);
                    Quote(member.Key, text);
                    Blank(text);
                    text.Append(':');
                    Spell(member.Value, text);
                });
                break;
            default:
                throw new InvalidOperationException(value.ToString());
        }

        Blank(text);
    }

    private void List<T>(T[] items, char open, char close, StringBuilder text, Action<T> one)
    {
        text.Append(open);
        for (int i = 0; i < items.Length; i++)
        {
            text.Append(i > 0 ? "," : "");
            one(items[i]);
        }

        Blank(text);
        text.Append(close);
    }

    private void Blank(StringBuilder text)
    {
        if (_random.Next(6) == 0)
        {
            text.Append(Pick(" ", "\n", "\t", "\r", "  "));
        }
    }

    private void Quote(string[] letters, StringBuilder text)
    {
        text.Append('"');
        foreach (string letter in letters)
        {
            if (letter[0] < ' ' || letter is "\"" or "\\" || _random.Next(4) == 0)
            {
                string format = Pick("x4", "X4");
                text.Append(string.Concat(letter.Select(unit => "\\u" + ((int)unit).ToString(format, CultureInfo.InvariantCulture))));
            }
            else
            {
                text.Append(letter == "/" ? Pick("/", "\\/") : letter);
            }
        }

        text.Append('"');
    }

    private string Spell(Number number)
    {
        string sign = number.IsNegative ? "-" : "";
        if (number.Digits.Length == 0)
        {
            return Pick("0", "-0", "0.0", "-0.000", "0e7", "0.0E-3");
        }

        string digits = number.Digits;
        int exponent = number.Exponent;
        for (int more = _random.Next(3); more > 0; more--)
        {
            digits += '0';
            exponent--;
        }

        if (_random.Next(2) == 0 && exponent is > -60 and < 60)
        {
            return sign + Plain(digits, exponent);
        }

        // A point after some of the digits, and the exponent that makes up for it.
        int before = _random.Next(1, digits.Length + 1);
        string written = before == digits.Length ? digits : $"{digits[..before]}.{digits[before..]}";
        int power = exponent + digits.Length - before;
        string form = power < 0 ? "" : Pick("", "+");
        return $"{sign}{written}{Pick("e", "E")}{form}{power}";
    }

    private static string Plain(string digits, int exponent)
    {
        if (exponent >= 0)
        {
            return digits + new string('0', exponent);
        }

        string all = digits.PadLeft(1 - exponent, '0');
        return $"{all[..^-exponent]}.{all[^-exponent..]}";
    }
}
