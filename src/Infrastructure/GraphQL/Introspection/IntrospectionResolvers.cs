using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Introspection;

/// <summary>
/// Lets a schema be asked about itself (specification, section 4). The types stand in <c>introspection.graphql</c>; here are
/// their resolvers, on the same slot as all others, so that execution knows nothing of introspection.
/// </summary>
internal static class IntrospectionResolvers
{
    private const string IncludeDeprecated = "includeDeprecated";

    /// <returns><c>__schema</c>, <c>__type</c> and <c>__typename</c>, which stand in no type.</returns>
    internal static GraphMembers<GraphField> MetaFields(SchemaLinker linker)
    {
        var type = new GraphField("__type", Parser.ParseType("__Type"))
        {
            Description = "Request the type information of a single type.",
            Resolve = context => new(context.Schema.Types.Find((string)context.Arguments["name"]!)),
        };
        type.Arguments.Add(new GraphInputValue("name", Parser.ParseType("String!")));
        var fields = new GraphMembers<GraphField>
        {
            new GraphField("__schema", Parser.ParseType("__Schema!"))
            {
                Description = "Access the current type schema of this server.",
                Resolve = context => new(context.Schema),
            },
            type,
            new GraphField("__typename", Parser.ParseType("String!"))
            {
                Description = "The name of the current Object type at runtime.",
                Resolve = context => new(context.ParentType.Name),
            },
        };
        foreach (GraphField field in fields)
        {
            linker.LinkField(field);
        }

        return fields;
    }

    /// <summary>Gives the types of introspection their resolvers.</summary>
    internal static void AddTo(GraphMembers<GraphNamedType> types)
    {
        IEnumerable<GraphObject> own = types.OfType<GraphObject>().Where(type => type.IsIntrospection);
        foreach (GraphField field in own.SelectMany(type => type.Fields))
        {
            string name = field.Name;
            field.Resolve = context => new(Value(context, context.Parent!, name));
        }
    }

    private static object? Value(ResolverContext context, object of, string field) =>
        of switch
        {
            GraphSchema schema => OfSchema(schema, field),
            GraphType type => OfType(context, type, field),
            GraphField one => OfField(context, one, field),
            GraphInputValue value => OfInputValue(value, field),
            GraphEnumValue value => OfMember(value, value.DeprecationReason, field),
            GraphDirective directive => OfDirective(context, directive, field),
            _ => throw new ArgumentOutOfRangeException(nameof(of), of, "No part of a schema."),
        };

    private static object? OfSchema(GraphSchema schema, string field) =>
        field switch
        {
            "description" => schema.Description,
            "types" => schema.Types,
            "queryType" => schema.Query,
            "mutationType" => schema.Mutation,
            "subscriptionType" => schema.Subscription,
            _ => schema.Directives,
        };

    private static object? OfType(ResolverContext context, GraphType type, string field) =>
        field switch
        {
            "kind" => KindOf(type.Kind),
            "name" => (type as GraphNamedType)?.Name,
            "description" => (type as GraphNamedType)?.Description,
            "specifiedByURL" => (type as GraphScalar)?.SpecifiedByUrl,
            "fields" => (type as GraphFieldsType)?.Fields.Where(one => IsShown(context, one.DeprecationReason)),
            "interfaces" => type is GraphFieldsType fields ? fields.Interfaces : null,
            "possibleTypes" => type.IsAbstract ? context.Schema.PossibleTypes(type.Named) : null,
            "enumValues" => (type as GraphEnum)?.Values.Where(one => IsShown(context, one.DeprecationReason)),
            "inputFields" => (type as GraphInput)?.Fields.Where(one => IsShown(context, one.DeprecationReason)),
            "isOneOf" => (type as GraphInput)?.IsOneOf,
            _ => type switch
            {
                GraphList list => list.Of,
                GraphNonNull nonNull => nonNull.Of,
                _ => null,
            },
        };

    private static object? OfField(ResolverContext context, GraphField one, string field) =>
        field switch
        {
            "args" => one.Arguments.Where(argument => IsShown(context, argument.DeprecationReason)),
            "type" => one.Type,
            _ => OfMember(one, one.DeprecationReason, field),
        };

    private static object? OfInputValue(GraphInputValue value, string field) =>
        field switch
        {
            "type" => value.Type,
            "defaultValue" => value.DefaultLiteral is { } literal
                ? Printer.Print(LiteralCoercion.Complete(literal, value.Type))
                : null,
            _ => OfMember(value, value.DeprecationReason, field),
        };

    private static object? OfDirective(ResolverContext context, GraphDirective directive, string field) =>
        field switch
        {
            "isRepeatable" => directive.IsRepeatable,
            "locations" => directive.Locations.Select(location => location.NameOf()),
            "args" => directive.Arguments.Where(argument => IsShown(context, argument.DeprecationReason)),
            _ => OfMember(directive, null, field),
        };

    private static object? OfMember(IGraphMember member, string? deprecationReason, string field) =>
        field switch
        {
            "name" => member.Name,
            "description" => member.Description,
            "isDeprecated" => deprecationReason is not null,
            _ => deprecationReason,
        };

    private static bool IsShown(ResolverContext context, string? deprecationReason) =>
        deprecationReason is null || context.Arguments[IncludeDeprecated] is true;

    private static string KindOf(TypeKind kind) =>
        kind switch
        {
            TypeKind.InputObject => "INPUT_OBJECT",
            TypeKind.NonNull => "NON_NULL",
            _ => kind.ToString().ToUpperInvariant(),
        };
}
