using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>A document defines one schema at most, and none when it extends one (specification, section 3.3).</summary>
internal sealed class LoneSchemaDefinition(ValidationContext context) : ValidationRule(context)
{
    private int _count;

    internal override bool Enter(SyntaxNode node)
    {
        if (node is SchemaDefinitionNode { IsExtension: false })
        {
            bool isThere = Context.HasSchema
                && (Context.Schema.Query ?? Context.Schema.Mutation ?? Context.Schema.Subscription) is not null;
            if (isThere)
            {
                Report("Cannot define a new schema within a schema extension.", node);
            }
            else if (_count++ > 0)
            {
                Report("Must provide only one schema definition.", node);
            }
        }

        return node is DocumentNode;
    }
}
