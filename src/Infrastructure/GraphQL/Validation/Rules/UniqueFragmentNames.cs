using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Each fragment has a name of its own (specification, section 5.5.1.1).</summary>
internal sealed class UniqueFragmentNames(ValidationContext context) : ValidationRule(context)
{
    private readonly Dictionary<string, Name> _known = new(StringComparer.Ordinal);

    internal override bool Enter(SyntaxNode node)
    {
        if (node is FragmentDefinitionNode { Name: var name } && !_known.TryAdd(name.Value, name))
        {
            Report($"There can be only one fragment named \"{name}\".", _known[name.Value].Location, name.Location);
        }

        return node is DocumentNode;
    }
}
