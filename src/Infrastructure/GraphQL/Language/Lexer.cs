using System.Globalization;

namespace Events.GraphQL.Language;

/// <summary>
/// Cuts a text into tokens (specification, section 2.1). A value type: a copy is a look ahead. Strings are in the other half.
/// </summary>
internal partial struct Lexer(string text)
{
    private const char ByteOrderMark = '\uFEFF';
    private int _position;
    private int _line = 1;
    private int _lineStart;

    /// <exception cref="SyntaxException">What follows is no token.</exception>
    internal Token Next()
    {
        SkipIgnored();
        if (_position >= text.Length)
        {
            return new Token(TokenKind.EndOfFile, Here(_position), text.Length);
        }

        char c = text[_position];
        if (IsNameStart(c))
        {
            return ReadName();
        }

        TokenKind punctuator = Punctuator(c);
        if (punctuator != TokenKind.EndOfFile)
        {
            return Take(punctuator, 1);
        }

        return c switch
        {
            '.' when Follows("...") => Take(TokenKind.Spread, 3),
            '"' => Follows("\"\"\"") ? ReadBlockString() : ReadString(),
            '-' or (>= '0' and <= '9') => ReadNumber(),
            _ => throw Unexpected(c),
        };
    }

    private static TokenKind Punctuator(char c) =>
        c switch
        {
            '!' => TokenKind.Bang,
            '$' => TokenKind.Dollar,
            '&' => TokenKind.Ampersand,
            '(' => TokenKind.ParenLeft,
            ')' => TokenKind.ParenRight,
            ':' => TokenKind.Colon,
            '=' => TokenKind.EqualsSign,
            '@' => TokenKind.At,
            '[' => TokenKind.BracketLeft,
            ']' => TokenKind.BracketRight,
            '{' => TokenKind.BraceLeft,
            '|' => TokenKind.Pipe,
            '}' => TokenKind.BraceRight,
            _ => TokenKind.EndOfFile,
        };

    /// <summary>White space, line ends, commas, comments and byte order marks mean nothing.</summary>
    private void SkipIgnored()
    {
        while (_position < text.Length)
        {
            switch (text[_position])
            {
                case ' ' or '\t' or ',' or ByteOrderMark:
                    _position++;
                    break;
                case '\n' or '\r':
                    _position = AfterLineEnd(_position);
                    _line++;
                    _lineStart = _position;
                    break;
                case '#':
                    SkipComment();
                    break;
                default:
                    return;
            }
        }
    }

    private void SkipComment()
    {
        while (_position < text.Length && text[_position] is not ('\n' or '\r'))
        {
            int size = ScalarSize(_position);
            if (size == 0)
            {
                return;
            }

            _position += size;
        }
    }

    private readonly int AfterLineEnd(int position) =>
        text[position] == '\r' && At(position + 1) == '\n' ? position + 2 : position + 1;

    private Token ReadName()
    {
        int end = _position + 1;
        while (end < text.Length && (IsNameStart(text[end]) || char.IsAsciiDigit(text[end])))
        {
            end++;
        }

        return Take(TokenKind.Name, end - _position);
    }

    /// <summary>Int and float values, which neither a name nor a further dot or digit may follow.</summary>
    private Token ReadNumber()
    {
        int position = _position;
        TokenKind kind = TokenKind.Int;
        if (text[position] == '-')
        {
            position++;
        }

        if (At(position) == '0')
        {
            position++;
            if (char.IsAsciiDigit(At(position)))
            {
                throw Error(position, $"Invalid number, unexpected digit after 0: {Show(position)}.");
            }
        }
        else
        {
            position = AfterDigits(position);
        }

        if (At(position) == '.')
        {
            kind = TokenKind.Float;
            position = AfterDigits(position + 1);
        }

        if (At(position) is 'e' or 'E')
        {
            kind = TokenKind.Float;
            position = AfterDigits(At(position + 1) is '+' or '-' ? position + 2 : position + 1);
        }

        if (At(position) == '.' || IsNameStart(At(position)))
        {
            throw NoDigit(position);
        }

        return Take(kind, position - _position);
    }

    private readonly int AfterDigits(int position)
    {
        if (!char.IsAsciiDigit(At(position)))
        {
            throw NoDigit(position);
        }

        while (char.IsAsciiDigit(At(position)))
        {
            position++;
        }

        return position;
    }

    private readonly SyntaxException NoDigit(int position) =>
        Error(position, $"Invalid number, expected digit but got: {Show(position)}.");

    private Token Take(TokenKind kind, int length, string? value = null)
    {
        var token = new Token(kind, Here(_position), _position + length, value);
        _position += length;
        return token;
    }

    private readonly SyntaxException Unexpected(char c) =>
        Error(_position, c == '\''
            ? "Unexpected single quote character ('), did you mean to use a double quote (\")?"
            : $"{(ScalarSize(_position) > 0 ? "Unexpected" : "Invalid")} character: {Show(_position)}.");

    private readonly SyntaxException Error(int position, string problem) => new(problem, Location.Of(text, position));

    private readonly Location Here(int position) => new(position, _line, position - _lineStart + 1);

    private readonly bool Follows(string expected) =>
        string.CompareOrdinal(text, _position, expected, 0, expected.Length) == 0;

    /// <returns>NUL behind the end.</returns>
    private readonly char At(int position) => position < text.Length ? text[position] : '\0';

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    /// <returns>1 or 2 code units of a Unicode scalar value, 0 for half a surrogate pair.</returns>
    private readonly int ScalarSize(int position) =>
        !char.IsSurrogate(text[position]) ? 1
        : position + 1 < text.Length && char.IsSurrogatePair(text[position], text[position + 1]) ? 2
        : 0;

    /// <returns>The character at a place, as error messages show it.</returns>
    private readonly string Show(int position)
    {
        if (position >= text.Length)
        {
            return "<EOF>";
        }

        int code = ScalarSize(position) == 2 ? char.ConvertToUtf32(text, position) : text[position];
        return code switch
        {
            '"' => "'\"'",
            >= ' ' and <= '~' => $"\"{(char)code}\"",
            _ => string.Create(CultureInfo.InvariantCulture, $"U+{code:X4}"),
        };
    }
}
