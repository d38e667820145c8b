using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>
/// Objects, interfaces and unions have a selection of subfields, scalars and enums have none (specification, section 5.3.3).
/// </summary>
internal sealed class ScalarLeafs(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is FieldNode field && Context.Types.Type is { } type)
        {
            string name = field.Name.Value;
            if (type.Named.IsLeaf && field.SelectionSet is { } selectionSet)
            {
                Report($"Field \"{name}\" must not have a selection since type \"{type}\" has no subfields.", selectionSet);
            }
            else if (!type.Named.IsLeaf && field.SelectionSet is null)
            {
                Report(
                    $"Field \"{name}\" of type \"{type}\" must have a selection of subfields. Did you mean \"{name} {{ ... }}\"?",
                    field);
            }
        }

        return true;
    }
}
