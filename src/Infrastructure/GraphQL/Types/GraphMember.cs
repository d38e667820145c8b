using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>What types, fields, arguments, enum values and directives have in common.</summary>
internal interface IGraphMember
{
    string Name { get; }

    /// <summary>Markdown; null for none.</summary>
    string? Description { get; }
}

/// <summary>A text that may be found only when it is asked for.</summary>
internal struct LazyText
{
    private string? _text;
    private Func<string?>? _find;

    internal LazyText(string? text) => _text = text;

    internal LazyText(Func<string?> find) => _find = find;

    internal string? Value
    {
        get
        {
            // Two threads may both find it, and find the same.
            if (_find is { } find)
            {
                _text = find();
                _find = null;
            }

            return _text;
        }
    }
}

/// <summary>Directives applied to a part of a schema, and whatever a convention hangs onto it.</summary>
internal abstract class GraphAnnotated
{
    private Dictionary<Type, object>? _features;

    /// <summary>
    /// As they stand in SDL, without those that have a property: <c>@deprecated</c>, <c>@specifiedBy</c>, <c>@oneOf</c>.
    /// </summary>
    internal IList<DirectiveNode> Directives { get; init; } = [];

    /// <returns>What was <see cref="Set{T}"/> under this type; null when nothing was.</returns>
    internal T? Get<T>()
        where T : class =>
        _features is not null && _features.TryGetValue(typeof(T), out object? feature) ? (T)feature : null;

    /// <summary>Keeps one object of each type, e.g. how a field is authorized. Before the schema is built, not after.</summary>
    internal void Set<T>(T feature)
        where T : class =>
        (_features ??= [])[typeof(T)] = feature;
}

/// <summary>Members in the order of their definition, found by name. A name given twice is refused.</summary>
internal sealed class GraphMembers<T>(string owner = "") : IReadOnlyList<T>
    where T : IGraphMember
{
    private readonly List<T> _items = [];
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);

    public int Count => _items.Count;

    public T this[int index] => _items[index];

    /// <exception cref="SchemaException">There is one of that name.</exception>
    internal void Add(T member)
    {
        if (!_places.TryAdd(member.Name, _items.Count))
        {
            string path = owner.Length > 0 ? $"{owner}.{member.Name}" : member.Name;
            throw new SchemaException(new GraphQLError($"\"{path}\" can only be defined once."));
        }

        _items.Add(member);
    }

    internal bool TryGet(string name, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T member)
    {
        bool isThere = _places.TryGetValue(name, out int index);
        member = isThere ? _items[index] : default;
        return isThere;
    }

    /// <returns>Null (or default) when there is none of that name.</returns>
    internal T? Find(string name) => TryGet(name, out T? member) ? member : default;

    internal bool Has(string name) => _places.ContainsKey(name);

    /// <returns>-1 when there is none of that name.</returns>
    internal int IndexOf(string name) => _places.GetValueOrDefault(name, -1);

    public IEnumerator<T> GetEnumerator() => _items.GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}
