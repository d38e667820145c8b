using System.Collections.Immutable;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Arguments that cannot be left out are given (specification, section 5.4.3).</summary>
internal sealed class ProvidedRequiredArguments(ValidationContext context) : ValidationRule(context)
{
    internal override void Leave(SyntaxNode node)
    {
        switch (node)
        {
            case FieldNode field when Context.Types.Field is { } definition:
                Check(field, field.Arguments, definition.Arguments, $"Field \"{definition.Name}\"");
                break;
            case DirectiveNode directive when Context.Types.Directive is { } definition:
                Check(directive, directive.Arguments, definition.Arguments, $"Directive \"@{definition.Name}\"");
                break;
        }
    }

    private void Check(
        SyntaxNode node, ImmutableArray<ArgumentNode> given, GraphMembers<GraphInputValue> definitions, string owner)
    {
        foreach (GraphInputValue definition in definitions)
        {
            if (definition.IsRequired && !given.Any(one => one.Name.Value == definition.Name))
            {
                Report(
                    $"{owner} argument \"{definition.Name}\" of type \"{definition.Type}\" is required, but it was not provided.",
                    node);
            }
        }
    }
}
