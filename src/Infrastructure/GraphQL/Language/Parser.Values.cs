using System.Collections.Immutable;

namespace Events.GraphQL.Language;

/// <summary>Names, values, directives and references to types (specification, sections 2.9 to 2.13).</summary>
internal sealed partial class Parser
{
    private Name ParseName()
    {
        Token token = Expect(TokenKind.Name);
        return new Name(token.Text(_text).ToString(), token.Location);
    }

    private ImmutableArray<ArgumentNode> ParseArguments(bool isConstant) =>
        OptionalMany<ArgumentNode>(
            TokenKind.ParenLeft,
            isConstant ? static parser => parser.ParseArgument(true) : static parser => parser.ParseArgument(false),
            TokenKind.ParenRight);

    private ArgumentNode ParseArgument(bool isConstant)
    {
        Name name = ParseName();
        Expect(TokenKind.Colon);
        return new ArgumentNode(name.Location, name, ParseValue(isConstant));
    }

    private ImmutableArray<DirectiveNode> ParseDirectives(bool isConstant)
    {
        if (!Peek(TokenKind.At))
        {
            return [];
        }

        var directives = new List<DirectiveNode>();
        while (Peek(TokenKind.At))
        {
            Location start = Expect(TokenKind.At).Location;
            directives.Add(new DirectiveNode(start, ParseName(), ParseArguments(isConstant)));
        }

        return Made(directives);
    }

    private ValueNode ParseValue(bool isConstant)
    {
        Token token = _token;
        switch (token.Kind)
        {
            case TokenKind.BracketLeft:
                return ParseList(isConstant);
            case TokenKind.BraceLeft:
                return ParseObject(isConstant);
            case TokenKind.Int:
                Advance();
                return new IntValueNode(token.Location, token.Text(_text).ToString());
            case TokenKind.Float:
                Advance();
                return new FloatValueNode(token.Location, token.Text(_text).ToString());
            case TokenKind.String or TokenKind.BlockString:
                return ParseString();
            case TokenKind.Name:
                Advance();
                return NamedValue(token);
            case TokenKind.Dollar when isConstant:
                throw VariableInConstant(token);
            case TokenKind.Dollar:
                return ParseVariable();
            default:
                throw Unexpected(token);
        }
    }

    private ValueNode NamedValue(Token token) =>
        token.Text(_text) switch
        {
            "true" => new BooleanValueNode(token.Location, true),
            "false" => new BooleanValueNode(token.Location, false),
            "null" => new NullValueNode(token.Location),
            var name => new EnumValueNode(token.Location, name.ToString()),
        };

    private SyntaxException VariableInConstant(Token dollar)
    {
        Advance();
        return Peek(TokenKind.Name)
            ? Error(dollar, $"Unexpected variable \"${_token.Text(_text)}\" in constant value.")
            : Unexpected(dollar);
    }

    private StringValueNode ParseString()
    {
        Token token = _token;
        Advance();
        return new StringValueNode(token.Location, token.Value!, token.Kind == TokenKind.BlockString);
    }

    private ListValueNode ParseList(bool isConstant)
    {
        Descend();
        Location start = _token.Location;
        ImmutableArray<ValueNode> items = Any<ValueNode>(
            TokenKind.BracketLeft,
            isConstant ? static parser => parser.ParseValue(true) : static parser => parser.ParseValue(false),
            TokenKind.BracketRight);
        Ascend();
        return new ListValueNode(start, items);
    }

    private ObjectValueNode ParseObject(bool isConstant)
    {
        Descend();
        Location start = _token.Location;
        ImmutableArray<ObjectFieldNode> fields = Any<ObjectFieldNode>(
            TokenKind.BraceLeft,
            isConstant ? static parser => parser.ParseObjectField(true) : static parser => parser.ParseObjectField(false),
            TokenKind.BraceRight);
        Ascend();
        return new ObjectValueNode(start, fields);
    }

    private ObjectFieldNode ParseObjectField(bool isConstant)
    {
        Name name = ParseName();
        Expect(TokenKind.Colon);
        return new ObjectFieldNode(name.Location, name, ParseValue(isConstant));
    }

    private TypeNode ParseTypeReference()
    {
        TypeNode type;
        Location start = _token.Location;
        if (Skip(TokenKind.BracketLeft))
        {
            Descend();
            TypeNode of = ParseTypeReference();
            Ascend();
            Expect(TokenKind.BracketRight);
            type = new ListTypeNode(start, of);
        }
        else
        {
            type = ParseNamedType();
        }

        return Skip(TokenKind.Bang) ? new NonNullTypeNode(type) : type;
    }

    private NamedTypeNode ParseNamedType() => new(ParseName());
}
