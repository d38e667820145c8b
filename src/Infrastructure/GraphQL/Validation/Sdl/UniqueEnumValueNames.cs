using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>Each value of an enum is defined once (specification, section 3.9).</summary>
internal sealed class UniqueEnumValueNames(ValidationContext context) : UniqueMembers(context, "Enum value")
{
    protected override IEnumerable<Name> MembersOf(TypeDefinitionNode type) =>
        type is EnumDefinitionNode definition ? definition.Values.Select(value => value.Name) : [];

    protected override bool IsInSchema(string type, string member) =>
        Context.Schema.Types.Find(type) is GraphEnum existing && existing.Values.Has(member);
}
