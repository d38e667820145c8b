using System.Collections.Immutable;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>
/// The rules that a schema keeps (specification, "type validation" of each kind). Interfaces and inputs have files of their
/// own.
/// </summary>
internal static class SchemaRules
{
    /// <returns>What is broken; empty for a valid schema.</returns>
    internal static IReadOnlyList<GraphQLError> Check(GraphSchema schema) =>
        [.. Problems(schema).Select(problem => new GraphQLError(problem))];

    private static IEnumerable<string> Problems(GraphSchema schema) =>
    [
        .. Roots(schema),
        .. schema.Directives.Where(one => !BuiltIns.IsDirective(one.Name)).SelectMany(Directive),
        .. schema.Types.Where(type => !BuiltIns.IsType(type.Name)).SelectMany(type => Type(schema, type)),
        .. InputRules.Check(schema),
    ];

    internal static IEnumerable<string> NameOf(string name)
    {
        if (name.StartsWith("__", StringComparison.Ordinal))
        {
            yield return $"Name \"{name}\" must not begin with \"__\", which is reserved by GraphQL introspection.";
        }
        else if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            yield return $"Name \"{name}\" must be of letters, digits and underscores, and not begin with a digit.";
        }
    }

    /// <summary>An argument or input field by itself.</summary>
    internal static IEnumerable<string> InputValue(string path, GraphInputValue value, string kind)
    {
        foreach (string problem in NameOf(value.Name))
        {
            yield return problem;
        }

        if (!value.Type.IsInput)
        {
            yield return $"The type of {path} must be Input Type but got: {value.Type}.";
        }

        if (value.IsRequired && value.DeprecationReason is not null)
        {
            yield return $"Required {kind} {path} cannot be deprecated.";
        }
    }

    private static IEnumerable<string> Roots(GraphSchema schema)
    {
        if (schema.RootOfAnyKind(OperationType.Query) is null)
        {
            yield return "Query root type must be provided.";
        }

        var roots = Enum.GetValues<OperationType>()
            .Select(operation => (operation, type: schema.RootOfAnyKind(operation)))
            .Where(root => root.type is not null)
            .ToList();
        foreach ((OperationType operation, GraphNamedType? type) in roots.Where(root => root.type is not GraphObject))
        {
            string condition = operation == OperationType.Query ? string.Empty : " if provided";
            yield return $"{operation} root type must be Object type{condition}, it cannot be {type}.";
        }

        foreach (var same in roots.GroupBy(root => root.type).Where(group => group.Count() > 1))
        {
            string names = string.Join(" and ", same.Select(root => SchemaRoots.NameOf(root.operation)));
            yield return $"All root types must be different, \"{same.Key}\" type is used as {names} root types.";
        }
    }

    private static IEnumerable<string> Directive(GraphDirective directive) =>
    [
        .. NameOf(directive.Name),
        .. directive.Locations.Count > 0
            ? Array.Empty<string>()
            : [$"Directive @{directive.Name} must include one or more locations."],
        .. directive.Arguments.SelectMany(one => InputValue($"@{directive.Name}({one.Name}:)", one, "argument")),
    ];

    private static IEnumerable<string> Type(GraphSchema schema, GraphNamedType type) =>
    [
        .. NameOf(type.Name),
        .. type switch
        {
            GraphFieldsType fields => Fields(fields).Concat(InterfaceRules.Check(schema, fields)),
            GraphUnion union => Union(union),
            GraphEnum values => Enumeration(values),
            _ => [],
        },
    ];

    private static IEnumerable<string> Fields(GraphFieldsType type)
    {
        if (type.Fields.Count == 0)
        {
            yield return $"Type {type} must define one or more fields.";
        }

        foreach (string problem in type.Fields.SelectMany(field => Field(type, field)))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> Field(GraphFieldsType type, GraphField field) =>
    [
        .. NameOf(field.Name),
        .. field.Type.IsOutput
            ? Array.Empty<string>()
            : [$"The type of {type}.{field.Name} must be Output Type but got: {field.Type}."],
        .. field.Arguments.SelectMany(one => InputValue($"{type}.{field.Name}({one.Name}:)", one, "argument")),
    ];

    private static IEnumerable<string> Union(GraphUnion union)
    {
        if (union.Members.IsEmpty)
        {
            yield return $"Union type {union} must define one or more member types.";
        }

        foreach (GraphObject twice in Twice(union.Members))
        {
            yield return $"Union type {union} can only include type {twice} once.";
        }
    }

    private static IEnumerable<string> Enumeration(GraphEnum type)
    {
        if (type.Values.Count == 0)
        {
            yield return $"Enum type {type} must define one or more values.";
        }

        foreach (GraphEnumValue value in type.Values)
        {
            foreach (string problem in NameOf(value.Name))
            {
                yield return problem;
            }

            if (value.Name is "true" or "false" or "null")
            {
                yield return $"Enum type {type} cannot include value: {value.Name}.";
            }
        }
    }

    internal static IEnumerable<T> Twice<T>(ImmutableArray<T> types)
        where T : GraphNamedType =>
        types.GroupBy(type => type).Where(group => group.Count() > 1).Select(group => group.Key);
}
