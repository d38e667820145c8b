using System.Collections.Immutable;

namespace Events.GraphQL.Language;

/// <summary>Definitions and extensions of the type system (specification, section 3).</summary>
internal sealed partial class Parser
{
    private StringValueNode? ParseDescription() => PeekDescription() ? ParseString() : null;

    private DefinitionNode ParseTypeSystemDefinition(Token keyword) =>
        keyword.Is(_text, "directive") ? ParseDirectiveDefinition() : ParseTypeOrSchema(keyword, isExtension: false);

    private DefinitionNode ParseExtension()
    {
        Token keyword = LookAhead();
        if (keyword.Kind != TokenKind.Name)
        {
            throw Unexpected(keyword);
        }

        return keyword.Text(_text) switch
        {
            "schema" or "scalar" or "type" or "interface" or "union" or "enum" or "input" => ParseTypeOrSchema(keyword, true),
            _ => throw Unexpected(keyword),
        };
    }

    private DefinitionNode ParseTypeOrSchema(Token keyword, bool isExtension)
    {
        Location start = _token.Location;
        StringValueNode? description = ParseDescription();
        if (isExtension)
        {
            ExpectKeyword("extend");
        }

        Advance();
        return keyword.Text(_text) switch
        {
            "schema" => ParseSchema(start, description, isExtension),
            "scalar" => ParseScalar(start, description, isExtension),
            "type" => ParseFields(start, description, isExtension, isInterface: false),
            "interface" => ParseFields(start, description, isExtension, isInterface: true),
            "union" => ParseUnion(start, description, isExtension),
            "enum" => ParseEnum(start, description, isExtension),
            _ => ParseInputObject(start, description, isExtension),
        };
    }

    private SchemaDefinitionNode ParseSchema(Location start, StringValueNode? description, bool isExtension)
    {
        ImmutableArray<DirectiveNode> directives = ParseDirectives(isConstant: true);
        ImmutableArray<RootTypeNode> roots = isExtension
            ? OptionalMany(TokenKind.BraceLeft, static parser => parser.ParseRootType(), TokenKind.BraceRight)
            : Many(TokenKind.BraceLeft, static parser => parser.ParseRootType(), TokenKind.BraceRight);
        RequireContent(isExtension, directives.Length + roots.Length);
        return new SchemaDefinitionNode(start, description, isExtension, directives, roots);
    }

    private RootTypeNode ParseRootType()
    {
        Location start = _token.Location;
        OperationType operation = ParseOperationType();
        Expect(TokenKind.Colon);
        return new RootTypeNode(start, operation, ParseNamedType());
    }

    private ScalarDefinitionNode ParseScalar(Location start, StringValueNode? description, bool isExtension)
    {
        Name name = ParseName();
        ImmutableArray<DirectiveNode> directives = ParseDirectives(isConstant: true);
        RequireContent(isExtension, directives.Length);
        return new ScalarDefinitionNode(start, description, isExtension, name, directives);
    }

    private FieldsDefinitionNode ParseFields(Location start, StringValueNode? description, bool isExtension, bool isInterface)
    {
        Name name = ParseName();
        ImmutableArray<NamedTypeNode> interfaces = SkipKeyword("implements")
            ? Delimited(TokenKind.Ampersand, static parser => parser.ParseNamedType())
            : [];
        ImmutableArray<DirectiveNode> directives = ParseDirectives(isConstant: true);
        ImmutableArray<FieldDefinitionNode> fields = OptionalMany(
            TokenKind.BraceLeft, static parser => parser.ParseFieldDefinition(), TokenKind.BraceRight);
        RequireContent(isExtension, interfaces.Length + directives.Length + fields.Length);
        return new FieldsDefinitionNode(start, description, isExtension, isInterface, name, interfaces, directives, fields);
    }

    private FieldDefinitionNode ParseFieldDefinition()
    {
        Location start = _token.Location;
        StringValueNode? description = ParseDescription();
        Name name = ParseName();
        ImmutableArray<InputValueDefinitionNode> arguments = ParseArgumentDefinitions();
        Expect(TokenKind.Colon);
        return new FieldDefinitionNode(
            start, description, name, arguments, ParseTypeReference(), ParseDirectives(isConstant: true));
    }

    private ImmutableArray<InputValueDefinitionNode> ParseArgumentDefinitions() =>
        OptionalMany(TokenKind.ParenLeft, static parser => parser.ParseInputValueDefinition(), TokenKind.ParenRight);

    private InputValueDefinitionNode ParseInputValueDefinition()
    {
        Location start = _token.Location;
        StringValueNode? description = ParseDescription();
        Name name = ParseName();
        Expect(TokenKind.Colon);
        TypeNode type = ParseTypeReference();
        ValueNode? defaultValue = Skip(TokenKind.EqualsSign) ? ParseValue(isConstant: true) : null;
        return new InputValueDefinitionNode(start, description, name, type, defaultValue, ParseDirectives(isConstant: true));
    }

    private UnionDefinitionNode ParseUnion(Location start, StringValueNode? description, bool isExtension)
    {
        Name name = ParseName();
        ImmutableArray<DirectiveNode> directives = ParseDirectives(isConstant: true);
        ImmutableArray<NamedTypeNode> members = Skip(TokenKind.EqualsSign)
            ? Delimited(TokenKind.Pipe, static parser => parser.ParseNamedType())
            : [];
        RequireContent(isExtension, directives.Length + members.Length);
        return new UnionDefinitionNode(start, description, isExtension, name, directives, members);
    }

    private EnumDefinitionNode ParseEnum(Location start, StringValueNode? description, bool isExtension)
    {
        Name name = ParseName();
        ImmutableArray<DirectiveNode> directives = ParseDirectives(isConstant: true);
        ImmutableArray<EnumValueDefinitionNode> values = OptionalMany(
            TokenKind.BraceLeft, static parser => parser.ParseEnumValueDefinition(), TokenKind.BraceRight);
        RequireContent(isExtension, directives.Length + values.Length);
        return new EnumDefinitionNode(start, description, isExtension, name, directives, values);
    }

    private EnumValueDefinitionNode ParseEnumValueDefinition()
    {
        Location start = _token.Location;
        StringValueNode? description = ParseDescription();
        if (_token.Is(_text, "true") || _token.Is(_text, "false") || _token.Is(_text, "null"))
        {
            throw Error(_token, $"{_token.Describe(_text)} is reserved and cannot be used for an enum value.");
        }

        return new EnumValueDefinitionNode(start, description, ParseName(), ParseDirectives(isConstant: true));
    }

    private InputObjectDefinitionNode ParseInputObject(Location start, StringValueNode? description, bool isExtension)
    {
        Name name = ParseName();
        ImmutableArray<DirectiveNode> directives = ParseDirectives(isConstant: true);
        ImmutableArray<InputValueDefinitionNode> fields = OptionalMany(
            TokenKind.BraceLeft, static parser => parser.ParseInputValueDefinition(), TokenKind.BraceRight);
        RequireContent(isExtension, directives.Length + fields.Length);
        return new InputObjectDefinitionNode(start, description, isExtension, name, directives, fields);
    }

    private DirectiveDefinitionNode ParseDirectiveDefinition()
    {
        Location start = _token.Location;
        StringValueNode? description = ParseDescription();
        ExpectKeyword("directive");
        Expect(TokenKind.At);
        Name name = ParseName();
        ImmutableArray<InputValueDefinitionNode> arguments = ParseArgumentDefinitions();
        bool isRepeatable = SkipKeyword("repeatable");
        ExpectKeyword("on");
        return new DirectiveDefinitionNode(
            start,
            description,
            name,
            arguments,
            isRepeatable,
            Delimited(TokenKind.Pipe, static parser => parser.ParseDirectiveLocation()));
    }

    private DirectiveLocation ParseDirectiveLocation()
    {
        Token token = _token;
        return DirectiveLocations.TryParse(ParseName().Value, out DirectiveLocation location)
            ? location
            : throw Unexpected(token);
    }

    /// <summary>An extension that adds nothing is none.</summary>
    private void RequireContent(bool isExtension, int parts)
    {
        if (isExtension && parts == 0)
        {
            throw Unexpected(_token);
        }
    }
}
