using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Every type that is named is defined (specification, section 5.5.1.2).</summary>
internal sealed class KnownTypeNames(ValidationContext context) : ValidationRule(context)
{
    private readonly HashSet<string> _defined = context.Document.Definitions.OfType<TypeDefinitionNode>()
        .Where(type => !type.IsExtension).Select(type => type.Name.Value).ToHashSet(StringComparer.Ordinal);

    internal override bool Enter(SyntaxNode node)
    {
        if (node is NamedTypeNode named)
        {
            Check(named);
        }

        return true;
    }

    private void Check(NamedTypeNode named)
    {
        string name = named.Name.Value;
        if ((Context.HasSchema && Context.Schema.Types.Has(name)) || _defined.Contains(name))
        {
            return;
        }

        bool isSdl = Context.Ancestors.Count > 1 && Context.Ancestors[1] is DefinitionNode and not ExecutableDefinitionNode;
        if (isSdl && BuiltIns.IsType(name))
        {
            return;
        }

        IEnumerable<string> known = Context.HasSchema ? Context.Schema.Types.Select(type => type.Name) : [];
        IEnumerable<string> options = isSdl ? [.. BuiltIns.TypeNames, .. known, .. _defined] : [.. known, .. _defined];
        ReportWithHint(
            $"Unknown type \"{name}\".", Suggestions.Question(null, Suggestions.For(name, options.Distinct())), named.Location);
    }
}
