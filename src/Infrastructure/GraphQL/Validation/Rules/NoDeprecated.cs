using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>
/// Nothing deprecated is used. A rule beside the specification, for those who hold their documents against a new schema; requests
/// are not refused by it.
/// </summary>
internal sealed class NoDeprecated(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        switch (node)
        {
            case FieldNode when Context.Types is { Field: { DeprecationReason: { } why } field, ParentType: { } parent }:
                Report($"The field {parent}.{field.Name} is deprecated. {why}", node);
                break;
            case ArgumentNode when Context.Types.Argument is { DeprecationReason: { } why } argument:
                Report($"{Owner()} argument \"{argument.Name}\" is deprecated. {why}", node);
                break;
            case ObjectFieldNode field when Context.Types.ParentInputType?.Named is GraphInput input
                && input.Fields.Find(field.Name.Value)?.DeprecationReason is { } why:
                Report($"The input field {input}.{field.Name} is deprecated. {why}", node);
                break;
            case EnumValueNode when Context.Types.EnumValue is { DeprecationReason: { } why } value:
                Report($"The enum value \"{Context.Types.InputType?.Named}.{value.Name}\" is deprecated. {why}", node);
                break;
        }

        return true;
    }

    private string Owner() =>
        Context.Types.Directive is { } directive
            ? $"Directive \"@{directive.Name}\""
            : $"Field \"{Context.Types.ParentType}.{Context.Types.Field?.Name}\"";
}
