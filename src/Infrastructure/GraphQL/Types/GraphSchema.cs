using System.Collections.Frozen;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>A schema, complete and unchanging. Made by <see cref="SchemaBuilder"/>.</summary>
internal sealed class GraphSchema
{
    private readonly GraphMembers<GraphNamedType> _types;
    private readonly GraphMembers<GraphDirective> _directives;
    private readonly GraphMembers<GraphField> _metaFields;
    private readonly SchemaRoots _roots;
    private readonly FrozenDictionary<string, FrozenSet<GraphNamedType>> _subTypes;
    private readonly FrozenDictionary<string, IReadOnlyList<GraphObject>> _possible;

    internal GraphSchema(
        string? description,
        IEnumerable<DirectiveNode> applied,
        SchemaRoots roots,
        GraphMembers<GraphNamedType> types,
        GraphMembers<GraphDirective> directives,
        GraphMembers<GraphField> metaFields)
    {
        Description = description;
        AppliedDirectives = [.. applied];
        _roots = roots;
        _types = types;
        _directives = directives;
        _metaFields = metaFields;
        _possible = types.Where(type => type.IsAbstract).ToFrozenDictionary(
            type => type.Name, IReadOnlyList<GraphObject> (type) => [.. Objects(type)], StringComparer.Ordinal);
        _subTypes = types.Where(type => type.IsAbstract)
            .ToFrozenDictionary(type => type.Name, type => SubTypes(type).ToFrozenSet(), StringComparer.Ordinal);
    }

    internal string? Description { get; }

    /// <summary>Applied to the schema itself.</summary>
    internal IReadOnlyList<DirectiveNode> AppliedDirectives { get; }

    /// <summary>Null only in a schema that was built without being checked.</summary>
    internal GraphObject? Query => Root(OperationType.Query);

    internal GraphObject? Mutation => Root(OperationType.Mutation);

    internal GraphObject? Subscription => Root(OperationType.Subscription);

    internal GraphMembers<GraphNamedType> Types => _types;

    internal GraphMembers<GraphDirective> Directives => _directives;

    /// <returns>The type at which such operations begin; null when there are none.</returns>
    internal GraphObject? Root(OperationType operation) =>
        _roots[operation] is { } name ? _types.Find(name) as GraphObject : null;

    /// <returns>Whatever stands as that root, also when it is no object; null when there is none.</returns>
    internal GraphNamedType? RootOfAnyKind(OperationType operation) => _roots[operation] is { } name ? _types.Find(name) : null;

    /// <summary>
    /// A field by its name, the meta fields among them: <c>__typename</c>, and <c>__schema</c> and <c>__type</c> on the query
    /// root.
    /// </summary>
    /// <returns>Null when the type has no such field.</returns>
    internal GraphField? Field(GraphNamedType type, string name)
    {
        if (name.StartsWith("__", StringComparison.Ordinal) && _metaFields.TryGet(name, out GraphField? meta))
        {
            bool isThere = name == "__typename" ? type.IsComposite : type == Query;
            return isThere ? meta : null;
        }

        return (type as GraphFieldsType)?.Fields.Find(name);
    }

    /// <returns>The type that a reference in a document means; null when a name is unknown.</returns>
    internal GraphType? TypeOf(TypeNode reference) =>
        reference switch
        {
            ListTypeNode list => TypeOf(list.Of)?.List,
            NonNullTypeNode nonNull => TypeOf(nonNull.Of)?.NonNull,
            _ => _types.Find(reference.Innermost.Name.Value),
        };

    /// <returns>The objects that a value of this type may be; an object itself.</returns>
    internal IReadOnlyList<GraphObject> PossibleTypes(GraphNamedType type) =>
        type is GraphObject self ? [self] : _possible.GetValueOrDefault(type.Name, []);

    /// <summary>
    /// Whether an object or interface is a member of a union, or implements an interface. Not whether it is that type.
    /// </summary>
    internal bool IsSubType(GraphNamedType abstractType, GraphNamedType type) =>
        _subTypes.TryGetValue(abstractType.Name, out FrozenSet<GraphNamedType>? types) && types.Contains(type);

    /// <summary>Whether a value of the first type is always one of the second.</summary>
    internal bool IsAssignable(GraphType from, GraphType to) =>
        from == to
        || (from, to) switch
        {
            (GraphNonNull a, GraphNonNull b) => IsAssignable(a.Of, b.Of),
            (GraphNonNull a, _) => IsAssignable(a.Of, to),
            (GraphList a, GraphList b) => IsAssignable(a.Of, b.Of),
            (GraphNamedType a, GraphNamedType b) => IsSubType(b, a),
            _ => false,
        };

    /// <summary>Whether some object may be of both types.</summary>
    internal bool Overlap(GraphNamedType a, GraphNamedType b) =>
        a == b || PossibleTypes(a).Any(one => one == b || IsSubType(b, one));

    /// <returns>Every argument and input field.</returns>
    internal IEnumerable<GraphInputValue> InputValues() =>
        _types.OfType<GraphInput>().SelectMany(type => type.Fields)
            .Concat(_types.OfType<GraphFieldsType>().SelectMany(type => type.Fields).SelectMany(field => field.Arguments))
            .Concat(_directives.SelectMany(directive => directive.Arguments))
            .Concat(_metaFields.SelectMany(field => field.Arguments));

    private IEnumerable<GraphObject> Objects(GraphNamedType type) =>
        type is GraphUnion union
            ? union.Members
            : _types.OfType<GraphObject>().Where(one => one.Interfaces.Contains(type));

    private IEnumerable<GraphNamedType> SubTypes(GraphNamedType type) =>
        type is GraphUnion union
            ? union.Members
            : _types.OfType<GraphFieldsType>().Where(one => one.Interfaces.Contains(type));
}
