using System.Collections.Immutable;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types.Sdl;

/// <summary>
/// Writes a schema as SDL, always in the same order: the schema, then interfaces, objects, unions, inputs, enums, directives and
/// scalars, each kind by name; members in the order of their definition. What every schema has is left out.
/// </summary>
internal static class SdlWriter
{
    private static readonly TypeKind[] Order =
        [TypeKind.Interface, TypeKind.Object, TypeKind.Union, TypeKind.InputObject, TypeKind.Enum];

    internal static string Write(GraphSchema schema) => Printer.Print(Document(schema));

    internal static DocumentNode Document(GraphSchema schema)
    {
        List<GraphNamedType> types = [.. schema.Types
            .Where(type => !type.IsIntrospection && !BuiltIns.IsScalar(type.Name))
            .OrderBy(type => type.Name, StringComparer.Ordinal)];
        return new DocumentNode(
            [
                Schema(schema),
                .. Order.SelectMany(kind => types.Where(type => type.Kind == kind)).Select(Type),
                .. schema.Directives
                    .Where(directive => !BuiltIns.IsDirective(directive.Name))
                    .OrderBy(directive => directive.Name, StringComparer.Ordinal)
                    .Select(Directive),
                .. types.Where(type => type.Kind == TypeKind.Scalar).Select(Type),
            ],
            tokens: 0);
    }

    internal static DefinitionNode Type(GraphNamedType type)
    {
        StringValueNode? description = Description(type.Description);
        Name name = Name.Of(type.Name);
        ImmutableArray<DirectiveNode> directives = [.. type.Directives];
        return type switch
        {
            GraphFieldsType fields => new FieldsDefinitionNode(
                Location.None,
                description,
                false,
                type is GraphInterface,
                name,
                [.. fields.InterfaceNames.Select(Named)],
                directives,
                [.. fields.Fields.Select(Field)]),
            GraphUnion union => new UnionDefinitionNode(
                Location.None, description, false, name, directives, [.. union.MemberNames.Select(Named)]),
            GraphEnum values => new EnumDefinitionNode(
                Location.None, description, false, name, directives, [.. values.Values.Select(EnumValue)]),
            GraphInput input => new InputObjectDefinitionNode(
                Location.None,
                description,
                false,
                name,
                input.IsOneOf ? [Applied(BuiltIns.OneOf), .. directives] : directives,
                [.. input.Fields.Select(InputValue)]),
            GraphScalar { SpecifiedByUrl: { } url } => new ScalarDefinitionNode(
                Location.None, description, false, name, [Applied(BuiltIns.SpecifiedBy, "url", url), .. directives]),
            _ => new ScalarDefinitionNode(Location.None, description, false, name, directives),
        };
    }

    private static SchemaDefinitionNode Schema(GraphSchema schema) =>
        new(
            Location.None,
            Description(schema.Description),
            false,
            [.. schema.AppliedDirectives],
            [.. Enum.GetValues<OperationType>()
                .Where(operation => schema.Root(operation) is not null)
                .Select(operation => new RootTypeNode(Location.None, operation, Named(schema.Root(operation)!.Name)))]);

    private static FieldDefinitionNode Field(GraphField field) =>
        new(
            Location.None,
            Description(field.Description),
            Name.Of(field.Name),
            [.. field.Arguments.Select(InputValue)],
            field.TypeSyntax,
            Directives(field.DeprecationReason, field.Directives));

    private static InputValueDefinitionNode InputValue(GraphInputValue value) =>
        new(
            Location.None,
            Description(value.Description),
            Name.Of(value.Name),
            value.TypeSyntax,
            value.DefaultLiteral,
            Directives(value.DeprecationReason, value.Directives));

    private static EnumValueDefinitionNode EnumValue(GraphEnumValue value) =>
        new(
            Location.None,
            Description(value.Description),
            Name.Of(value.Name),
            Directives(value.DeprecationReason, value.Directives));

    private static DirectiveDefinitionNode Directive(GraphDirective directive) =>
        new(
            Location.None,
            Description(directive.Description),
            Name.Of(directive.Name),
            [.. directive.Arguments.Select(InputValue)],
            directive.IsRepeatable,
            [.. directive.Locations]);

    private static ImmutableArray<DirectiveNode> Directives(string? deprecationReason, IEnumerable<DirectiveNode> others) =>
        deprecationReason switch
        {
            null => [.. others],
            BuiltIns.DefaultDeprecationReason => [Applied(BuiltIns.Deprecated), .. others],
            _ => [Applied(BuiltIns.Deprecated, "reason", deprecationReason), .. others],
        };

    private static DirectiveNode Applied(string name) => new(Location.None, Name.Of(name), []);

    private static DirectiveNode Applied(string name, string argument, string value) =>
        new(
            Location.None,
            Name.Of(name),
            [new ArgumentNode(Location.None, Name.Of(argument), new StringValueNode(Location.None, value, false))]);

    private static NamedTypeNode Named(string name) => new(Name.Of(name));

    private static StringValueNode? Description(string? text) =>
        text is null ? null : new StringValueNode(Location.None, text, isBlock: true);
}
