using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Every fragment is used by an operation (specification, section 5.5.1.4).</summary>
internal sealed class NoUnusedFragments(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node) => node is DocumentNode;

    internal override void Leave(SyntaxNode node)
    {
        // By name: of two fragments with one name, which is an error of its own, both count as used.
        var used = Context.Document.Definitions.OfType<OperationDefinitionNode>()
            .SelectMany(Context.FragmentsReachedBy).Select(fragment => fragment.Name.Value).ToHashSet(StringComparer.Ordinal);
        foreach (FragmentDefinitionNode fragment in Context.Document.Definitions.OfType<FragmentDefinitionNode>())
        {
            if (!used.Contains(fragment.Name.Value))
            {
                Report($"Fragment \"{fragment.Name}\" is never used.", fragment);
            }
        }
    }
}
