using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>What is extended is defined, and of the same kind (specification, section 3.4.3).</summary>
internal sealed class PossibleTypeExtensions : ValidationRule
{
    private readonly Dictionary<string, TypeDefinitionNode> _defined = new(StringComparer.Ordinal);

    public PossibleTypeExtensions(ValidationContext context)
        : base(context)
    {
        foreach (TypeDefinitionNode type in context.Document.Definitions.OfType<TypeDefinitionNode>())
        {
            if (!type.IsExtension)
            {
                _defined[type.Name.Value] = type;
            }
        }
    }

    internal override bool Enter(SyntaxNode node)
    {
        if (node is TypeDefinitionNode { IsExtension: true } extension)
        {
            Check(extension);
        }

        return node is DocumentNode;
    }

    private void Check(TypeDefinitionNode extension)
    {
        string name = extension.Name.Value;
        TypeDefinitionNode? definition = _defined.GetValueOrDefault(name);
        GraphNamedType? existing = Context.HasSchema ? Context.Schema.Types.Find(name) : null;
        if ((definition is not null ? KindOf(definition) : existing?.Kind) is { } kind)
        {
            if (kind != KindOf(extension))
            {
                SyntaxNode[] places = definition is null ? [extension] : [definition, extension];
                Report($"Cannot extend non-{WordFor(KindOf(extension))} type \"{name}\".", places);
            }

            return;
        }

        IEnumerable<string> others = Context.HasSchema ? Context.Schema.Types.Select(type => type.Name) : [];
        ReportWithHint(
            $"Cannot extend type \"{name}\" because it is not defined.",
            Suggestions.Question(null, Suggestions.For(name, _defined.Keys.Concat(others))),
            extension.Name.Location);
    }

    private static TypeKind KindOf(TypeDefinitionNode node) =>
        node switch
        {
            ScalarDefinitionNode => TypeKind.Scalar,
            FieldsDefinitionNode { IsInterface: true } => TypeKind.Interface,
            FieldsDefinitionNode => TypeKind.Object,
            UnionDefinitionNode => TypeKind.Union,
            EnumDefinitionNode => TypeKind.Enum,
            _ => TypeKind.InputObject,
        };

    private static string WordFor(TypeKind kind) =>
        kind == TypeKind.InputObject ? "input object" : kind.ToString().ToLowerInvariant();
}
