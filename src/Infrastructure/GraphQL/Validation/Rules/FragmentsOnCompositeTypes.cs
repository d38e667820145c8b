using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Fragments are on objects, interfaces and unions (specification, section 5.5.1.3).</summary>
internal sealed class FragmentsOnCompositeTypes(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        switch (node)
        {
            case InlineFragmentNode { TypeCondition: { } condition } when IsWrong(condition):
                Report($"Fragment cannot condition on non composite type \"{condition.Name}\".", condition);
                break;
            case FragmentDefinitionNode fragment when IsWrong(fragment.TypeCondition):
                string type = fragment.TypeCondition.Name.Value;
                Report(
                    $"Fragment \"{fragment.Name}\" cannot condition on non composite type \"{type}\".", fragment.TypeCondition);
                break;
        }

        return true;
    }

    private bool IsWrong(NamedTypeNode condition) => Context.Schema.TypeOf(condition) is { IsComposite: false };
}
