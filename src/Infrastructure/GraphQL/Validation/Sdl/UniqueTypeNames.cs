using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>Each type has a name of its own (specification, section 3.3).</summary>
internal sealed class UniqueTypeNames(ValidationContext context) : ValidationRule(context)
{
    private readonly Dictionary<string, Name> _known = new(StringComparer.Ordinal);

    internal override bool Enter(SyntaxNode node)
    {
        if (node is TypeDefinitionNode { IsExtension: false, Name: var name })
        {
            if (Context.HasSchema && Context.Schema.Types.Has(name.Value))
            {
                Report(
                    $"Type \"{name}\" already exists in the schema. It cannot also be defined in this type definition.",
                    name.Location);
            }
            else if (!_known.TryAdd(name.Value, name))
            {
                Report($"There can be only one type named \"{name}\".", _known[name.Value].Location, name.Location);
            }
        }

        return node is DocumentNode;
    }
}
