using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Every fragment that is spread is defined (specification, section 5.5.2.1).</summary>
internal sealed class KnownFragmentNames(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is FragmentSpreadNode { Name: var name } && Context.Fragment(name.Value) is null)
        {
            Report($"Unknown fragment \"{name}\".", name.Location);
        }

        return true;
    }
}
