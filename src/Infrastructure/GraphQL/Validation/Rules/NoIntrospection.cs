using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Where introspection is switched off, nobody asks for the schema. A rule beside the specification.</summary>
internal sealed class NoIntrospection(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is FieldNode field && Context.Types.Type?.Named.IsIntrospection == true)
        {
            Report(
                $"GraphQL introspection has been disabled, but the requested query contained the field \"{field.Name}\".", field);
        }

        return true;
    }
}
