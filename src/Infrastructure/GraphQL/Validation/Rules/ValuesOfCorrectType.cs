using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>
/// Literals fit the places where they stand (specification, sections 5.6.1, 5.6.2, 5.6.4 and 3.10.1). Lists and objects are
/// looked at item by item.
/// </summary>
internal sealed class ValuesOfCorrectType(ValidationContext context) : ValidationRule(context)
{
    private readonly Dictionary<string, VariableDefinitionNode> _variables = new(StringComparer.Ordinal);

    internal override bool Enter(SyntaxNode node)
    {
        switch (node)
        {
            case OperationDefinitionNode:
                _variables.Clear();
                break;
            case VariableDefinitionNode definition:
                _variables[definition.Variable.Name.Value] = definition;
                break;
            case ListValueNode list when Context.Types.ParentInputType?.Nullable is not GraphList:
                CheckLeaf(list, Context.Types.InputType);
                return false;
            case ObjectValueNode value when Context.Types.InputType?.Named is GraphInput type:
                CheckObject(value, type);
                break;
            case ObjectValueNode value:
                CheckLeaf(value, Context.Types.InputType);
                return false;
            case ObjectFieldNode field when Context.Types is { InputType: null, ParentInputType.Named: GraphInput type }
                && !type.Fields.Has(field.Name.Value):
                ReportUnknown(field, type);
                break;
            case NullValueNode when Context.Types.InputType is GraphNonNull type:
                Report($"Expected value of type \"{type}\", found null.", node);
                break;
            case EnumValueNode or IntValueNode or FloatValueNode or StringValueNode or BooleanValueNode
                when !IsDescription(node):
                CheckLeaf((ValueNode)node, Context.Types.InputType);
                break;
        }

        return true;
    }

    private bool IsDescription(SyntaxNode node) =>
        Context.Ancestors[^1] is DefinitionNode
        || (Context.Ancestors[^1] is VariableDefinitionNode variable && variable.Description == node);

    private void CheckLeaf(ValueNode literal, GraphType? place)
    {
        if (place is null)
        {
            return;
        }

        if (place.Named is not IGraphLeaf leaf)
        {
            Report($"Expected value of type \"{place}\", found {Printer.Print(literal)}.", literal);
            return;
        }

        try
        {
            _ = leaf.ParseLiteral(literal, null);
        }
        catch (CoercionException e)
        {
            ReportWithHint(e.Message, e.Hint, literal.Location);
        }
    }

    private void CheckObject(ObjectValueNode value, GraphInput type)
    {
        var given = value.Fields.Select(field => field.Name.Value).ToHashSet(StringComparer.Ordinal);
        foreach (GraphInputValue field in type.Fields.Where(field => field.IsRequired && !given.Contains(field.Name)))
        {
            Report($"Field \"{type}.{field.Name}\" of required type \"{field.Type}\" was not provided.", value);
        }

        if (type.IsOneOf)
        {
            CheckOneOf(value, type, given.Count);
        }
    }

    private void CheckOneOf(ObjectValueNode value, GraphInput type, int count)
    {
        if (count != 1)
        {
            Report($"OneOf Input Object \"{type}\" must specify exactly one key.", value);
            return;
        }

        ObjectFieldNode field = value.Fields[^1];
        if (field.Value is NullValueNode)
        {
            Report($"Field \"{type}.{field.Name}\" must be non-null.", value);
        }
        else if (field.Value is VariableNode variable
            && _variables.TryGetValue(variable.Name.Value, out VariableDefinitionNode? definition)
            && definition.Type is not NonNullTypeNode)
        {
            Report($"Variable \"{variable.Name}\" must be non-nullable to be used for OneOf Input Object \"{type}\".", value);
        }
    }

    private void ReportUnknown(ObjectFieldNode field, GraphInput type) =>
        ReportWithHint(
            $"Field \"{field.Name}\" is not defined by type \"{type}\".",
            Suggestions.Question(null, Suggestions.For(field.Name.Value, type.Fields.Select(one => one.Name))),
            field.Location);
}
