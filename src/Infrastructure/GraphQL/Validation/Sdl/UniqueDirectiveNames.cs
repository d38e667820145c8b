using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>Each directive has a name of its own (specification, section 3.13).</summary>
internal sealed class UniqueDirectiveNames(ValidationContext context) : ValidationRule(context)
{
    private readonly Dictionary<string, Name> _known = new(StringComparer.Ordinal);

    internal override bool Enter(SyntaxNode node)
    {
        if (node is DirectiveDefinitionNode { Name: var name })
        {
            if (Context.HasSchema && Context.Schema.Directives.Has(name.Value))
            {
                Report($"Directive \"@{name}\" already exists in the schema. It cannot be redefined.", name.Location);
            }
            else if (!_known.TryAdd(name.Value, name))
            {
                Report($"There can be only one directive named \"@{name}\".", _known[name.Value].Location, name.Location);
            }
        }

        return node is DocumentNode;
    }
}
