using System.Collections.Immutable;
using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>Each argument of a field or directive is defined once (specification, sections 3.6.1 and 3.13).</summary>
internal sealed class UniqueArgumentDefinitionNames(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        switch (node)
        {
            case DirectiveDefinitionNode directive:
                Check($"@{directive.Name}", directive.Arguments);
                break;
            case FieldsDefinitionNode type:
                foreach (FieldDefinitionNode field in type.Fields)
                {
                    Check($"{type.Name}.{field.Name}", field.Arguments);
                }

                break;
        }

        return node is DocumentNode;
    }

    private void Check(string owner, ImmutableArray<InputValueDefinitionNode> arguments)
    {
        foreach (var group in arguments.GroupBy(one => one.Name.Value).Where(group => group.Skip(1).Any()))
        {
            Report($"Argument \"{owner}({group.Key}:)\" can only be defined once.", group.Select(one => one.Name.Location));
        }
    }
}
