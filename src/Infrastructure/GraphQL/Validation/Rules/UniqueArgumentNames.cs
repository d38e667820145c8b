using System.Collections.Immutable;
using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Each argument is given once (specification, section 5.4.2).</summary>
internal sealed class UniqueArgumentNames(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        ImmutableArray<ArgumentNode> arguments = node switch
        {
            FieldNode field => field.Arguments,
            DirectiveNode directive => directive.Arguments,
            _ => [],
        };
        if (arguments.Length > 1)
        {
            foreach (var group in arguments.GroupBy(one => one.Name.Value).Where(group => group.Skip(1).Any()))
            {
                Report($"There can be only one argument named \"{group.Key}\".", group.Select(one => one.Name.Location));
            }
        }

        return true;
    }
}
