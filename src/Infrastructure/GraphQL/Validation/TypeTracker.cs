using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation;

/// <summary>
/// Knows the types at each place of a document while it is walked. Null stands for what cannot be known, because a name is wrong
/// or a type is of a kind that cannot stand there; the rule that minds reports it.
/// </summary>
internal sealed class TypeTracker(GraphSchema schema)
{
    private readonly Stack<GraphType?> _types = new();
    private readonly Stack<GraphNamedType?> _parents = new();
    private readonly Stack<GraphField?> _fields = new();
    private readonly List<(GraphType? Type, GraphInputValue? Definition)> _inputs = [];

    /// <summary>What the present field or fragment gives.</summary>
    internal GraphType? Type => _types.TryPeek(out GraphType? type) ? type : null;

    /// <summary>The composite type whose selection set this is.</summary>
    internal GraphNamedType? ParentType => _parents.TryPeek(out GraphNamedType? type) ? type : null;

    internal GraphField? Field => _fields.TryPeek(out GraphField? definition) ? definition : null;

    internal GraphDirective? Directive { get; private set; }

    internal GraphInputValue? Argument { get; private set; }

    internal GraphEnumValue? EnumValue { get; private set; }

    /// <summary>What the present argument, list item or input field takes.</summary>
    internal GraphType? InputType => _inputs.Count > 0 ? _inputs[^1].Type : null;

    internal GraphType? ParentInputType => _inputs.Count > 1 ? _inputs[^2].Type : null;

    internal bool HasDefault => _inputs.Count > 0 && _inputs[^1].Definition?.DefaultLiteral is not null;

    internal void Enter(SyntaxNode node)
    {
        switch (node)
        {
            case SelectionSetNode:
                _parents.Push(Type?.Named is { IsComposite: true } parent ? parent : null);
                break;
            case FieldNode field:
                GraphField? definition = ParentType is { } owner ? schema.Field(owner, field.Name.Value) : null;
                _fields.Push(definition);
                _types.Push(definition?.Type);
                break;
            case DirectiveNode directive:
                Directive = schema.Directives.Find(directive.Name.Value);
                break;
            case OperationDefinitionNode operation:
                _types.Push(schema.Root(operation.Operation));
                break;
            case InlineFragmentNode fragment:
                _types.Push(fragment.TypeCondition is { } condition ? OutputOf(condition) : Type?.Named);
                break;
            case FragmentDefinitionNode fragment:
                _types.Push(OutputOf(fragment.TypeCondition));
                break;
            case VariableDefinitionNode variable:
                Push(schema.TypeOf(variable.Type), null);
                break;
            default:
                EnterValue(node);
                break;
        }
    }

    internal void Leave(SyntaxNode node)
    {
        switch (node)
        {
            case SelectionSetNode:
                _parents.Pop();
                break;
            case FieldNode:
                _fields.Pop();
                _types.Pop();
                break;
            case DirectiveNode:
                Directive = null;
                break;
            case ExecutableDefinitionNode or InlineFragmentNode:
                _types.Pop();
                break;
            case ArgumentNode:
                Argument = null;
                _inputs.RemoveAt(_inputs.Count - 1);
                break;
            case VariableDefinitionNode or ListValueNode or ObjectFieldNode:
                _inputs.RemoveAt(_inputs.Count - 1);
                break;
            case EnumValueNode:
                EnumValue = null;
                break;
        }
    }

    private void EnterValue(SyntaxNode node)
    {
        switch (node)
        {
            case ArgumentNode argument:
                Argument = (Directive is null ? Field?.Arguments : Directive.Arguments)?.Find(argument.Name.Value);
                Push(Argument?.Type, Argument);
                break;
            case ListValueNode:
                Push(InputType?.Nullable is GraphList list ? list.Of : InputType?.Nullable, null);
                break;
            case ObjectFieldNode field:
                GraphInputValue? definition = (InputType?.Named as GraphInput)?.Fields.Find(field.Name.Value);
                Push(definition?.Type, definition);
                break;
            case EnumValueNode value:
                EnumValue = (InputType?.Named as GraphEnum)?.Values.Find(value.Value);
                break;
        }
    }

    private GraphNamedType? OutputOf(NamedTypeNode condition) =>
        schema.TypeOf(condition) is GraphNamedType { IsOutput: true } type ? type : null;

    private void Push(GraphType? type, GraphInputValue? definition) =>
        _inputs.Add((type is { IsInput: true } ? type : null, definition));
}
