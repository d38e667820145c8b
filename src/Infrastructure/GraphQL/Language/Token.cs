namespace Events.GraphQL.Language;

/// <summary>Lexical tokens (specification, section 2.1.6).</summary>
internal enum TokenKind
{
    EndOfFile,
    Bang,
    Dollar,
    Ampersand,
    ParenLeft,
    ParenRight,
    Spread,
    Colon,
    EqualsSign,
    At,
    BracketLeft,
    BracketRight,
    BraceLeft,
    Pipe,
    BraceRight,
    Name,
    Int,
    Float,
    String,
    BlockString,
}

/// <param name="End">Offset behind its last character.</param>
/// <param name="Value">What a string means; null for all other kinds, whose text is their value.</param>
internal readonly record struct Token(TokenKind Kind, Location Location, int End, string? Value = null)
{
    internal int Start => Location.Start;

    internal ReadOnlySpan<char> Text(string source) => source.AsSpan(Start, End - Start);

    internal bool Is(string source, string keyword) => Kind == TokenKind.Name && Text(source).SequenceEqual(keyword);

    /// <returns>What error messages call it: the kind, and the value if it has one.</returns>
    internal string Describe(string source) =>
        Kind switch
        {
            TokenKind.String or TokenKind.BlockString => $"{Describe(Kind)} \"{Value}\"",
            TokenKind.Name or TokenKind.Int or TokenKind.Float => $"{Describe(Kind)} \"{Text(source)}\"",
            _ => Describe(Kind),
        };

    internal static string Describe(TokenKind kind) =>
        kind switch
        {
            TokenKind.EndOfFile => "<EOF>",
            TokenKind.Bang => "\"!\"",
            TokenKind.Dollar => "\"$\"",
            TokenKind.Ampersand => "\"&\"",
            TokenKind.ParenLeft => "\"(\"",
            TokenKind.ParenRight => "\")\"",
            TokenKind.Spread => "\"...\"",
            TokenKind.Colon => "\":\"",
            TokenKind.EqualsSign => "\"=\"",
            TokenKind.At => "\"@\"",
            TokenKind.BracketLeft => "\"[\"",
            TokenKind.BracketRight => "\"]\"",
            TokenKind.BraceLeft => "\"{\"",
            TokenKind.Pipe => "\"|\"",
            TokenKind.BraceRight => "\"}\"",
            _ => kind.ToString(),
        };
}
