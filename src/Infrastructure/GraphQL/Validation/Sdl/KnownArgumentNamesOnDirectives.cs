using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>Every argument is one of its directive, in a schema document (specification, section 5.4.1).</summary>
internal sealed class KnownArgumentNamesOnDirectives(ValidationContext context) : ValidationRule(context)
{
    private readonly AppliedDirectives _directives = new(context);

    internal override bool Enter(SyntaxNode node)
    {
        if (node is DirectiveNode directive && _directives.ArgumentsOf(directive) is { } known)
        {
            foreach (ArgumentNode argument in directive.Arguments.Where(one => !known.Any(it => it.Name == one.Name.Value)))
            {
                ReportWithHint(
                    $"Unknown argument \"{argument.Name}\" on directive \"@{directive.Name}\".",
                    Suggestions.Question(null, Suggestions.For(argument.Name.Value, known.Select(one => one.Name))),
                    argument.Location);
            }
        }

        return true;
    }
}
