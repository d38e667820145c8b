using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Each named operation has a name of its own (specification, section 5.2.2.1).</summary>
internal sealed class UniqueOperationNames(ValidationContext context) : ValidationRule(context)
{
    private readonly Dictionary<string, Name> _known = new(StringComparer.Ordinal);

    internal override bool Enter(SyntaxNode node)
    {
        if (node is OperationDefinitionNode { Name: { } name } && !_known.TryAdd(name.Value, name))
        {
            Report($"There can be only one operation named \"{name}\".", _known[name.Value].Location, name.Location);
        }

        return node is DocumentNode;
    }
}
