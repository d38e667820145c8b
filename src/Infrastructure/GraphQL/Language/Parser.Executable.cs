using System.Collections.Immutable;

namespace Events.GraphQL.Language;

/// <summary>Operations, selections and fragments (specification, sections 2.3 to 2.8).</summary>
internal sealed partial class Parser
{
    private OperationDefinitionNode ParseOperation()
    {
        Location start = _token.Location;
        if (Peek(TokenKind.BraceLeft))
        {
            return new OperationDefinitionNode(start, null, OperationType.Query, null, [], [], ParseSelectionSet());
        }

        StringValueNode? description = ParseDescription();
        OperationType operation = ParseOperationType();
        Name? name = Peek(TokenKind.Name) ? ParseName() : null;
        ImmutableArray<VariableDefinitionNode> variables = OptionalMany(
            TokenKind.ParenLeft, static parser => parser.ParseVariableDefinition(), TokenKind.ParenRight);
        return new OperationDefinitionNode(
            start, description, operation, name, variables, ParseDirectives(isConstant: false), ParseSelectionSet());
    }

    private OperationType ParseOperationType()
    {
        Token token = Expect(TokenKind.Name);
        return token.Text(_text) switch
        {
            "query" => OperationType.Query,
            "mutation" => OperationType.Mutation,
            "subscription" => OperationType.Subscription,
            _ => throw Unexpected(token),
        };
    }

    private VariableDefinitionNode ParseVariableDefinition()
    {
        Location start = _token.Location;
        StringValueNode? description = ParseDescription();
        VariableNode variable = ParseVariable();
        Expect(TokenKind.Colon);
        TypeNode type = ParseTypeReference();
        ValueNode? defaultValue = Skip(TokenKind.EqualsSign) ? ParseValue(isConstant: true) : null;
        return new VariableDefinitionNode(
            start, description, variable, type, defaultValue, ParseDirectives(isConstant: true));
    }

    private VariableNode ParseVariable()
    {
        Location start = Expect(TokenKind.Dollar).Location;
        return new VariableNode(start, ParseName());
    }

    private SelectionSetNode ParseSelectionSet()
    {
        Descend();
        Location start = _token.Location;
        ImmutableArray<SelectionNode> selections = Many(
            TokenKind.BraceLeft, static parser => parser.ParseSelection(), TokenKind.BraceRight);
        Ascend();
        return new SelectionSetNode(start, selections);
    }

    private SelectionNode ParseSelection() => Peek(TokenKind.Spread) ? ParseFragment() : ParseField();

    private FieldNode ParseField()
    {
        Name first = ParseName();
        Name? alias = null;
        Name name = first;
        if (Skip(TokenKind.Colon))
        {
            alias = first;
            name = ParseName();
        }

        return new FieldNode(
            first.Location,
            alias,
            name,
            ParseArguments(isConstant: false),
            ParseDirectives(isConstant: false),
            Peek(TokenKind.BraceLeft) ? ParseSelectionSet() : null);
    }

    /// <summary>A spread, or an inline fragment.</summary>
    private SelectionNode ParseFragment()
    {
        Location start = Expect(TokenKind.Spread).Location;
        bool hasCondition = SkipKeyword("on");
        if (!hasCondition && Peek(TokenKind.Name))
        {
            return new FragmentSpreadNode(start, ParseFragmentName(), ParseDirectives(isConstant: false));
        }

        NamedTypeNode? condition = hasCondition ? ParseNamedType() : null;
        return new InlineFragmentNode(start, condition, ParseDirectives(isConstant: false), ParseSelectionSet());
    }

    private FragmentDefinitionNode ParseFragmentDefinition()
    {
        Location start = _token.Location;
        StringValueNode? description = ParseDescription();
        ExpectKeyword("fragment");
        Name name = ParseFragmentName();
        ExpectKeyword("on");
        return new FragmentDefinitionNode(
            start, description, name, ParseNamedType(), ParseDirectives(isConstant: false), ParseSelectionSet());
    }

    private Name ParseFragmentName() => _token.Is(_text, "on") ? throw Unexpected(_token) : ParseName();
}
