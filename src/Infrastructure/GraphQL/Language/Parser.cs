using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Events.GraphQL.Language;

/// <summary>
/// Reads a document (specification of September 2025, appendix C), one method per production; a partial file per chapter.
/// Problems are worded as the reference implementation words them.
/// </summary>
internal sealed partial class Parser
{
    private readonly string _text;
    private readonly ParserOptions _options;
    private Lexer _lexer;
    private Token _token;
    private int _tokens;
    private int _nesting;

    private Parser(string text, ParserOptions options)
    {
        _text = text;
        _options = options;
        _lexer = new Lexer(text);
        Advance();
    }

    /// <exception cref="SyntaxException">No document, or one that passes a limit.</exception>
    internal static DocumentNode Parse(string text, ParserOptions? options = null)
    {
        var parser = new Parser(text, options ?? ParserOptions.Default);
        var definitions = new List<DefinitionNode>();
        do
        {
            definitions.Add(parser.ParseDefinition());
        }
        while (parser._token.Kind != TokenKind.EndOfFile);

        return new DocumentNode([.. definitions], parser._tokens);
    }

    /// <summary>Reads a value alone, which may hold variables.</summary>
    internal static ValueNode ParseValue(string text, ParserOptions? options = null)
    {
        var parser = new Parser(text, options ?? ParserOptions.Default);
        ValueNode value = parser.ParseValue(isConstant: false);
        parser.Expect(TokenKind.EndOfFile);
        return value;
    }

    /// <summary>Reads a reference to a type alone: <c>[Camera!]!</c>.</summary>
    internal static TypeNode ParseType(string text, ParserOptions? options = null)
    {
        var parser = new Parser(text, options ?? ParserOptions.Default);
        TypeNode type = parser.ParseTypeReference();
        parser.Expect(TokenKind.EndOfFile);
        return type;
    }

    private DefinitionNode ParseDefinition()
    {
        if (Peek(TokenKind.BraceLeft))
        {
            return ParseOperation();
        }

        bool isDescribed = PeekDescription();
        Token keyword = isDescribed ? LookAhead() : _token;
        if (keyword.Kind != TokenKind.Name)
        {
            throw Unexpected(keyword);
        }

        switch (keyword.Text(_text))
        {
            case "query" or "mutation" or "subscription":
                return ParseOperation();
            case "fragment":
                return ParseFragmentDefinition();
            case "schema" or "scalar" or "type" or "interface" or "union" or "enum" or "input" or "directive":
                return ParseTypeSystemDefinition(keyword);
            default:
                if (isDescribed)
                {
                    throw Error(_token, "Unexpected description, descriptions are supported only on type definitions.");
                }

                return keyword.Is(_text, "extend") ? ParseExtension() : throw Unexpected(keyword);
        }
    }

    private Token LookAhead()
    {
        Lexer copy = _lexer;
        return copy.Next();
    }

    private void Advance()
    {
        _token = _lexer.Next();
        if (_token.Kind != TokenKind.EndOfFile && ++_tokens > _options.TokensMax)
        {
            throw Error(_token, $"Document contains more that {_options.TokensMax} tokens. Parsing aborted.");
        }
    }

    private bool Peek(TokenKind kind) => _token.Kind == kind;

    private bool PeekDescription() => _token.Kind is TokenKind.String or TokenKind.BlockString;

    private Token Expect(TokenKind kind)
    {
        Token token = _token;
        if (token.Kind != kind)
        {
            throw Error(token, $"Expected {Token.Describe(kind)}, found {token.Describe(_text)}.");
        }

        if (kind != TokenKind.EndOfFile)
        {
            Advance();
        }

        return token;
    }

    private bool Skip(TokenKind kind)
    {
        bool isThere = _token.Kind == kind;
        if (isThere)
        {
            Advance();
        }

        return isThere;
    }

    private Token ExpectKeyword(string keyword)
    {
        Token token = _token;
        return SkipKeyword(keyword) ? token : throw Error(token, $"Expected \"{keyword}\", found {token.Describe(_text)}.");
    }

    private bool SkipKeyword(string keyword)
    {
        bool isThere = _token.Is(_text, keyword);
        if (isThere)
        {
            Advance();
        }

        return isThere;
    }

    /// <summary>Goes one level down; every production that can hold itself does.</summary>
    private void Descend()
    {
        if (++_nesting > _options.NestingMax)
        {
            throw Error(_token, $"Document is nested deeper than {_options.NestingMax} levels. Parsing aborted.");
        }
    }

    private void Ascend() => _nesting--;

    /// <summary>One or more items between two tokens.</summary>
    private ImmutableArray<T> Many<T>(TokenKind open, Func<Parser, T> parse, TokenKind close)
    {
        Expect(open);
        return ManyUntil(parse, close);
    }

    /// <summary>As <see cref="Many"/>, or nothing at all.</summary>
    private ImmutableArray<T> OptionalMany<T>(TokenKind open, Func<Parser, T> parse, TokenKind close) =>
        Skip(open) ? ManyUntil(parse, close) : [];

    private ImmutableArray<T> ManyUntil<T>(Func<Parser, T> parse, TokenKind close)
    {
        var items = new List<T>();
        do
        {
            items.Add(parse(this));
        }
        while (!Skip(close));

        return Made(items);
    }

    /// <summary>No, one or more items between two tokens.</summary>
    private ImmutableArray<T> Any<T>(TokenKind open, Func<Parser, T> parse, TokenKind close)
    {
        Expect(open);
        var items = new List<T>();
        while (!Skip(close))
        {
            items.Add(parse(this));
        }

        return Made(items);
    }

    /// <summary>One or more items with a delimiter between them, and perhaps before the first.</summary>
    private ImmutableArray<T> Delimited<T>(TokenKind delimiter, Func<Parser, T> parse)
    {
        Skip(delimiter);
        var items = new List<T>();
        do
        {
            items.Add(parse(this));
        }
        while (Skip(delimiter));

        return Made(items);
    }

    private static ImmutableArray<T> Made<T>(List<T> items) => ImmutableCollectionsMarshal.AsImmutableArray(items.ToArray());

    private SyntaxException Unexpected(Token token) => Error(token, $"Unexpected {token.Describe(_text)}.");

    private static SyntaxException Error(Token token, string problem) => new(problem, token.Location);
}
