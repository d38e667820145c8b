using System.Globalization;
using System.Text;

namespace Events.GraphQL.Language;

/// <summary>String values and their escapes (specification, section 2.9.4).</summary>
internal partial struct Lexer
{
    /// <summary><c>\u{0010FFFF}</c>: the longest escape has that many characters.</summary>
    private const int BracedEscapeLengthMax = 12;

    private Token ReadString()
    {
        int position = _position + 1;
        int chunk = position;
        StringBuilder? value = null;
        while (position < text.Length && text[position] is not ('\n' or '\r'))
        {
            if (text[position] == '"')
            {
                string last = text[chunk..position];
                return Take(TokenKind.String, position + 1 - _position, value?.Append(last).ToString() ?? last);
            }

            if (text[position] == '\\')
            {
                value = (value ?? new StringBuilder()).Append(text, chunk, position - chunk);
                position = ReadEscape(position, value);
                chunk = position;
                continue;
            }

            position += RequireScalar(position);
        }

        throw Error(position, "Unterminated string.");
    }

    private readonly int RequireScalar(int position)
    {
        int size = ScalarSize(position);
        return size > 0 ? size : throw Error(position, $"Invalid character within String: {Show(position)}.");
    }

    /// <returns>The offset behind the escape.</returns>
    private readonly int ReadEscape(int position, StringBuilder value)
    {
        char kind = At(position + 1);
        if (kind == 'u')
        {
            return At(position + 2) == '{' ? ReadBracedEscape(position, value) : ReadFixedEscape(position, value);
        }

        value.Append(kind switch
        {
            '"' or '\\' or '/' => kind,
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => throw Error(position, $"Invalid character escape sequence: \"{Cut(position, 2)}\"."),
        });
        return position + 2;
    }

    private readonly int ReadBracedEscape(int position, StringBuilder value)
    {
        long point = 0;
        int size = 3;
        while (size < BracedEscapeLengthMax)
        {
            char c = At(position + size++);
            if (c == '}' && size > 4 && Rune.IsValid((int)point))
            {
                value.Append(new Rune((int)point).ToString());
                return position + size;
            }

            if (!char.IsAsciiHexDigit(c))
            {
                break;
            }

            point = Math.Min((point << 4) + HexDigit(c), int.MaxValue);
        }

        throw Error(position, $"Invalid Unicode escape sequence: \"{Cut(position, size)}\".");
    }

    private readonly int ReadFixedEscape(int position, StringBuilder value)
    {
        int code = Hex4(position + 2);
        if (Rune.IsValid(code))
        {
            value.Append((char)code);
            return position + 6;
        }

        if (code >= 0 && char.IsHighSurrogate((char)code) && At(position + 6) == '\\' && At(position + 7) == 'u')
        {
            int trailing = Hex4(position + 8);
            if (trailing >= 0 && char.IsLowSurrogate((char)trailing))
            {
                value.Append((char)code).Append((char)trailing);
                return position + 12;
            }
        }

        throw Error(position, $"Invalid Unicode escape sequence: \"{Cut(position, 6)}\".");
    }

    private static int HexDigit(char c) => int.Parse([c], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <returns>-1 when there are no four hexadecimal digits.</returns>
    private readonly int Hex4(int position)
    {
        int code = 0;
        for (int i = position; i < position + 4; i++)
        {
            if (!char.IsAsciiHexDigit(At(i)))
            {
                return -1;
            }

            code = (code << 4) | HexDigit(At(i));
        }

        return code;
    }

    private readonly string Cut(int position, int length) => text.Substring(position, Math.Min(length, text.Length - position));

    private Token ReadBlockString()
    {
        int position = _position + 3;
        int chunk = position;
        int lineStart = _lineStart;
        var line = new StringBuilder();
        var lines = new List<string>();
        while (position < text.Length)
        {
            char c = text[position];
            if (c == '"' && At(position + 1) == '"' && At(position + 2) == '"')
            {
                lines.Add(line.Append(text, chunk, position - chunk).ToString());
                Token token = Take(TokenKind.BlockString, position + 3 - _position, BlockString.Dedent(lines));
                _line += lines.Count - 1;
                _lineStart = lineStart;
                return token;
            }

            if (c == '\\' && string.CompareOrdinal(text, position + 1, "\"\"\"", 0, 3) == 0)
            {
                line.Append(text, chunk, position - chunk);
                chunk = position + 1;
                position += 4;
            }
            else if (c is '\n' or '\r')
            {
                lines.Add(line.Append(text, chunk, position - chunk).ToString());
                line.Clear();
                position = AfterLineEnd(position);
                chunk = position;
                lineStart = position;
            }
            else
            {
                position += RequireScalar(position);
            }
        }

        throw Error(position, "Unterminated string.");
    }
}
