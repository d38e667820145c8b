using System.Collections.Immutable;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types.Sdl;

/// <summary>Makes the parts of a schema from the nodes that define them.</summary>
internal static class SdlMembers
{
    /// <exception cref="SchemaException">A member is defined twice.</exception>
    internal static GraphNamedType Type(TypeDefinitionNode node)
    {
        string name = node.Name.Value;
        GraphNamedType type = node switch
        {
            ScalarDefinitionNode => new AnyScalar(name),
            FieldsDefinitionNode { IsInterface: true } => new GraphInterface(name) { InterfaceNames = new List<string>() },
            FieldsDefinitionNode => new GraphObject(name) { InterfaceNames = new List<string>() },
            UnionDefinitionNode => new GraphUnion(name) { MemberNames = new List<string>() },
            EnumDefinitionNode => new GraphEnum(name),
            _ => new GraphInput(name),
        };
        type.Description = node.Description?.Value;
        Extend(type, node);
        return type;
    }

    /// <summary>Adds what a definition or an extension of the same kind holds.</summary>
    internal static void Extend(GraphNamedType type, TypeDefinitionNode node)
    {
        switch (type, node)
        {
            case (GraphScalar scalar, ScalarDefinitionNode):
                scalar.SpecifiedByUrl = ArgumentOf(node.Directives, BuiltIns.SpecifiedBy, "url") ?? scalar.SpecifiedByUrl;
                break;
            case (GraphFieldsType fields, FieldsDefinitionNode definition):
                AddAll(fields.InterfaceNames, definition.Interfaces.Select(one => one.Name.Value));
                AddAll(fields.Fields, definition.Fields.Select(Field));
                break;
            case (GraphUnion union, UnionDefinitionNode definition):
                AddAll(union.MemberNames, definition.Members.Select(one => one.Name.Value));
                break;
            case (GraphEnum values, EnumDefinitionNode definition):
                AddAll(values.Values, definition.Values.Select(EnumValue));
                break;
            case (GraphInput input, InputObjectDefinitionNode definition):
                input.IsOneOf |= Has(node.Directives, BuiltIns.OneOf);
                AddAll(input.Fields, definition.Fields.Select(InputValue));
                break;
        }

        AddAll(type.Directives, Others(node.Directives));
    }

    internal static GraphDirective Directive(DirectiveDefinitionNode node)
    {
        var directive = new GraphDirective(node.Name.Value)
        {
            Description = node.Description?.Value,
            Locations = [.. node.Locations],
            IsRepeatable = node.IsRepeatable,
        };
        AddAll(directive.Arguments, node.Arguments.Select(InputValue));
        return directive;
    }

    /// <returns>Directives that no property of the model stands for.</returns>
    internal static IEnumerable<DirectiveNode> Others(ImmutableArray<DirectiveNode> directives) =>
        directives.Where(one => one.Name.Value is not (BuiltIns.Deprecated or BuiltIns.SpecifiedBy or BuiltIns.OneOf));

    private static GraphField Field(FieldDefinitionNode node)
    {
        var field = new GraphField(node.Name.Value, node.Type)
        {
            Description = node.Description?.Value,
            DeprecationReason = DeprecationOf(node.Directives),
            Directives = [.. Others(node.Directives)],
        };
        AddAll(field.Arguments, node.Arguments.Select(InputValue));
        return field;
    }

    private static GraphInputValue InputValue(InputValueDefinitionNode node) =>
        new(node.Name.Value, node.Type)
        {
            Description = node.Description?.Value,
            DefaultLiteral = node.DefaultValue,
            DeprecationReason = DeprecationOf(node.Directives),
            Directives = [.. Others(node.Directives)],
        };

    private static GraphEnumValue EnumValue(EnumValueDefinitionNode node) =>
        new(node.Name.Value)
        {
            Description = node.Description?.Value,
            DeprecationReason = DeprecationOf(node.Directives),
            Directives = [.. Others(node.Directives)],
        };

    private static string? DeprecationOf(ImmutableArray<DirectiveNode> directives) =>
        Has(directives, BuiltIns.Deprecated)
            ? ArgumentOf(directives, BuiltIns.Deprecated, "reason") ?? BuiltIns.DefaultDeprecationReason
            : null;

    private static bool Has(ImmutableArray<DirectiveNode> directives, string name) =>
        directives.Any(one => one.Name.Value == name);

    private static string? ArgumentOf(ImmutableArray<DirectiveNode> directives, string directive, string argument) =>
        directives.Where(one => one.Name.Value == directive)
            .SelectMany(one => one.Arguments)
            .Where(one => one.Name.Value == argument)
            .Select(one => (one.Value as StringValueNode)?.Value)
            .FirstOrDefault();

    private static void AddAll<T>(IList<T> list, IEnumerable<T> items)
    {
        foreach (T item in items)
        {
            list.Add(item);
        }
    }

    private static void AddAll<T>(GraphMembers<T> members, IEnumerable<T> items)
        where T : IGraphMember
    {
        foreach (T item in items)
        {
            members.Add(item);
        }
    }
}
