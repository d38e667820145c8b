using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>
/// Each field of an object, interface or input object is defined once (specification, sections 3.6, 3.7 and 3.10).
/// </summary>
internal sealed class UniqueFieldDefinitionNames(ValidationContext context) : UniqueMembers(context, "Field")
{
    protected override IEnumerable<Name> MembersOf(TypeDefinitionNode type) =>
        type switch
        {
            FieldsDefinitionNode fields => fields.Fields.Select(field => field.Name),
            InputObjectDefinitionNode input => input.Fields.Select(field => field.Name),
            _ => [],
        };

    protected override bool IsInSchema(string type, string member) =>
        Context.Schema.Types.Find(type) switch
        {
            GraphFieldsType fields => fields.Fields.Has(member),
            GraphInput input => input.Fields.Has(member),
            _ => false,
        };
}
