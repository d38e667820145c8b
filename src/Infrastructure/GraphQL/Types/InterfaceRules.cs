namespace Events.GraphQL.Types;

/// <summary>
/// What a type owes the interfaces that it implements (specification, section 3.6.1, <c>IsValidImplementation</c>).
/// </summary>
internal static class InterfaceRules
{
    internal static IEnumerable<string> Check(GraphSchema schema, GraphFieldsType type) =>
    [
        .. SchemaRules.Twice(type.Interfaces).Select(twice => $"Type {type} can only implement {twice} once."),
        .. type.Interfaces.Distinct().SelectMany(one => one == type
            ? [$"Type {type} cannot implement itself because it would create a circular reference."]
            : Ancestors(type, one).Concat(one.Fields.SelectMany(field => Field(schema, type, one, field)))),
    ];

    /// <summary>Interfaces of interfaces must be named, too.</summary>
    private static IEnumerable<string> Ancestors(GraphFieldsType type, GraphInterface one) =>
        one.Interfaces.Where(ancestor => !type.Interfaces.Contains(ancestor)).Select(ancestor => ancestor == type
            ? $"Type {type} cannot implement {one} because it would create a circular reference."
            : $"Type {type} must implement {ancestor} because it is implemented by {one}.");

    private static IEnumerable<string> Field(GraphSchema schema, GraphFieldsType type, GraphInterface one, GraphField expected)
    {
        if (!type.Fields.TryGet(expected.Name, out GraphField? field))
        {
            yield return $"Interface field {one}.{expected.Name} expected but {type} does not provide it.";
            yield break;
        }

        if (!schema.IsAssignable(field.Type, expected.Type))
        {
            yield return $"Interface field {one}.{expected.Name} expects type {expected.Type} "
                + $"but {type}.{field.Name} is type {field.Type}.";
        }

        if (field.DeprecationReason is not null && expected.DeprecationReason is null)
        {
            yield return $"Interface field {one}.{expected.Name} is not deprecated, "
                + $"so {type}.{field.Name} must not be deprecated.";
        }

        foreach (string problem in Arguments(type, one, expected, field))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> Arguments(
        GraphFieldsType type, GraphInterface one, GraphField expected, GraphField field)
    {
        foreach (GraphInputValue argument in expected.Arguments)
        {
            string path = $"Interface field argument {one}.{expected.Name}({argument.Name}:)";
            GraphInputValue? given = field.Arguments.Find(argument.Name);
            if (given is null)
            {
                yield return $"{path} expected but {type}.{field.Name} does not provide it.";
            }
            else if (given.Type != argument.Type)
            {
                yield return $"{path} expects type {argument.Type} but {type}.{field.Name}({given.Name}:) is type {given.Type}.";
            }
        }

        foreach (GraphInputValue more in field.Arguments.Where(more => more.IsRequired && !expected.Arguments.Has(more.Name)))
        {
            yield return $"Object field {type}.{field.Name} includes required argument {more.Name} "
                + $"that is missing from the Interface field {one}.{expected.Name}.";
        }
    }
}
