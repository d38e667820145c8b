using Events.GraphQL.Introspection;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>
/// Gathers the parts of a schema and puts them together once: references become types, what every schema has is added, the rules
/// of the type system are checked. Parts must not be changed or shared with another builder afterwards.
/// </summary>
internal sealed class SchemaBuilder
{
    internal string? Description { get; set; }

    internal SchemaRoots Roots { get; set; } = new();

    internal GraphMembers<GraphNamedType> Types { get; } = new();

    /// <summary>Those that the schema defines, beside the five of the specification.</summary>
    internal GraphMembers<GraphDirective> Directives { get; } = new();

    /// <summary>Applied to the schema itself.</summary>
    internal IList<DirectiveNode> SchemaDirectives { get; } = [];

    /// <summary>For fields of objects that have no resolver of their own.</summary>
    internal FieldResolver? DefaultResolver { get; set; }

    /// <summary>For interfaces and unions that have no resolver of their own.</summary>
    internal TypeResolver? DefaultTypeResolver { get; set; }

    /// <param name="isChecked">False leaves out <see cref="SchemaRules"/>, for documents that only validation works with.</param>
    /// <exception cref="SchemaException">A type is not there, or a rule is broken.</exception>
    internal GraphSchema Build(bool isChecked = true)
    {
        GraphMembers<GraphDirective> directives = AllDirectives();
        var linker = new SchemaLinker(Types, Roots, directives);
        GraphMembers<GraphNamedType> types = linker.Link();
        GraphMembers<GraphField> metaFields = IntrospectionResolvers.MetaFields(linker);
        var schema = new GraphSchema(Description, SchemaDirectives, Roots, types, directives, metaFields);
        linker.ThrowIfBroken();
        DefaultCycles.Check(schema);
        if (isChecked && SchemaRules.Check(schema) is { Count: > 0 } errors)
        {
            throw new SchemaException(errors);
        }

        Complete(schema, isChecked);
        return schema;
    }

    private GraphMembers<GraphDirective> AllDirectives()
    {
        var directives = new GraphMembers<GraphDirective>();
        foreach (GraphDirective directive in Directives.Concat(BuiltIns.Directives().Where(one => !Directives.Has(one.Name))))
        {
            directives.Add(directive);
        }

        return directives;
    }

    private void Complete(GraphSchema schema, bool isChecked)
    {
        foreach (GraphInputValue value in schema.InputValues())
        {
            value.KeepDefault();
            if (isChecked && value.DefaultLiteral is { } literal && !value.TryGetDefault(out _))
            {
                throw new SchemaException(GraphQLError.At(
                    $"The default value of \"{value.Name}\" is no {value.Type}: {Printer.Print(literal)}.", literal));
            }
        }

        foreach (GraphNamedType type in schema.Types)
        {
            if (type is IGraphAbstract one)
            {
                one.ResolveType ??= DefaultTypeResolver;
            }

            if (type is GraphObject fields && DefaultResolver is not null)
            {
                foreach (GraphField field in fields.Fields)
                {
                    field.Resolve ??= DefaultResolver;
                }
            }
        }
    }
}
