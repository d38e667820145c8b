using Events.GraphQL.Introspection;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>Turns references into types and gathers all types of a schema, in a fixed order.</summary>
internal sealed class SchemaLinker(
    GraphMembers<GraphNamedType> defined, SchemaRoots roots, GraphMembers<GraphDirective> directives)
{
    private readonly GraphMembers<GraphNamedType> _all = new();
    private readonly Dictionary<string, GraphNamedType> _known =
        defined.ToDictionary(type => type.Name, StringComparer.Ordinal);

    private readonly List<GraphQLError> _errors = [];

    /// <returns>
    /// The defined types in their order, each built-in scalar behind the first type that uses it, those of introspection last.
    /// </returns>
    internal GraphMembers<GraphNamedType> Link()
    {
        List<GraphNamedType> introspection = [.. BuiltIns.IntrospectionTypes()];
        foreach (GraphNamedType type in introspection)
        {
            _known.TryAdd(type.Name, type);
        }

        foreach (GraphNamedType type in defined)
        {
            _all.Add(type);
            LinkType(type);
        }

        foreach (GraphDirective directive in directives)
        {
            LinkInputs(directive.Arguments);
        }

        foreach (GraphNamedType type in introspection.Where(type => !defined.Has(type.Name)))
        {
            _all.Add(type);
            LinkType(type);
        }

        foreach (OperationType operation in Enum.GetValues<OperationType>())
        {
            if (roots[operation] is { } root)
            {
                Find(root, Location.None);
            }
        }

        IntrospectionResolvers.AddTo(_all);
        return _all;
    }

    internal void LinkField(GraphField field)
    {
        field.Type = Resolve(field.TypeSyntax);
        LinkInputs(field.Arguments);
    }

    /// <exception cref="SchemaException">Some types are not there.</exception>
    internal void ThrowIfBroken()
    {
        if (_errors.Count > 0)
        {
            throw new SchemaException(_errors);
        }
    }

    private void LinkType(GraphNamedType type)
    {
        switch (type)
        {
            case GraphFieldsType fields:
                fields.Interfaces = [.. FindAll<GraphInterface>(fields.InterfaceNames, (name, found) =>
                    $"Type {type} must only implement Interface types, it cannot implement {found}.")];
                foreach (GraphField field in fields.Fields)
                {
                    LinkField(field);
                }

                break;
            case GraphUnion union:
                union.Members = [.. FindAll<GraphObject>(union.MemberNames, (name, found) =>
                    $"Union type {type} can only include Object types, it cannot include {found}.")];
                break;
            case GraphInput input:
                LinkInputs(input.Fields);
                break;
        }
    }

    private void LinkInputs(GraphMembers<GraphInputValue> values)
    {
        foreach (GraphInputValue value in values)
        {
            value.Type = Resolve(value.TypeSyntax);
        }
    }

    private List<T> FindAll<T>(IEnumerable<string> names, Func<string, GraphNamedType, string> problem)
        where T : GraphNamedType
    {
        var found = new List<T>();
        foreach (string name in names)
        {
            GraphNamedType? type = Find(name, Location.None);
            if (type is T fitting)
            {
                found.Add(fitting);
            }
            else if (type is not null)
            {
                _errors.Add(new GraphQLError(problem(name, type)));
            }
        }

        return found;
    }

    private GraphType Resolve(TypeNode node) =>
        node switch
        {
            ListTypeNode list => Resolve(list.Of).List,
            NonNullTypeNode nonNull => Resolve(nonNull.Of).NonNull,
            NamedTypeNode named => Find(named.Name.Value, named.Location) ?? new AnyScalar(named.Name.Value),
            _ => throw new ArgumentOutOfRangeException(nameof(node), node, "No reference to a type."),
        };

    private GraphNamedType? Find(string name, Location location)
    {
        if (_known.TryGetValue(name, out GraphNamedType? type))
        {
            return type;
        }

        GraphScalar? scalar = BuiltIns.Scalar(name);
        if (scalar is null)
        {
            _errors.Add(new GraphQLError($"Unknown type \"{name}\".") { Locations = location == default ? [] : [location] });
            return null;
        }

        _known.Add(name, scalar);
        _all.Add(scalar);
        return scalar;
    }
}
