using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>A schema has one root type for each kind of operation (specification, section 3.3.1).</summary>
internal sealed class UniqueOperationTypes(ValidationContext context) : ValidationRule(context)
{
    private readonly Dictionary<OperationType, RootTypeNode> _known = [];

    internal override bool Enter(SyntaxNode node)
    {
        if (node is SchemaDefinitionNode definition)
        {
            foreach (RootTypeNode root in definition.Roots)
            {
                Check(root);
            }
        }

        return node is DocumentNode;
    }

    private void Check(RootTypeNode root)
    {
        string kind = SchemaRoots.NameOf(root.Operation);
        if (Context.HasSchema && Context.Schema.RootOfAnyKind(root.Operation) is not null)
        {
            Report($"Type for {kind} already defined in the schema. It cannot be redefined.", root);
        }
        else if (!_known.TryAdd(root.Operation, root))
        {
            Report($"There can be only one {kind} type in schema.", _known[root.Operation], root);
        }
    }
}
