using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>An operation without a name stands alone (specification, section 5.2.3.1).</summary>
internal sealed class LoneAnonymousOperation(ValidationContext context) : ValidationRule(context)
{
    private readonly bool _isAlone = context.Document.Definitions.OfType<OperationDefinitionNode>().Count() <= 1;

    internal override bool Enter(SyntaxNode node)
    {
        if (node is OperationDefinitionNode { Name: null } && !_isAlone)
        {
            Report("This anonymous operation must be the only defined operation.", node);
        }

        return node is DocumentNode;
    }
}
