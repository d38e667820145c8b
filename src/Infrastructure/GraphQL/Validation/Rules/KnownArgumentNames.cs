using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Every argument is one of its field or directive (specification, section 5.4.1).</summary>
internal sealed class KnownArgumentNames(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is ArgumentNode argument && Context.Types.Argument is null)
        {
            if (Context.Ancestors[^1] is DirectiveNode)
            {
                if (Context.Types.Directive is { } directive)
                {
                    Check(argument, directive.Arguments, $"directive \"@{directive.Name}\"");
                }
            }
            else if (Context.Types is { Field: { } field, ParentType: { } parent })
            {
                Check(argument, field.Arguments, $"field \"{parent}.{field.Name}\"");
            }
        }

        return true;
    }

    private void Check(ArgumentNode argument, GraphMembers<GraphInputValue> known, string owner) =>
        ReportWithHint(
            $"Unknown argument \"{argument.Name}\" on {owner}.",
            Suggestions.Question(null, Suggestions.For(argument.Name.Value, known.Select(one => one.Name))),
            argument.Location);
}
