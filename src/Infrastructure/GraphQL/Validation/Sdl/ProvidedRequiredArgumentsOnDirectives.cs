using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>
/// Arguments of directives that cannot be left out are given, in a schema document (specification, section 5.4.3).
/// </summary>
internal sealed class ProvidedRequiredArgumentsOnDirectives(ValidationContext context) : ValidationRule(context)
{
    private readonly AppliedDirectives _directives = new(context);

    internal override void Leave(SyntaxNode node)
    {
        if (node is not DirectiveNode directive)
        {
            return;
        }

        foreach ((string name, string type, bool isRequired) in _directives.ArgumentsOf(directive) ?? [])
        {
            if (isRequired && !directive.Arguments.Any(one => one.Name.Value == name))
            {
                Report(
                    $"Directive \"@{directive.Name}\" argument \"{name}\" of type \"{type}\" is required, "
                    + "but it was not provided.",
                    directive);
            }
        }
    }
}
